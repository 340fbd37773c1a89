import { useRef, useState } from "react";
import type { Failure, Outcome } from "../state/contract.ts";

interface OutcomeState {
  readonly isBusy: boolean;
  readonly failure: Failure | undefined;
  /** Runs an action unless one is under way, and keeps why it was refused. */
  readonly run: (action: () => Promise<Outcome>, onDone?: () => void) => void;
  readonly clear: () => void;
}

/** What a form knows of the request it sent. */
export function useOutcome(): OutcomeState {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const isRunning = useRef(false);

  function run(action: () => Promise<Outcome>, onDone?: () => void): void {
    if (isRunning.current) return;
    isRunning.current = true;
    setBusy(true);
    setFailure(undefined);
    void action().then((outcome) => {
      isRunning.current = false;
      setBusy(false);
      if (outcome.ok) onDone?.();
      else setFailure(outcome.failure);
    });
  }

  return { isBusy, failure, run, clear: () => setFailure(undefined) };
}
