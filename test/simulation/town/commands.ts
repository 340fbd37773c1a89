import type { ErrorCodeName } from "../../../src/protocol/codes.ts";
import type { RequestPacketType } from "../../../src/protocol/packets.ts";
import { ACCOUNT_COMMANDS } from "./account-commands.ts";
import { ADMIN_COMMANDS } from "./admin-commands.ts";
import { MESSAGE_COMMANDS } from "./message-commands.ts";
import { MODERATION_COMMANDS } from "./moderation-commands.ts";
import { READING_COMMANDS } from "./reading-commands.ts";
import { ROOM_COMMANDS } from "./room-commands.ts";
import type { TownCommand } from "./town-command.ts";

/** Every request of the protocol: a new one without an entry here does not compile. */
export const COMMANDS: Readonly<Record<RequestPacketType, TownCommand>> = {
  ...ACCOUNT_COMMANDS,
  ...MESSAGE_COMMANDS,
  ...ROOM_COMMANDS,
  ...MODERATION_COMMANDS,
  ...READING_COMMANDS,
  ...ADMIN_COMMANDS,
};

/** In the order of the table. */
export const ALL_COMMANDS: readonly (readonly [RequestPacketType, TownCommand])[] = Object.entries(
  COMMANDS,
).map(
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the table are its packets' numbers
  ([type, command]) => [Number(type) as RequestPacketType, command] as const,
);

export function codesOf(type: RequestPacketType): readonly ErrorCodeName[] {
  return COMMANDS[type].codes;
}
