import type { ReactElement } from "react";
import { classNames } from "../class-names.ts";

interface BadgeProps {
  readonly count: number;
  /** Something is addressed to this person. */
  readonly isMention?: boolean;
  /** Shown before the number. Default: nothing. */
  readonly sign?: string;
  /** Read out instead of the bare number; undefined: something beside it says it all. */
  readonly label: string | undefined;
  /** Above it "99+" is shown. Default 99. */
  readonly limit?: number;
}

/** A number that wants attention; nothing when it is 0. */
export function Badge({
  count,
  isMention = false,
  sign = "",
  label,
  limit = 99,
}: BadgeProps): ReactElement | null {
  if (count <= 0) return null;
  return (
    <span className={classNames("badge", isMention && "badge-mention")}>
      <span aria-hidden="true">
        {sign}
        {count > limit ? `${limit}+` : count}
      </span>
      {label !== undefined && <span className="visually-hidden">{label}</span>}
    </span>
  );
}
