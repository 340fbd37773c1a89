import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { AddressRate } from "./address-rate.ts";

/** Who sent something bad, for the log. */
export interface Offender {
  readonly key: number;
  readonly address: string;
  readonly userName: string | undefined;
  /** How often it did what; made at the first time. */
  badInput: Map<string, number> | undefined;
}

/** Lines that one address may cause in a minute; a peer that connects again and again fills no disk. */
const LINES_PER_MINUTE_PER_ADDRESS = 12;

/**
 * Says who sent what bad input and why it is bad: once for each session and kind, and within a limit for
 * each address. The rest is counted, and the counts are said when the session ends. Never what was in
 * the packet: it may be a password that went astray.
 */
export class BadInputLog {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #lines = new AddressRate(LINES_PER_MINUTE_PER_ADDRESS, 60_000);
  #unsaidCount = 0;

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  note(offender: Offender, kind: string, detail: string): void {
    offender.badInput ??= new Map();
    const count = (offender.badInput.get(kind) ?? 0) + 1;
    offender.badInput.set(kind, count);
    if (count === 1) this.#say(offender, { kind, detail }, "bad input");
  }

  /** The session has ended: says the counts of what was bad more than once. */
  summarise(offender: Offender): void {
    if (offender.badInput === undefined) return;
    const repeated = [...offender.badInput].filter(([, count]) => count > 1);
    if (repeated.length > 0)
      this.#say(offender, { counts: Object.fromEntries(repeated) }, "bad input in all");
  }

  #say(offender: Offender, fields: object, message: string): void {
    const { address, key, userName } = offender;
    if (this.#lines.take(address, this.#clock.monotonicMs()) > 0) {
      this.#unsaidCount++;
      return;
    }
    const unsaid = this.#unsaidCount > 0 ? { unsaidLines: this.#unsaidCount } : {};
    this.#unsaidCount = 0;
    this.#log.warn({ address, session: key, user: userName, ...fields, ...unsaid }, message);
  }
}
