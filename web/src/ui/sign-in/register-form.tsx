import { type ReactElement, useState } from "react";
import { checkUserName } from "../../../../src/protocol/names.ts";
import { checkPassword } from "../../../../src/protocol/text.ts";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { ChatActions, ServerFacts } from "../../state/contract.ts";
import { FailureNote } from "../failure-note.tsx";
import { Icon } from "../icons.tsx";
import { Button } from "../primitives/button.tsx";
import { TextField } from "../primitives/text-field.tsx";
import { Toggle } from "../primitives/toggle.tsx";
import type { WayInProps } from "./form-props.ts";

interface RegisterFormProps extends WayInProps {
  readonly server: ServerFacts | undefined;
  readonly register: ChatActions["register"];
}

export function RegisterForm(props: RegisterFormProps): ReactElement {
  const { name, onName, isBusy, failure, onSend, server, register } = props;
  const { t } = useI18n();
  const [password, setPassword] = useState("");
  const [invitationCode, setInvitationCode] = useState("");
  const [remember, setRemember] = useState(true);
  /** Faults are shown when a field has been left, not at its first letter. */
  const [leftName, setLeftName] = useState(false);
  const [leftPassword, setLeftPassword] = useState(false);
  const isNameWrong = !checkUserName(name.trim()).ok;
  const isPasswordWrong = !checkPassword(password).ok;
  // Before the server has been reached it is not known whether it asks for one.
  const asksInvitation = server === undefined || server.invitationRequired;

  if (server?.registrationOpen === false && !server.invitationRequired) {
    return (
      <p className="empty-note">
        <Icon name="lock" /> {t.signIn.registrationClosed}
      </p>
    );
  }
  return (
    <form
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setLeftName(true);
        setLeftPassword(true);
        if (isNameWrong || isPasswordWrong) return;
        onSend();
        void register({ name: name.trim(), password, remember, invitationCode: invitationCode.trim() });
      }}
    >
      <TextField
        label={t.signIn.name}
        hint={t.signIn.nameHint}
        error={leftName && isNameWrong ? `${t.failures.NAME_INVALID} ${t.signIn.nameHint}` : undefined}
        value={name}
        onChange={onName}
        onBlur={() => setLeftName(name !== "")}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
      />
      <TextField
        label={t.signIn.password}
        type="password"
        hint={t.signIn.passwordHint}
        error={leftPassword && isPasswordWrong ? t.signIn.passwordShort : undefined}
        value={password}
        onChange={setPassword}
        onBlur={() => setLeftPassword(password !== "")}
        autoComplete="new-password"
        required
      />
      {asksInvitation && (
        <TextField
          label={server === undefined ? t.signIn.invitationOptional : t.signIn.invitation}
          hint={server === undefined ? undefined : t.signIn.invitationHint}
          value={invitationCode}
          onChange={setInvitationCode}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          required={server !== undefined}
        />
      )}
      <Toggle label={t.signIn.remember} isOn={remember} onChange={setRemember} />
      <FailureNote failure={failure} />
      <Button type="submit" kind="primary" size="large" isWide isBusy={isBusy}>
        {t.signIn.register}
      </Button>
    </form>
  );
}
