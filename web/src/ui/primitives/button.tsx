import type { ButtonHTMLAttributes, ReactElement, ReactNode, Ref } from "react";
import { classNames } from "../class-names.ts";
import { Icon, type IconName } from "../icons.tsx";
import { Spinner } from "./spinner.tsx";

interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "children"> {
  /** What it is for: the one thing to do here, another thing, something beside, something that cannot be undone. */
  readonly kind?: "primary" | "secondary" | "quiet" | "danger";
  readonly size?: "small" | "medium" | "large";
  readonly icon?: IconName | undefined;
  /** Shows that it is being done, and takes no second press. */
  readonly isBusy?: boolean;
  readonly isWide?: boolean;
  readonly children: ReactNode;
  readonly ref?: Ref<HTMLButtonElement> | undefined;
}

export function Button({
  kind = "secondary",
  size = "medium",
  icon,
  isBusy = false,
  isWide = false,
  children,
  className,
  disabled,
  type = "button",
  ...others
}: ButtonProps): ReactElement {
  return (
    <button
      {...others}
      type={type}
      disabled={disabled === true || isBusy}
      aria-busy={isBusy || undefined}
      className={classNames(
        "button",
        `button-${kind}`,
        size !== "medium" && `button-${size}`,
        isWide && "button-wide",
        className,
      )}
    >
      {isBusy ? <Spinner /> : icon !== undefined && <Icon name={icon} size={size === "small" ? 15 : 17} />}
      <span>{children}</span>
    </button>
  );
}

interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "children"> {
  readonly icon: IconName;
  /** Read out, and shown after a while under the pointer. */
  readonly label: string;
  /** Keys that do the same, for the tooltip. */
  readonly keys?: string;
  readonly isPressed?: boolean | undefined;
  readonly size?: "small" | "medium";
  readonly ref?: Ref<HTMLButtonElement> | undefined;
}

/** A button of a picture alone. */
export function IconButton({
  icon,
  label,
  keys,
  isPressed,
  size = "medium",
  className,
  ...others
}: IconButtonProps): ReactElement {
  return (
    <button
      type="button"
      {...others}
      aria-label={label}
      title={keys === undefined ? label : `${label} (${keys})`}
      aria-pressed={isPressed}
      className={classNames("icon-button", size === "small" && "icon-button-small", className)}
    >
      <Icon name={icon} size={size === "small" ? 16 : 18} />
    </button>
  );
}
