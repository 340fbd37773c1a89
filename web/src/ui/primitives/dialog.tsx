import { type ReactElement, type ReactNode, useEffect, useId, useLayoutEffect, useRef } from "react";
import { classNames } from "../class-names.ts";
import { IconButton } from "./button.tsx";

interface DialogProps {
  readonly title: string;
  /** Under the title, in a sentence. */
  readonly description?: ReactNode;
  readonly onClose: () => void;
  /** For the button in the corner. */
  readonly closeLabel: string;
  readonly size?: "small" | "medium" | "large";
  /** Without a way out but its own buttons. Default false. */
  readonly isMandatory?: boolean;
  readonly footer?: ReactNode;
  /** Leaves out the padding around the content, for lists that scroll from edge to edge. */
  readonly isFlush?: boolean;
  readonly className?: string;
  readonly children?: ReactNode;
}

/**
 * A modal dialog, the browser's own: focus stays in it and goes back to where it was, the rest of the
 * page is inert. Escape, the button in the corner and a press beside it close it.
 */
export function Dialog({
  title,
  description,
  onClose,
  closeLabel,
  size = "medium",
  isMandatory = false,
  footer,
  isFlush = false,
  className,
  children,
}: DialogProps): ReactElement {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  const pressedBeside = useRef(false);

  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog === null) return undefined;
    const opener = document.activeElement;
    if (!dialog.open) dialog.showModal();
    const first = dialog.querySelector<HTMLElement>("[data-autofocus]");
    // Without a field to begin with, the title: a reader hears what has come up, not "Close".
    (first ?? dialog.querySelector<HTMLElement>(".dialog-title"))?.focus();
    return () => {
      dialog.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);

  useEffect(() => {
    const dialog = ref.current;
    if (dialog === null) return undefined;
    const onCancel = (event: Event): void => {
      event.preventDefault();
      if (!isMandatory) onClose();
    };
    dialog.addEventListener("cancel", onCancel);
    return () => dialog.removeEventListener("cancel", onCancel);
  }, [isMandatory, onClose]);

  return (
    <dialog
      ref={ref}
      className={classNames("dialog", `dialog-${size}`, className)}
      aria-labelledby={`${id}-title`}
      aria-describedby={description === undefined ? undefined : `${id}-description`}
      // Both ends of the press: selecting text in a field and letting go beside it closes nothing.
      onPointerDown={(event) => {
        pressedBeside.current = event.target === event.currentTarget;
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget && pressedBeside.current && !isMandatory) onClose();
      }}
      onKeyDown={(event) => {
        // Chromium closes at the second Escape whatever `cancel` says; and keys of the page stay out.
        if (event.key === "Escape" && !event.nativeEvent.isComposing) {
          event.preventDefault();
          if (!isMandatory) onClose();
        }
        event.stopPropagation();
      }}
    >
      <div className="dialog-frame">
        <header className="dialog-head">
          <div>
            <h2 id={`${id}-title`} className="dialog-title" tabIndex={-1}>
              {title}
            </h2>
            {description !== undefined && (
              <div id={`${id}-description`} className="dialog-description">
                {description}
              </div>
            )}
          </div>
          {!isMandatory && <IconButton icon="close" label={closeLabel} onClick={onClose} />}
        </header>
        {children !== undefined && (
          <div className={classNames("dialog-body", "scrolls", isFlush && "dialog-body-flush")}>
            {children}
          </div>
        )}
        {footer !== undefined && <footer className="dialog-foot">{footer}</footer>}
      </div>
    </dialog>
  );
}
