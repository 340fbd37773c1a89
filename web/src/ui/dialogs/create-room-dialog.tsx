import { type ReactElement, useState } from "react";
import { checkRoomName } from "../../../../src/protocol/names.ts";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { ChatActions, CreateRoomForm } from "../../state/contract.ts";
import { Choice } from "../primitives/choice.tsx";
import { TextField } from "../primitives/text-field.tsx";
import { useOutcome } from "../use-outcome.ts";
import { FormDialog } from "./form-dialog.tsx";

interface CreateRoomDialogProps {
  readonly initialName?: string | undefined;
  readonly create: ChatActions["create"];
  readonly onClose: () => void;
}

export function CreateRoomDialog({ initialName = "", create, onClose }: CreateRoomDialogProps): ReactElement {
  const { t } = useI18n();
  const [form, setForm] = useState<CreateRoomForm>({
    name: initialName,
    kind: "logged",
    access: "public",
    password: "",
    topic: "",
  });
  const { isBusy, failure, run } = useOutcome();
  const set = (change: Partial<CreateRoomForm>): void => setForm((before) => ({ ...before, ...change }));
  const name = form.name.trim();
  const isNameWrong = name !== "" && !checkRoomName(name).ok;
  const needsPassword = form.access === "password" && form.password === "";
  return (
    <FormDialog
      title={t.createRoom.title}
      size="medium"
      submitLabel={t.createRoom.create}
      canSubmit={name !== "" && !isNameWrong && !needsPassword}
      isBusy={isBusy}
      failure={failure}
      onClose={onClose}
      onSubmit={() => run(() => create({ ...form, name, topic: form.topic.trim() }), onClose)}
    >
      <TextField
        label={t.createRoom.name}
        prefix="#"
        value={form.name}
        onChange={(value) => set({ name: value.replaceAll(/\s+/g, "-") })}
        hint={t.createRoom.nameHint}
        error={isNameWrong ? `${t.failures.NAME_INVALID} ${t.createRoom.nameHint}` : undefined}
        data-autofocus
        autoComplete="off"
        maxLength={64}
        required
      />
      <TextField
        label={`${t.createRoom.topic} (${t.app.optional})`}
        value={form.topic}
        onChange={(topic) => set({ topic })}
        placeholder={t.createRoom.topicHint}
        maxLength={200}
      />
      <Choice
        label={t.createRoom.access}
        value={form.access}
        onChange={(access) => set({ access })}
        options={[
          { value: "public", label: t.access.public, hint: t.access.publicHint },
          { value: "private", label: t.access.private, hint: t.access.privateHint },
          { value: "password", label: t.access.password, hint: t.access.passwordHint },
        ]}
      />
      {form.access === "password" && (
        <TextField
          label={t.createRoom.password}
          type="password"
          autoComplete="new-password"
          value={form.password}
          onChange={(password) => set({ password })}
          required
        />
      )}
      <Choice
        label={t.createRoom.kind}
        value={form.kind}
        onChange={(kind) => set({ kind })}
        options={[
          { value: "logged", label: t.createRoom.logged, hint: t.createRoom.loggedHint },
          { value: "memory", label: t.createRoom.memory, hint: t.createRoom.memoryHint },
        ]}
      />
    </FormDialog>
  );
}
