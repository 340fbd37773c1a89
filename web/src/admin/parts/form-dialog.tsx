import { type ReactElement, type ReactNode, useId } from "react";
import { Button } from "../../ui/primitives/button.tsx";
import { Dialog } from "../../ui/primitives/dialog.tsx";
import { useAdmin } from "../admin-context.ts";

interface FormDialogProps {
  readonly title: string;
  readonly description?: ReactNode;
  readonly submitLabel: string;
  readonly isDanger?: boolean;
  readonly isBusy: boolean;
  /** What went wrong; read out. */
  readonly failure: string | undefined;
  readonly onSubmit: () => void;
  readonly onClose: () => void;
  readonly size?: "small" | "medium";
  /** Between the fields and the buttons. */
  readonly children?: ReactNode;
}

/** A dialog that asks for something and does it: Enter in a field submits, Escape leaves. */
export function FormDialog({
  title,
  description,
  submitLabel,
  isDanger = false,
  isBusy,
  failure,
  onSubmit,
  onClose,
  size = "small",
  children,
}: FormDialogProps): ReactElement {
  const { texts } = useAdmin();
  const formId = useId();
  return (
    <Dialog
      title={title}
      description={description}
      closeLabel={texts.actions.close}
      size={size}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{texts.actions.cancel}</Button>
          <Button type="submit" form={formId} kind={isDanger ? "danger" : "primary"} isBusy={isBusy}>
            {submitLabel}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        className="admin-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        {children}
        <p role="alert" className="admin-failure" hidden={failure === undefined}>
          {failure}
        </p>
      </form>
    </Dialog>
  );
}
