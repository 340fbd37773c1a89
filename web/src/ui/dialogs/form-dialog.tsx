import { type ReactElement, type ReactNode, useId } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { Failure } from "../../state/contract.ts";
import { FailureNote } from "../failure-note.tsx";
import { Button } from "../primitives/button.tsx";
import { Dialog } from "../primitives/dialog.tsx";

interface FormDialogProps {
  readonly title: string;
  readonly description?: ReactNode;
  readonly submitLabel: string;
  readonly isDanger?: boolean;
  readonly canSubmit?: boolean;
  readonly isBusy: boolean;
  readonly failure: Failure | undefined;
  readonly onSubmit: () => void;
  readonly onClose: () => void;
  readonly size?: "small" | "medium" | "large";
  readonly children?: ReactNode;
}

/** A dialog that asks for something: fields, Cancel, and one thing to do, also by Enter. */
export function FormDialog(props: FormDialogProps): ReactElement {
  const { title, description, submitLabel, isDanger = false, canSubmit = true, size = "small" } = props;
  const { isBusy, failure, onSubmit, onClose, children } = props;
  const { t } = useI18n();
  const id = useId();
  return (
    <Dialog
      title={title}
      description={description}
      size={size}
      closeLabel={t.app.close}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t.app.cancel}</Button>
          <Button
            type="submit"
            form={id}
            kind={isDanger ? "danger" : "primary"}
            isBusy={isBusy}
            disabled={!canSubmit}
            data-autofocus={children === undefined || undefined}
          >
            {submitLabel}
          </Button>
        </>
      }
    >
      <form
        id={id}
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (canSubmit && !isBusy) onSubmit();
        }}
      >
        {children}
        <FailureNote failure={failure} />
      </form>
    </Dialog>
  );
}
