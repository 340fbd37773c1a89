import type { ReactElement } from "react";
import { classNames } from "../class-names.ts";

interface BadgeProps {
  readonly count: number;
  /** Something is addressed to this person. */
  readonly isMention?: boolean;
  /** Read out instead of the bare number. */
  readonly label: string;
  /** Above it "99+" is shown. Default 99. */
  readonly limit?: number;
}

/** A number that wants attention; nothing when it is 0. */
export function Badge({ count, isMention = false, label, limit = 99 }: BadgeProps): ReactElement | null {
  if (count <= 0) return null;
  return (
    <span className={classNames("badge", isMention && "badge-mention")}>
      <span aria-hidden="true">{count > limit ? `${limit}+` : count}</span>
      <span className="visually-hidden">{label}</span>
    </span>
  );
}
