import type { ErrorCodeName } from "../../../src/protocol/codes.ts";
import type { Device } from "./device.ts";
import type { Town } from "./town.ts";

/** How users do a command of the protocol, and what must be so after it. */
export interface TownCommand {
  /** How often it is chosen, against the others. */
  readonly weight: number;
  /** Its answer's own codes (docs/PROTOCOL.md). */
  readonly codes: readonly ErrorCodeName[];
  /** Whether a user of the SDK can be refused it at all. */
  readonly isRefusable: boolean;
  /** The rule of docs/ARCHITECTURE.md that its outcome is held against, and what that means here. */
  readonly rule: readonly [rule: number, what: string];
  /** Does it, with arguments drawn at random. `device` is online. */
  act(town: Town, device: Device): void;
  /** When all is quiet: what was acknowledged is so. May ask the server, which answers then. */
  check(town: Town): Promise<void> | void;
}
