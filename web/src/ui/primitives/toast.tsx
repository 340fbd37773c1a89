import type { ReactElement } from "react";
import { classNames } from "../class-names.ts";
import { Icon } from "../icons.tsx";
import { IconButton } from "./button.tsx";

export interface ToastItem {
  readonly id: string;
  readonly text: string;
  readonly kind: "note" | "success" | "error";
  /** Something that can be done about it. */
  readonly action?: { readonly label: string; readonly onSelect: () => void };
}

interface ToastsProps {
  /** Read out for the region. */
  readonly label: string;
  readonly dismissLabel: string;
  readonly toasts: readonly ToastItem[];
  readonly onDismiss: (id: string) => void;
}

/** Short notes at the edge of the window. The list is always there, so that readers hear what comes into it. */
export function Toasts({ label, dismissLabel, toasts, onDismiss }: ToastsProps): ReactElement {
  return (
    <section className="toasts" aria-label={label}>
      <ol aria-live="polite" aria-relevant="additions">
        {toasts.map((toast) => (
          <li key={toast.id} className={classNames("toast", `toast-${toast.kind}`)}>
            {toast.kind !== "note" && <Icon name={toast.kind === "error" ? "warning" : "check"} size={17} />}
            <span className="toast-text">{toast.text}</span>
            {toast.action !== undefined && (
              <button type="button" className="toast-action" onClick={toast.action.onSelect}>
                {toast.action.label}
              </button>
            )}
            <IconButton icon="close" size="small" label={dismissLabel} onClick={() => onDismiss(toast.id)} />
          </li>
        ))}
      </ol>
    </section>
  );
}
