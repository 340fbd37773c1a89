import { type ReactElement, useState } from "react";
import { Choice } from "../../ui/primitives/choice.tsx";
import { TextField } from "../../ui/primitives/text-field.tsx";
import { useAdmin } from "../admin-context.ts";
import type { UserAction } from "../admin-types.ts";
import { parseDuration } from "../format.ts";
import { DurationField } from "../parts/duration-field.tsx";
import { FormDialog } from "../parts/form-dialog.tsx";
import { useAction } from "../use-action.ts";

interface UserDialogProps {
  readonly name: string;
  readonly startAction: UserAction;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

const actions: readonly UserAction[] = ["kick", "mute", "unmute", "ban", "unban", "promote", "demote"];

/** What an administrator does to one user, everywhere. */
export function UserDialog({ name, startAction, onClose, onDone }: UserDialogProps): ReactElement {
  const { api, texts } = useAdmin();
  const words = texts.users;
  const [chosen, setChosen] = useState<UserAction>(startAction);
  const [duration, setDuration] = useState("");
  const [reason, setReason] = useState("");
  const action = useAction();
  const durationMs = parseDuration(duration);
  const isTimed = chosen === "mute" || chosen === "ban";
  const isWrong = isTimed && durationMs === undefined;

  async function submit(): Promise<void> {
    if (isWrong) return;
    const isDone = await action.start(async () => {
      await api.actOnUser({ name, action: chosen, durationMs: isTimed ? (durationMs ?? 0) : 0, reason });
      return words.done[chosen](name);
    });
    if (!isDone) return;
    onDone();
    onClose();
  }

  return (
    <FormDialog
      title={words.dialog(name)}
      submitLabel={texts.actions.apply}
      isDanger={chosen === "ban" || chosen === "kick"}
      isBusy={action.isBusy}
      failure={action.failure}
      onSubmit={() => void submit()}
      onClose={onClose}
    >
      <Choice
        label={words.action}
        value={chosen}
        onChange={setChosen}
        options={actions.map((value) => ({ value, label: words.actions[value] }))}
      />
      {isTimed && (
        <DurationField
          label={texts.fields.duration}
          hint={texts.fields.durationHint}
          error={isWrong ? texts.fields.badDuration : undefined}
          value={duration}
          onChange={setDuration}
          hasChoices
        />
      )}
      {(isTimed || chosen === "kick") && (
        <TextField
          label={texts.fields.reason}
          hint={texts.fields.reasonHint}
          value={reason}
          onChange={setReason}
          maxLength={256}
        />
      )}
    </FormDialog>
  );
}
