import type { ReactElement } from "react";
import { classNames } from "../class-names.ts";
import { faceOf, initialsOf } from "./face.ts";

interface AvatarProps {
  /** The user's name: decides the colour, so that it stays the same under every display name. */
  readonly name: string;
  readonly displayName?: string;
  readonly size?: "small" | "medium" | "large";
  /** Undefined: not known, nothing is shown. */
  readonly isPresent?: boolean | undefined;
  /** Read out with the presence dot. */
  readonly presenceLabel?: string;
}

/** A face without a picture. Decoration but for the presence dot: the name stands beside it. */
export function Avatar({
  name,
  displayName = "",
  size = "medium",
  isPresent,
  presenceLabel,
}: AvatarProps): ReactElement {
  return (
    <span className={classNames("avatar", `avatar-${size}`, `avatar-face-${faceOf(name)}`)}>
      <span aria-hidden="true">{initialsOf(displayName === "" ? name : displayName)}</span>
      {isPresent !== undefined && (
        <span className={classNames("presence", isPresent && "presence-here")}>
          {presenceLabel !== undefined && <span className="visually-hidden">{presenceLabel}</span>}
        </span>
      )}
    </span>
  );
}
