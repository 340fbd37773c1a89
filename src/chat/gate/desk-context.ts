import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import type { Store } from "../store/store.ts";
import type { AddressRate } from "./address-rate.ts";
import type { Attempts } from "./attempts.ts";
import type { GateCounters } from "./gate-counters.ts";
import type { GateSettings } from "./gate-settings.ts";
import type { PasswordHasher } from "./password.ts";
import type { ServerRules } from "./server-rules.ts";

/** What the desks share: those parts of a gate that know accounts and passwords. */
export interface DeskContext {
  /** As they are now. */
  readonly settings: GateSettings;
  readonly store: Pick<Store, "ask">;
  readonly hasher: PasswordHasher;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: GateCounters;
  readonly log: Logger;
  readonly rules: ServerRules;
  readonly attempts: Attempts;
  /** Uses of a password, for each address. */
  readonly passwordUses: AddressRate;
}
