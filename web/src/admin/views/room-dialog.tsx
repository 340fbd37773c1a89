import { type ReactElement, useCallback, useState } from "react";
import { Button } from "../../ui/primitives/button.tsx";
import { Dialog } from "../../ui/primitives/dialog.tsx";
import { SelectField, TextField } from "../../ui/primitives/text-field.tsx";
import { useAdmin } from "../admin-context.ts";
import type { RoomDetails } from "../admin-types.ts";
import { DurationField } from "../parts/duration-field.tsx";
import { FormDialog } from "../parts/form-dialog.tsx";
import { LoadFailure } from "../parts/load-failure.tsx";
import { changeOf, formOf, type RoomForm, type RoomFormError } from "../room-form.ts";
import { useAction } from "../use-action.ts";
import { usePoll } from "../use-poll.ts";

interface RoomDialogProps {
  readonly name: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** One room's settings, as they are when the dialog opens. */
export function RoomDialog({ name, onClose, onDone }: RoomDialogProps): ReactElement {
  const { api, texts } = useAdmin();
  const [isDeleting, setDeleting] = useState(false);
  const { data, error } = usePoll(
    useCallback((signal: AbortSignal) => api.room(name, signal), [api, name]),
    0,
  );
  if (data === undefined) {
    return (
      <Dialog title={texts.rooms.settingsOf(name)} closeLabel={texts.actions.close} onClose={onClose}>
        {error === undefined ? <p className="admin-note">{texts.loading}</p> : <LoadFailure error={error} />}
      </Dialog>
    );
  }
  const parts = { room: data, onClose, onDone };
  return isDeleting ? (
    <DeleteDialog {...parts} />
  ) : (
    <SettingsDialog {...parts} onDelete={() => setDeleting(true)} />
  );
}

interface PartProps {
  readonly room: RoomDetails;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function SettingsDialog({
  room,
  onClose,
  onDone,
  onDelete,
}: PartProps & { readonly onDelete: () => void }): ReactElement {
  const { api, texts } = useAdmin();
  const words = texts.rooms;
  const [form, setForm] = useState<RoomForm>(() => formOf(room));
  const action = useAction();
  const set = <Key extends keyof RoomForm>(key: Key, value: RoomForm[Key]): void =>
    setForm((before) => ({ ...before, [key]: value }));
  const { change, errors } = changeOf(room, form);
  const wrong = (key: keyof RoomForm): string | undefined => wordsFor(errors[key], texts);

  async function submit(): Promise<void> {
    if (Object.keys(errors).length > 0) return;
    const isDone = await action.start(async () => {
      if (Object.keys(change).length === 0) return words.nothingChanged;
      await api.changeRoom(room.name, change);
      return words.saved(change.name ?? room.name);
    });
    if (!isDone) return;
    onDone();
    onClose();
  }

  const accesses =
    room.access === "password"
      ? (["password", "public", "private"] as const)
      : (["public", "private"] as const);
  return (
    <FormDialog
      title={words.settingsOf(room.name)}
      submitLabel={words.save}
      size="medium"
      isBusy={action.isBusy}
      failure={action.failure}
      onSubmit={() => void submit()}
      onClose={onClose}
    >
      <TextField
        label={words.name}
        value={form.name}
        onChange={(value) => set("name", value)}
        maxLength={64}
        data-autofocus
      />
      <TextField
        label={words.topic}
        value={form.topic}
        onChange={(value) => set("topic", value)}
        maxLength={256}
      />
      <SelectField
        label={words.access}
        value={form.access}
        onChange={(value) => set("access", value)}
        options={accesses.map((value) => ({ value, label: words.accesses[value] }))}
        hint={room.hasPassword ? words.passwordStays : undefined}
      />
      <SelectField
        label={words.slowReader}
        value={form.slowReader}
        onChange={(value) => set("slowReader", value)}
        options={(["disconnect", "skipToLatest", "catchUp"] as const).map((value) => ({
          value,
          label: words.slowReaders[value],
        }))}
      />
      <DurationField
        label={words.slowMode}
        hint={words.slowModeHint}
        error={wrong("slowMode")}
        value={form.slowMode}
        onChange={(value) => set("slowMode", value)}
      />
      <DurationField
        label={words.retentionAge}
        hint={words.retentionAgeHint}
        error={wrong("retentionAge")}
        value={form.retentionAge}
        onChange={(value) => set("retentionAge", value)}
      />
      <TextField
        label={words.retentionCount}
        hint={words.retentionCountHint}
        error={wrong("retentionCount")}
        inputMode="numeric"
        value={form.retentionCount}
        onChange={(value) => set("retentionCount", value)}
        maxLength={12}
      />
      <label className="check">
        <input
          type="checkbox"
          checked={form.archived}
          onChange={(event) => set("archived", event.target.checked)}
        />
        <span>{words.isArchived}</span>
      </label>
      <p className="form-links">
        <a href={`#sanctions/${encodeURIComponent(room.name)}`} onClick={onClose}>
          {words.sanctions}
        </a>
        <Button kind="quiet" onClick={onDelete}>
          {words.delete}
        </Button>
      </p>
    </FormDialog>
  );
}

function wordsFor(
  error: RoomFormError | undefined,
  texts: ReturnType<typeof useAdmin>["texts"],
): string | undefined {
  if (error === undefined) return undefined;
  return error === "duration" ? texts.fields.badDuration : texts.rooms.badCount;
}

function DeleteDialog({ room, onClose, onDone }: PartProps): ReactElement {
  const { api, texts } = useAdmin();
  const words = texts.rooms;
  const [typed, setTyped] = useState("");
  const [isMismatch, setMismatch] = useState(false);
  const action = useAction();

  async function submit(): Promise<void> {
    setMismatch(typed !== room.name);
    if (typed !== room.name) return;
    const isDone = await action.start(async () => {
      await api.deleteRoom(room.name, typed);
      return words.deleted(room.name);
    });
    if (!isDone) return;
    onDone();
    onClose();
  }

  return (
    <FormDialog
      title={words.deleteOne(room.name)}
      description={words.deleteText(room.name)}
      submitLabel={words.delete}
      isDanger
      isBusy={action.isBusy}
      failure={action.failure}
      onSubmit={() => void submit()}
      onClose={onClose}
    >
      <TextField
        label={words.deleteConfirm}
        error={isMismatch ? words.deleteMismatch : undefined}
        value={typed}
        onChange={setTyped}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
    </FormDialog>
  );
}
