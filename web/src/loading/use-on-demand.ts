import { useEffect, useState, useSyncExternalStore } from "react";
import type { OnDemand } from "./on-demand.ts";

export interface Demanded<Part> {
  /** Undefined: it is on its way. At once when it was loaded before. */
  readonly part: Part | undefined;
  /** It cannot be had now. A view that is rendered anew tries again. */
  readonly hasFailed: boolean;
}

/** Loads the part that this view is made of. */
export function useOnDemand<Part>(demanded: OnDemand<Part>): Demanded<Part> {
  const part = useSyncExternalStore(demanded.subscribe, demanded.get);
  const [failed, setFailed] = useState<OnDemand<Part>>();
  useEffect(() => {
    let isWanted = true;
    demanded.load().catch(() => {
      if (isWanted) setFailed(demanded);
    });
    return () => {
      isWanted = false;
    };
  }, [demanded]);
  return { part, hasFailed: part === undefined && failed === demanded };
}
