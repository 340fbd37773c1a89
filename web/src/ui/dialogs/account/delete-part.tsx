import { type ReactElement, useState } from "react";
import { useI18n } from "../../../i18n/i18n-context.ts";
import type { ChatActions } from "../../../state/contract.ts";
import { FailureNote } from "../../failure-note.tsx";
import { Button } from "../../primitives/button.tsx";
import { TextField } from "../../primitives/text-field.tsx";
import { useOutcome } from "../../use-outcome.ts";

interface DeletePartProps {
  readonly name: string;
  readonly actions: Pick<ChatActions, "deleteAccount">;
}

/** Needs the name typed and the password: nothing of it can be taken back. */
export function DeletePart({ name, actions }: DeletePartProps): ReactElement {
  const { t } = useI18n();
  const [typed, setTyped] = useState("");
  const [password, setPassword] = useState("");
  const { isBusy, failure, run } = useOutcome();
  const canSubmit = typed === name && password !== "";
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (canSubmit) run(() => actions.deleteAccount(password));
      }}
    >
      <p className="field-note">{t.account.deleteHint}</p>
      <TextField label={t.account.deleteConfirm(name)} value={typed} onChange={setTyped} autoComplete="off" />
      <TextField
        label={t.signIn.password}
        type="password"
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
      />
      <FailureNote failure={failure} />
      <div className="form-actions">
        <Button type="submit" kind="danger" disabled={!canSubmit} isBusy={isBusy}>
          {t.account.deleteNow}
        </Button>
      </div>
    </form>
  );
}
