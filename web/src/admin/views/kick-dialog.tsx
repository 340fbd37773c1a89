import { type ReactElement, useState } from "react";
import { TextField } from "../../ui/primitives/text-field.tsx";
import { useAdmin } from "../admin-context.ts";
import type { Session } from "../admin-types.ts";
import { FormDialog } from "../parts/form-dialog.tsx";
import { useAction } from "../use-action.ts";

interface KickDialogProps {
  readonly session: Session;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Ends one connection, after a question. */
export function KickDialog({ session, onClose, onDone }: KickDialogProps): ReactElement {
  const { api, texts } = useAdmin();
  const words = texts.sessions;
  const [reason, setReason] = useState("");
  const action = useAction();
  const who = session.user === "" ? session.address : session.user;

  async function submit(): Promise<void> {
    const isDone = await action.start(async () => {
      const { ended } = await api.kickSession(session.session, reason);
      return ended ? words.kicked(who) : words.gone(who);
    });
    if (!isDone) return;
    onDone();
    onClose();
  }

  return (
    <FormDialog
      title={words.kickTitle}
      description={words.kickText(who, session.address)}
      submitLabel={words.kick}
      isDanger
      isBusy={action.isBusy}
      failure={action.failure}
      onSubmit={() => void submit()}
      onClose={onClose}
    >
      <TextField
        label={texts.fields.reason}
        hint={texts.fields.reasonHint}
        value={reason}
        onChange={setReason}
        maxLength={256}
        data-autofocus
      />
    </FormDialog>
  );
}
