import { type ReactElement, useState } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { Outcome } from "../../state/contract.ts";
import { TextField } from "../primitives/text-field.tsx";
import { useOutcome } from "../use-outcome.ts";
import { FormDialog } from "./form-dialog.tsx";

interface RoomPasswordDialogProps {
  readonly room: string;
  readonly join: (password: string) => Promise<Outcome>;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

export function RoomPasswordDialog({ room, join, onDone, onClose }: RoomPasswordDialogProps): ReactElement {
  const { t } = useI18n();
  const [password, setPassword] = useState("");
  const { isBusy, failure, run } = useOutcome();
  return (
    <FormDialog
      title={t.browse.passwordTitle(room)}
      submitLabel={t.browse.join}
      canSubmit={password !== ""}
      isBusy={isBusy}
      failure={failure}
      onClose={onClose}
      onSubmit={() => run(() => join(password), onDone)}
    >
      <TextField
        label={t.browse.passwordField}
        type="password"
        autoComplete="off"
        value={password}
        onChange={setPassword}
        data-autofocus
      />
    </FormDialog>
  );
}
