import type { Failure } from "../../state/contract.ts";

/** What the three forms have in common; the name goes along from one to the other. */
export interface WayInProps {
  readonly name: string;
  readonly onName: (name: string) => void;
  readonly isBusy: boolean;
  readonly failure: Failure | undefined;
  /** Told when the form is sent. */
  readonly onSend: () => void;
}
