import type { ReactElement, ReactNode } from "react";
import type { Outcome } from "../../state/contract.ts";
import { useOutcome } from "../use-outcome.ts";
import { FormDialog } from "./form-dialog.tsx";

interface ConfirmDialogProps {
  readonly title: string;
  readonly description: ReactNode;
  readonly confirmLabel: string;
  readonly isDanger?: boolean;
  readonly confirm: () => Promise<Outcome>;
  readonly onClose: () => void;
}

/** One question; closes when it has been done. */
export function ConfirmDialog(props: ConfirmDialogProps): ReactElement {
  const { title, description, confirmLabel, isDanger = false, confirm, onClose } = props;
  const { isBusy, failure, run } = useOutcome();
  return (
    <FormDialog
      title={title}
      description={description}
      submitLabel={confirmLabel}
      isDanger={isDanger}
      isBusy={isBusy}
      failure={failure}
      onClose={onClose}
      onSubmit={() => run(confirm, onClose)}
    />
  );
}
