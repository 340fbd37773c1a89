import { type ReactElement, useState } from "react";
import { checkDisplayName } from "../../../../src/protocol/names.ts";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { ChatActions, Me, PreferencesSnapshot } from "../../state/contract.ts";
import { FailureNote } from "../failure-note.tsx";
import { Avatar } from "../primitives/avatar.tsx";
import { Button } from "../primitives/button.tsx";
import { Dialog } from "../primitives/dialog.tsx";
import { Tabs } from "../primitives/tabs.tsx";
import { TextField } from "../primitives/text-field.tsx";
import { useOutcome } from "../use-outcome.ts";
import { AppearancePart } from "./account/appearance-part.tsx";
import { BlockedPart } from "./account/blocked-part.tsx";
import { DeletePart } from "./account/delete-part.tsx";
import { DevicesPart } from "./account/devices-part.tsx";
import { PasswordPart } from "./account/password-part.tsx";

interface AccountDialogProps {
  readonly me: Me;
  readonly preferences: PreferencesSnapshot;
  readonly actions: ChatActions;
  readonly now: () => number;
  readonly onClose: () => void;
}

type Part = "profile" | "appearance" | "password" | "devices" | "blocked" | "delete";

/** Everything about oneself. Guests have no account: they see what is theirs. */
export function AccountDialog({ me, preferences, actions, now, onClose }: AccountDialogProps): ReactElement {
  const { t } = useI18n();
  const [part, setPart] = useState<Part>("profile");
  const always = [
    {
      id: "profile",
      label: t.account.profile,
      content: () => <ProfilePart me={me} setDisplayName={(name) => actions.setDisplayName(name)} />,
    },
    {
      id: "appearance",
      label: t.account.appearance,
      content: () => <AppearancePart preferences={preferences} actions={actions} />,
    },
  ] as const;
  const ofAccounts = [
    {
      id: "password",
      label: t.account.password,
      content: () => <PasswordPart actions={actions} name={me.name} />,
    },
    { id: "devices", label: t.account.devices, content: () => <DevicesPart actions={actions} now={now} /> },
    { id: "blocked", label: t.account.blocked, content: () => <BlockedPart actions={actions} /> },
    { id: "delete", label: t.account.delete, content: () => <DeletePart actions={actions} name={me.name} /> },
  ] as const;
  return (
    <Dialog
      title={t.account.title}
      closeLabel={t.app.close}
      onClose={onClose}
      size="large"
      className="dialog-tabbed"
    >
      <Tabs
        label={t.account.tabs}
        selected={part}
        onSelect={setPart}
        tabs={me.isGuest ? always : [...always, ...ofAccounts]}
      />
    </Dialog>
  );
}

function ProfilePart({
  me,
  setDisplayName,
}: {
  readonly me: Me;
  readonly setDisplayName: ChatActions["setDisplayName"];
}): ReactElement {
  const { t } = useI18n();
  const [displayName, setName] = useState(me.displayName);
  const { isBusy, failure, run } = useOutcome();
  const wanted = displayName.trim();
  const isWrong = !checkDisplayName(wanted).ok;
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isWrong && wanted !== me.displayName) run(() => setDisplayName(wanted));
      }}
    >
      <div className="account-head">
        <Avatar name={me.name} displayName={wanted} size="large" />
        <div>
          <p className="account-name">{wanted === "" ? me.name : wanted}</p>
          <p className="field-note">
            {t.account.signedInAs} {me.name}
            {me.isAdmin && <span className="tag">{t.side.admin}</span>}
            {me.isGuest && <span className="tag">{t.side.guest}</span>}
          </p>
        </div>
      </div>
      {me.isGuest ? (
        <p className="field-note">{t.account.guestNote}</p>
      ) : (
        <>
          <TextField
            label={t.account.displayName}
            hint={t.account.displayNameHint}
            error={isWrong ? t.failures.NAME_INVALID : undefined}
            value={displayName}
            onChange={setName}
            autoComplete="nickname"
            maxLength={96}
          />
          <FailureNote failure={failure} />
          <div className="form-actions">
            <Button
              type="submit"
              kind="primary"
              isBusy={isBusy}
              disabled={isWrong || wanted === me.displayName}
            >
              {t.app.save}
            </Button>
          </div>
        </>
      )}
    </form>
  );
}
