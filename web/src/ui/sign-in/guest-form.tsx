import { type ReactElement, useState } from "react";
import { checkUserName } from "../../../../src/protocol/names.ts";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { ChatActions } from "../../state/contract.ts";
import { FailureNote } from "../failure-note.tsx";
import { Button } from "../primitives/button.tsx";
import { TextField } from "../primitives/text-field.tsx";
import type { WayInProps } from "./form-props.ts";

interface GuestFormProps extends WayInProps {
  readonly guest: ChatActions["guest"];
}

export function GuestForm({ name, onName, isBusy, failure, onSend, guest }: GuestFormProps): ReactElement {
  const { t } = useI18n();
  const [wasSent, setSent] = useState(false);
  const isNameWrong = !checkUserName(name.trim()).ok;
  return (
    <form
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setSent(true);
        if (isNameWrong) return;
        onSend();
        void guest({ name: name.trim() });
      }}
    >
      <TextField
        label={t.signIn.name}
        hint={t.signIn.guestHint}
        error={wasSent && isNameWrong ? `${t.failures.NAME_INVALID} ${t.signIn.nameHint}` : undefined}
        value={name}
        onChange={onName}
        autoComplete="nickname"
        autoCapitalize="none"
        spellCheck={false}
        required
      />
      <FailureNote failure={failure} />
      <Button type="submit" kind="primary" size="large" isWide isBusy={isBusy}>
        {t.signIn.guest}
      </Button>
    </form>
  );
}
