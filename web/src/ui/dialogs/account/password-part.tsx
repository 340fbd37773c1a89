import { type ReactElement, useState } from "react";
import { PASSWORD_MIN } from "../../../../../src/protocol/text.ts";
import { useI18n } from "../../../i18n/i18n-context.ts";
import type { ChatActions } from "../../../state/contract.ts";
import { FailureNote } from "../../failure-note.tsx";
import { Button } from "../../primitives/button.tsx";
import { TextField } from "../../primitives/text-field.tsx";
import { useOutcome } from "../../use-outcome.ts";

interface PasswordPartProps {
  readonly name: string;
  readonly actions: Pick<ChatActions, "changePassword">;
}

export function PasswordPart({ name, actions }: PasswordPartProps): ReactElement {
  const { t } = useI18n();
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [again, setAgain] = useState("");
  const [isDone, setDone] = useState(false);
  const { isBusy, failure, run } = useOutcome();
  const isShort = fresh !== "" && Array.from(fresh).length < PASSWORD_MIN;
  const differs = again !== "" && again !== fresh;
  const canSubmit = old !== "" && fresh !== "" && !isShort && again === fresh;
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!canSubmit) return;
        setDone(false);
        run(
          () => actions.changePassword(old, fresh),
          () => {
            setDone(true);
            setOld("");
            setFresh("");
            setAgain("");
          },
        );
      }}
    >
      {/* For password managers: whose password it is. */}
      <input type="text" autoComplete="username" value={name} readOnly hidden />
      <TextField
        label={t.account.oldPassword}
        type="password"
        autoComplete="current-password"
        value={old}
        onChange={setOld}
      />
      <TextField
        label={t.account.newPassword}
        type="password"
        autoComplete="new-password"
        hint={t.signIn.passwordHint}
        error={isShort ? t.signIn.passwordShort : undefined}
        value={fresh}
        onChange={setFresh}
      />
      <TextField
        label={t.signIn.passwordAgain}
        type="password"
        autoComplete="new-password"
        error={differs ? t.signIn.passwordsDiffer : undefined}
        value={again}
        onChange={setAgain}
      />
      <FailureNote failure={failure} />
      <p className="field-note" role="status">
        {isDone ? t.account.passwordDone : t.account.passwordNote}
      </p>
      <div className="form-actions">
        <Button type="submit" kind="primary" isBusy={isBusy} disabled={!canSubmit}>
          {t.account.changePassword}
        </Button>
      </div>
    </form>
  );
}
