import { type ReactElement, useState } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { ChatActions } from "../../state/contract.ts";
import { FailureNote } from "../failure-note.tsx";
import { Button } from "../primitives/button.tsx";
import { TextField } from "../primitives/text-field.tsx";
import { Toggle } from "../primitives/toggle.tsx";
import type { WayInProps } from "./form-props.ts";

interface SignInFormProps extends WayInProps {
  readonly login: ChatActions["login"];
}

export function SignInForm(props: SignInFormProps): ReactElement {
  const { name, onName, isBusy, failure, onSend, login } = props;
  const { t } = useI18n();
  const [password, setPassword] = useState("");
  const [remember, setRemember] = useState(true);
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        onSend();
        void login({ name: name.trim(), password, remember });
      }}
    >
      <TextField
        label={t.signIn.name}
        value={name}
        onChange={onName}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
      />
      <TextField
        label={t.signIn.password}
        type="password"
        value={password}
        onChange={setPassword}
        autoComplete="current-password"
        required
      />
      <Toggle label={t.signIn.remember} isOn={remember} onChange={setRemember} />
      <FailureNote failure={failure} />
      <Button type="submit" kind="primary" size="large" isWide isBusy={isBusy}>
        {t.signIn.signIn}
      </Button>
    </form>
  );
}
