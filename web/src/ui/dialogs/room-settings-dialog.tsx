import { type ReactElement, useState } from "react";
import { checkRoomName } from "../../../../src/protocol/names.ts";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { ChatActions, PlaceSnapshot, RoomSettings, RoomSettingsChange } from "../../state/contract.ts";
import { FailureNote } from "../failure-note.tsx";
import { Button } from "../primitives/button.tsx";
import { Choice } from "../primitives/choice.tsx";
import { Dialog } from "../primitives/dialog.tsx";
import { Tabs } from "../primitives/tabs.tsx";
import { SelectField, TextField } from "../primitives/text-field.tsx";
import { Toggle } from "../primitives/toggle.tsx";
import { useOutcome } from "../use-outcome.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SLOW_MODES = [0, 5 * SECOND, 10 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR];
const RETENTIONS = [0, DAY, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY];

interface RoomSettingsDialogProps {
  readonly place: PlaceSnapshot;
  readonly settings: RoomSettings;
  readonly actions: Pick<ChatActions, "roomUpdate" | "deleteRoom">;
  readonly onClose: () => void;
}

type Part = "general" | "access" | "keeping" | "danger";

/** What a room's owner sets, and its moderators in part. Changes are sent together by Save. */
export function RoomSettingsDialog({
  place,
  settings,
  actions,
  onClose,
}: RoomSettingsDialogProps): ReactElement {
  const { t, format } = useI18n();
  const [part, setPart] = useState<Part>("general");
  const [draft, setDraft] = useState<RoomSettings>(settings);
  const [password, setPassword] = useState("");
  const { isBusy, failure, run } = useOutcome();
  const { mayEditTopic, mayEditSettings, mayDelete } = place.permissions;
  const set = (change: Partial<RoomSettings>): void => setDraft((before) => ({ ...before, ...change }));
  const change = changeBetween(settings, draft, password);
  const isNameWrong = !checkRoomName(draft.name.trim()).ok;
  const needsPassword = draft.access === "password" && settings.access !== "password" && password === "";

  const choices = (values: readonly number[], current: number, label: (ms: number) => string) =>
    [...new Set([...values, current])]
      .sort((a, b) => a - b)
      .map((ms) => ({ value: String(ms), label: label(ms) }));

  const general = (): ReactElement => (
    <div className="form">
      <TextField
        label={t.settings.name}
        prefix="#"
        value={draft.name}
        onChange={(value) => set({ name: value.replaceAll(/\s+/g, "-") })}
        error={isNameWrong ? `${t.failures.NAME_INVALID} ${t.createRoom.nameHint}` : undefined}
        disabled={!mayEditSettings || place.isLobby}
      />
      <TextField
        label={t.settings.topic}
        value={draft.topic}
        onChange={(topic) => set({ topic })}
        placeholder={t.createRoom.topicHint}
        disabled={!mayEditTopic}
        maxLength={200}
      />
      <SelectField
        label={t.settings.slowMode}
        hint={t.settings.slowModeHint}
        value={String(draft.slowModeMs)}
        onChange={(value) => set({ slowModeMs: Number(value) })}
        options={choices(SLOW_MODES, draft.slowModeMs, (ms) =>
          ms === 0 ? t.settings.off : t.settings.every(format.duration(ms)),
        )}
        disabled={!mayEditTopic}
      />
    </div>
  );

  const access = (): ReactElement => (
    <div className="form">
      <Choice
        label={t.createRoom.access}
        value={draft.access}
        onChange={(value) => set({ access: value })}
        disabled={!mayEditSettings || place.isLobby}
        options={[
          { value: "public", label: t.access.public, hint: t.access.publicHint },
          { value: "private", label: t.access.private, hint: t.access.privateHint },
          { value: "password", label: t.access.password, hint: t.access.passwordHint },
        ]}
      />
      {draft.access === "password" && (
        <TextField
          label={settings.access === "password" ? t.settings.password : t.createRoom.password}
          hint={settings.access === "password" ? t.settings.passwordHint : undefined}
          type="password"
          autoComplete="new-password"
          value={password}
          onChange={setPassword}
          disabled={!mayEditSettings}
        />
      )}
    </div>
  );

  const keeping = (): ReactElement => (
    <div className="form">
      {place.roomKind === "memory" && <p className="field-note">{t.settings.memoryKind}</p>}
      <SelectField
        label={t.settings.retentionAge}
        value={String(draft.retentionAgeMs)}
        onChange={(value) => set({ retentionAgeMs: Number(value) })}
        options={choices(RETENTIONS, draft.retentionAgeMs, (ms) =>
          ms === 0 ? t.settings.forever : format.duration(ms),
        )}
        disabled={!mayEditSettings}
      />
      <TextField
        label={t.settings.retentionCount}
        hint={t.settings.retentionCountHint}
        inputMode="numeric"
        value={String(draft.retentionCount)}
        onChange={(value) => set({ retentionCount: Number(value.replaceAll(/\D/g, "").slice(0, 9)) })}
        disabled={!mayEditSettings}
      />
      <SelectField
        label={t.settings.slowReader}
        value={draft.slowReader}
        onChange={(slowReader) => set({ slowReader })}
        options={[
          { value: "disconnect", label: t.settings.disconnect },
          { value: "skipToLatest", label: t.settings.skipToLatest },
          { value: "catchUp", label: t.settings.catchUp },
        ]}
        disabled={!mayEditSettings}
      />
    </div>
  );

  const danger = (): ReactElement => (
    <div className="form">
      <Toggle
        label={t.settings.archive}
        hint={t.settings.archiveHint}
        isOn={draft.isArchived}
        onChange={(isArchived) => set({ isArchived })}
        disabled={!mayEditSettings || place.isLobby}
      />
      {mayDelete && (
        <DeleteRoom room={settings.name} deleteRoom={() => actions.deleteRoom()} onDone={onClose} />
      )}
    </div>
  );

  return (
    <Dialog
      title={t.settings.title(settings.name)}
      description={
        mayEditSettings ? undefined : mayEditTopic ? t.settings.moderatorOnly : t.settings.readOnly
      }
      closeLabel={t.app.close}
      onClose={onClose}
      className="dialog-tabbed"
      footer={
        mayEditTopic && (
          <>
            <Button onClick={onClose}>{t.app.cancel}</Button>
            <Button
              kind="primary"
              isBusy={isBusy}
              disabled={Object.keys(change).length === 0 || isNameWrong || needsPassword}
              onClick={() => run(() => actions.roomUpdate(change), onClose)}
            >
              {t.app.save}
            </Button>
          </>
        )
      }
    >
      <Tabs
        label={t.settings.tabs}
        selected={part}
        onSelect={setPart}
        tabs={[
          { id: "general", label: t.settings.general, content: general },
          { id: "access", label: t.settings.accessTab, content: access },
          { id: "keeping", label: t.settings.keeping, content: keeping },
          ...(mayEditSettings ? [{ id: "danger", label: t.settings.danger, content: danger } as const] : []),
        ]}
      />
      <FailureNote failure={failure} />
    </Dialog>
  );
}

/** Only what is another: a moderator may not send what only the owner sets. */
function changeBetween(before: RoomSettings, after: RoomSettings, password: string): RoomSettingsChange {
  const fresh = { ...after, name: after.name.trim(), topic: after.topic.trim() };
  const changed = Object.entries(fresh).filter(([key, value]) => before[key as keyof RoomSettings] !== value);
  const change: RoomSettingsChange = Object.fromEntries(changed);
  if (after.access !== "password" || password === "") return change;
  return { ...change, access: "password", password };
}

function DeleteRoom({
  room,
  deleteRoom,
  onDone,
}: {
  readonly room: string;
  readonly deleteRoom: ChatActions["deleteRoom"];
  readonly onDone: () => void;
}): ReactElement {
  const { t } = useI18n();
  const [typed, setTyped] = useState("");
  const { isBusy, failure, run } = useOutcome();
  return (
    <form
      className="form danger-zone"
      onSubmit={(event) => {
        event.preventDefault();
        if (typed === room) run(deleteRoom, onDone);
      }}
    >
      <h3>{t.settings.delete}</h3>
      <p className="field-note">{t.settings.deleteHint}</p>
      <TextField
        label={t.settings.deleteConfirm(room)}
        value={typed}
        onChange={setTyped}
        autoComplete="off"
      />
      <FailureNote failure={failure} />
      <div className="form-actions">
        <Button type="submit" kind="danger" disabled={typed !== room} isBusy={isBusy}>
          {t.settings.deleteNow}
        </Button>
      </div>
    </form>
  );
}
