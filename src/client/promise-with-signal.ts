import { ChatError } from "./chat-error.ts";

/** Options of every request. */
export interface RequestOptions {
  /** Rejects with ABORTED when it fires. What was sent already may be carried out all the same. */
  readonly signal?: AbortSignal;
}

/**
 * A promise for what `start` tells through `settle`: it rejects with a ChatError and resolves with
 * anything else. `start` may return what is to be done when the signal fires first; what it throws
 * rejects too.
 */
export function promiseWithSignal<Value>(
  signal: AbortSignal | undefined,
  start: (settle: (outcome: Value | ChatError) => void) => (() => void) | undefined,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const aborted = (): ChatError =>
      new ChatError("ABORTED", "aborted by the caller", { cause: signal?.reason });
    if (signal?.aborted === true) {
      reject(aborted());
      return;
    }
    let giveUp: (() => void) | undefined;
    const onAbort = (): void => {
      reject(aborted());
      giveUp?.();
    };
    const settle = (outcome: Value | ChatError): void => {
      signal?.removeEventListener("abort", onAbort);
      if (outcome instanceof ChatError) reject(outcome);
      else resolve(outcome);
    };
    giveUp = start(settle);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
