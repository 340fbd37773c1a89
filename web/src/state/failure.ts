import type { Clock } from "../../../src/base/clock.ts";
import { ChatError } from "../../../src/client/chat-error.ts";
import type { Failure, Outcome } from "./contract.ts";

export const DONE: Outcome = { ok: true };

/** An error as views show it. What is no ChatError is a programmer's mistake, and thrown on. */
export function failureOf(error: unknown, clock: Clock): Failure {
  if (!(error instanceof ChatError)) throw error;
  const { code, message, retryAfterMs } = error;
  const detail = message === code ? "" : message;
  return { code, detail, retryAtMs: retryAfterMs === 0 ? 0 : clock.wallMs() + retryAfterMs };
}

/** What became of a request. */
export async function outcomeOf(request: () => Promise<unknown>, clock: Clock): Promise<Outcome> {
  try {
    await request();
    return DONE;
  } catch (error) {
    return { ok: false, failure: failureOf(error, clock) };
  }
}
