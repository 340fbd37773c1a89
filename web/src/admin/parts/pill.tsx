import type { ReactElement, ReactNode } from "react";

interface PillProps {
  readonly tone: "good" | "warning" | "danger" | "plain";
  readonly children: ReactNode;
}

/** A word or two about a state. */
export function Pill({ tone, children }: PillProps): ReactElement {
  return <span className={`pill pill-${tone}`}>{children}</span>;
}
