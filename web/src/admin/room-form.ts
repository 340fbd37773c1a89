import type { RoomChange, RoomDetails } from "./admin-types.ts";
import { durationText, parseDuration } from "./format.ts";

/** A room's settings as they are typed. */
export interface RoomForm {
  readonly name: string;
  readonly topic: string;
  readonly access: RoomDetails["access"];
  readonly archived: boolean;
  readonly slowReader: RoomDetails["slowReader"];
  readonly slowMode: string;
  readonly retentionAge: string;
  readonly retentionCount: string;
}

export type RoomFormError = "duration" | "count";

export function formOf(room: RoomDetails): RoomForm {
  const { name, topic, access, archived, slowReader } = room;
  return {
    name,
    topic,
    access,
    archived,
    slowReader,
    slowMode: durationText(room.slowModeMs),
    retentionAge: durationText(room.retentionAgeMs),
    retentionCount: String(room.retentionCount),
  };
}

/** What is different from how the room is; what somebody else changed meanwhile is left alone. */
export function changeOf(
  room: RoomDetails,
  form: RoomForm,
): { readonly change: RoomChange; readonly errors: Partial<Record<keyof RoomForm, RoomFormError>> } {
  const errors: Partial<Record<keyof RoomForm, RoomFormError>> = {};
  const change: RoomChange = {};
  const before = formOf(room);
  if (form.name.trim() !== before.name) change.name = form.name.trim();
  if (form.topic !== before.topic) change.topic = form.topic;
  if (form.access !== before.access && form.access !== "password") change.access = form.access;
  if (form.archived !== before.archived) change.archived = form.archived;
  if (form.slowReader !== before.slowReader) change.slowReader = form.slowReader;

  const durations = [
    ["slowMode", "slowModeMs"],
    ["retentionAge", "retentionAgeMs"],
  ] as const;
  for (const [typed, setting] of durations) {
    const ms = parseDuration(form[typed]);
    if (ms === undefined) errors[typed] = "duration";
    // Compared as it is typed: what durationText leaves out (milliseconds) is not lost by saving.
    else if (form[typed].trim() !== before[typed]) change[setting] = ms;
  }

  const count = /^\d{1,12}$/.test(form.retentionCount.trim()) ? Number(form.retentionCount) : undefined;
  if (count === undefined) errors.retentionCount = "count";
  else if (count !== room.retentionCount) change.retentionCount = count;
  return { change, errors };
}
