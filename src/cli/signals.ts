import { realClock } from "../base/clock.ts";

/**
 * A signal that comes this soon after another is the same one: Ctrl-C goes to every process of the
 * terminal, and npm passes it on besides.
 */
const SAME_SIGNAL_MS = 300;

/**
 * Calls `onFirst` at the first SIGINT or SIGTERM and `onSecond` at each one after, until the returned
 * function is called.
 */
export function watchStopSignals(
  onFirst: (signal: NodeJS.Signals) => void,
  onSecond: () => void,
): () => void {
  let lastMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const nowMs = realClock.monotonicMs();
    const isFirst = lastMs === undefined;
    const isSame = lastMs !== undefined && nowMs - lastMs < SAME_SIGNAL_MS;
    lastMs = nowMs;
    if (isFirst) onFirst(signal);
    else if (!isSame) onSecond();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return () => {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  };
}

/** Resolves at the first SIGINT or SIGTERM. A second one, while the command stops, ends the process at once. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    watchStopSignals(resolve, () => process.exit(0));
  });
}

/** Calls `onReload` at each SIGHUP, until the returned function is called. Windows has none. */
export function onReloadSignal(onReload: () => void): () => void {
  process.on("SIGHUP", onReload);
  return () => process.off("SIGHUP", onReload);
}
