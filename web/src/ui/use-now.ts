import { useEffect, useState } from "react";

/**
 * The page's time, anew each second while `untilMs` is ahead of it; then once more, and no more. For
 * countdowns.
 */
export function useNow(now: () => number, untilMs: number): number {
  const [nowMs, setNowMs] = useState(now);
  useEffect(() => {
    setNowMs(now());
    if (untilMs <= now()) return undefined;
    const timer = setInterval(() => {
      setNowMs(now());
      if (now() >= untilMs) clearInterval(timer);
    }, 1000);
    return () => clearInterval(timer);
  }, [now, untilMs]);
  return nowMs;
}

/** Whole seconds until then, at least 0. */
export function secondsUntil(untilMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil((untilMs - nowMs) / 1000));
}
