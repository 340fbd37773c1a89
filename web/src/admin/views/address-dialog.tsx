import { type ReactElement, useState } from "react";
import { TextField } from "../../ui/primitives/text-field.tsx";
import { useAdmin } from "../admin-context.ts";
import { parseDuration } from "../format.ts";
import { DurationField } from "../parts/duration-field.tsx";
import { FormDialog } from "../parts/form-dialog.tsx";
import { useAction } from "../use-action.ts";

interface AddressDialogProps {
  /** What the field begins with. */
  readonly startCidr: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Bans an address or a range. */
export function AddressDialog({ startCidr, onClose, onDone }: AddressDialogProps): ReactElement {
  const { api, texts } = useAdmin();
  const words = texts.sanctions;
  const [cidr, setCidr] = useState(startCidr);
  const [duration, setDuration] = useState("1d");
  const [reason, setReason] = useState("");
  const [isMissing, setMissing] = useState(false);
  const action = useAction();
  const durationMs = parseDuration(duration);

  async function submit(): Promise<void> {
    setMissing(cidr.trim() === "");
    if (cidr.trim() === "" || durationMs === undefined) return;
    const isDone = await action.start(async () => {
      const answer = await api.banAddress({ cidr: cidr.trim(), lift: false, durationMs, reason });
      return words.banned(answer.cidr);
    });
    if (!isDone) return;
    onDone();
    onClose();
  }

  return (
    <FormDialog
      title={words.banAddress}
      submitLabel={words.banAddress}
      isDanger
      isBusy={action.isBusy}
      failure={action.failure}
      onSubmit={() => void submit()}
      onClose={onClose}
    >
      <TextField
        label={words.cidr}
        hint={words.cidrHint}
        error={isMissing ? words.cidrMissing : undefined}
        value={cidr}
        onChange={setCidr}
        maxLength={64}
        spellCheck={false}
        data-autofocus
      />
      <DurationField
        label={texts.fields.duration}
        hint={texts.fields.durationHint}
        error={durationMs === undefined ? texts.fields.badDuration : undefined}
        value={duration}
        onChange={setDuration}
        hasChoices
      />
      <TextField
        label={texts.fields.reason}
        hint={texts.fields.reasonHint}
        value={reason}
        onChange={setReason}
        maxLength={256}
      />
    </FormDialog>
  );
}
