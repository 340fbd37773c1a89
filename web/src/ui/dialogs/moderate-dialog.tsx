import { type ReactElement, useState } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { ChatActions } from "../../state/contract.ts";
import { SelectField, TextField } from "../primitives/text-field.tsx";
import { useOutcome } from "../use-outcome.ts";
import { FormDialog } from "./form-dialog.tsx";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DURATIONS = [5 * MINUTE, 30 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 0];

export type Sanctioning = "kick" | "mute" | "ban";

interface ModerateDialogProps {
  readonly action: Sanctioning;
  readonly name: string;
  readonly actions: Pick<ChatActions, "kick" | "mute" | "ban">;
  readonly onClose: () => void;
}

/** Removes, mutes or bans somebody, for a time and with a reason. */
export function ModerateDialog({ action, name, actions, onClose }: ModerateDialogProps): ReactElement {
  const { t, format } = useI18n();
  const [durationMs, setDurationMs] = useState(action === "ban" ? DAY : 30 * MINUTE);
  const [reason, setReason] = useState("");
  const { isBusy, failure, run } = useOutcome();
  const words = {
    kick: [t.moderate.kickTitle(name), t.moderate.kickHint, t.moderate.kick],
    mute: [t.moderate.muteTitle(name), t.moderate.muteHint, t.moderate.mute],
    ban: [t.moderate.banTitle(name), t.moderate.banHint, t.moderate.ban],
  } as const;
  const [title, hint, submitLabel] = words[action];
  const carryOut = () =>
    action === "kick" ? actions.kick(name, reason.trim()) : actions[action](name, durationMs, reason.trim());
  return (
    <FormDialog
      title={title}
      description={hint}
      submitLabel={submitLabel}
      isDanger
      isBusy={isBusy}
      failure={failure}
      onClose={onClose}
      onSubmit={() => run(carryOut, onClose)}
    >
      {action !== "kick" && (
        <SelectField
          label={t.moderate.duration}
          value={String(durationMs)}
          onChange={(value) => setDurationMs(Number(value))}
          options={DURATIONS.map((ms) => ({
            value: String(ms),
            label: ms === 0 ? t.moderate.untilLifted : format.duration(ms),
          }))}
        />
      )}
      <TextField
        label={`${t.moderate.reason} (${t.app.optional})`}
        hint={t.moderate.reasonHint}
        value={reason}
        onChange={setReason}
        maxLength={200}
        data-autofocus
      />
    </FormDialog>
  );
}
