import { useCallback, useEffect, useRef, useState } from "react";
import { AdminApiError } from "./admin-client.ts";
import { useAdmin, wordsOf } from "./admin-context.ts";

export interface Action {
  readonly isBusy: boolean;
  /** What went wrong the last time, in words. */
  readonly failure: string | undefined;
  /**
   * Does it once: a second press while it is under way is nothing. `run` gives what to say when it is done.
   * Resolves with whether it went well; never rejects.
   */
  readonly start: (run: () => Promise<string>) => Promise<boolean>;
  /** Forgets the failure. */
  readonly reset: () => void;
}

/** Something that a person asks for with a button. */
export function useAction(): Action {
  const { tell, link, texts, formats, signedOut } = useAdmin();
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const underWay = useRef(false);
  const isMounted = useRef(true);
  useEffect(() => {
    isMounted.current = true;
    return () => {
      isMounted.current = false;
    };
  }, []);

  const start = useCallback(
    async (run: () => Promise<string>): Promise<boolean> => {
      if (underWay.current) return false;
      underWay.current = true;
      setBusy(true);
      setFailure(undefined);
      try {
        const said = await run();
        link.heard();
        tell(said, "success");
        return true;
      } catch (error) {
        const told = error instanceof AdminApiError ? error : undefined;
        if (told?.isSignedOut === true) signedOut();
        else if (told?.isSilence === true) link.silent();
        const words = wordsOf(error, texts, formats);
        // Whoever has closed the dialog by now is told all the same.
        if (isMounted.current) setFailure(words);
        else tell(words, "error");
        return false;
      } finally {
        underWay.current = false;
        if (isMounted.current) setBusy(false);
      }
    },
    [tell, link, texts, formats, signedOut],
  );
  return { isBusy, failure, start, reset: useCallback(() => setFailure(undefined), []) };
}
