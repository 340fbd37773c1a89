import { useCallback, useEffect, useRef, useState } from "react";
import { useAdmin } from "./admin-context.ts";
import { AdminApiError } from "./admin-client.ts";

/** What was last answered, and what went wrong since. */
export interface Polled<Result> {
  readonly data: Result | undefined;
  readonly error: unknown;
  /** Asks at once, as after an action. */
  readonly refresh: () => void;
}

/** After silence the pause doubles up to this. */
const LONGEST_PAUSE_MS = 3000;

/**
 * Asks again and again while the page is visible: `everyMs` after each answer, so that a slow server has
 * one request at a time; 0: once. `load` is called anew when it is another function: wrap it in useCallback.
 */
export function usePoll<Result>(
  load: (signal: AbortSignal) => Promise<Result>,
  everyMs: number,
): Polled<Result> {
  const { link, signedOut } = useAdmin();
  const [answer, setAnswer] = useState<Omit<Polled<Result>, "refresh">>({
    data: undefined,
    error: undefined,
  });
  const askNow = useRef<() => void>(() => undefined);

  useEffect(() => {
    const ended = new AbortController();
    const { signal } = ended;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    let isAsking = false;
    let isWanted = false;

    const later = (delayMs: number): void => {
      clearTimeout(timer);
      if (!signal.aborted && !document.hidden) timer = setTimeout(ask, delayMs);
    };
    const ask = (): void => {
      clearTimeout(timer);
      if (signal.aborted || document.hidden) return;
      isWanted = isAsking;
      if (isAsking) return;
      isAsking = true;
      void round().finally(() => {
        isAsking = false;
        if (isWanted) ask();
      });
    };
    const round = async (): Promise<void> => {
      try {
        const data = await load(signal);
        if (signal.aborted) return;
        failures = 0;
        link.heard();
        setAnswer({ data, error: undefined });
        if (everyMs > 0) later(everyMs);
      } catch (error) {
        if (signal.aborted) return;
        const told = error instanceof AdminApiError ? error : undefined;
        if (told?.isSignedOut === true) {
          signedOut();
          return;
        }
        if (told?.isSilence === true) link.silent();
        else link.heard();
        failures++;
        setAnswer(({ data }) => ({ data, error }));
        // What was refused is not asked again by itself; what was not answered is.
        const isWorthwhile =
          told === undefined || told.isSilence || told.status >= 500 || told.status === 429;
        const pauseMs = Math.min(Math.max(everyMs, 500) * 2 ** Math.min(failures, 6), LONGEST_PAUSE_MS);
        if (everyMs > 0 || isWorthwhile) later(Math.max(pauseMs, told?.retryAfterMs ?? 0));
      }
    };

    askNow.current = ask;
    const onVisibility = (): void => {
      if (document.hidden) clearTimeout(timer);
      else if (everyMs > 0 || failures > 0) ask();
    };
    document.addEventListener("visibilitychange", onVisibility);
    ask();
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      clearTimeout(timer);
      ended.abort(new Error("the view asks for something else"));
    };
  }, [load, everyMs, link, signedOut]);

  const refresh = useCallback(() => askNow.current(), []);
  return { ...answer, refresh };
}
