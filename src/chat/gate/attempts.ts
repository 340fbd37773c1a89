import type { Logger } from "../../base/logger.ts";
import { StoreError } from "../store/store.ts";
import type { GateSettings } from "./gate-settings.ts";
import { PasswordBusyError } from "./password.ts";
import type { Refused } from "./refusals.ts";

/** How long a client is told to wait when this server has too much to do. */
export const BUSY_RETRY_MS = 1000;

const tooMany: Refused = {
  code: "BUSY",
  detail: "too many logins are under way",
  retryAfterMs: BUSY_RETRY_MS,
};

/**
 * What the gate itself does that takes time: it waits for the store, for a hash, for an authority's keys.
 * So many at once in all (`login.attemptsAtOnce`).
 */
export class Attempts {
  readonly #settings: () => GateSettings;
  readonly #log: Logger;
  #count = 0;

  constructor(settings: () => GateSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
  }

  /** Those under way. */
  get count(): number {
    return this.#count;
  }

  /** Why there can be none more now. */
  obstacle(): Refused | undefined {
    return this.#count < this.#settings().login.attemptsAtOnce ? undefined : tooMany;
  }

  /**
   * Does `work` and tells `done` how it ended, exactly once: what was found, or why it was refused. The
   * session may have ended meanwhile; `done` must look.
   */
  start<Found>(work: () => Promise<Found | Refused>, done: (outcome: Found | Refused) => void): void {
    void this.#run(work, done);
  }

  async #run<Found>(
    work: () => Promise<Found | Refused>,
    done: (outcome: Found | Refused) => void,
  ): Promise<void> {
    this.#count++;
    try {
      done(await this.#outcomeOf(work));
    } catch (error) {
      this.#log.error({ err: error }, "a login could not be finished");
    } finally {
      this.#count--;
    }
  }

  async #outcomeOf<Found>(work: () => Promise<Found | Refused>): Promise<Found | Refused> {
    try {
      return await work();
    } catch (error) {
      const isBusy =
        error instanceof PasswordBusyError || (error instanceof StoreError && error.code === "STORE_BUSY");
      if (!isBusy) this.#log.error({ err: error }, "a login, or something with a password, failed");
      const detail = "this could not be done now";
      return { code: isBusy ? "BUSY" : "SERVER_ERROR", detail, retryAfterMs: BUSY_RETRY_MS };
    }
  }
}
