import { formatDuration } from "../../base/duration.ts";
import { nearestName } from "../../base/nearest-name.ts";
import type { RoomInfo, RoomAccessName, RoomChange, SlowReaderName } from "./chat-port.ts";
import { durationOf, UsageError, wholeNumber } from "./command.ts";

/** What /set takes, a line for each key. */
export const roomSettings: readonly string[] = [
  "name NAME                                       another name",
  "access public | private                         who may come in",
  "password WORD                                   only who knows it may come in",
  "slow-mode TIME | off                            how long a member waits between two messages",
  "slow-reader disconnect | skip-to-latest | catch-up   what becomes of members who read too slowly",
  "keep-age TIME | forever                         older messages are removed",
  "keep-count COUNT | all                          only so many messages are kept",
  "archived yes | no                               kept for reading only",
];

const slowReaders: ReadonlyMap<string, SlowReaderName> = new Map([
  ["disconnect", "disconnect"],
  ["skip-to-latest", "skipToLatest"],
  ["catch-up", "catchUp"],
]);

const readers: Readonly<Record<string, (value: string) => RoomChange>> = {
  name: (value) => ({ name: value }),
  access: (value) => ({
    access: choice(
      value,
      new Map<string, RoomAccessName>([
        ["public", "public"],
        ["private", "private"],
      ]),
    ),
  }),
  password: (value) => ({ access: "password", password: value }),
  "slow-mode": (value) => ({ slowModeMs: durationOf(value) }),
  "slow-reader": (value) => ({ slowReader: choice(value, slowReaders) }),
  "keep-age": (value) => ({ retentionAgeMs: durationOf(value) }),
  "keep-count": (value) => ({ retentionCount: value === "all" ? 0 : wholeNumber(value, "a number or all") }),
  archived: (value) => ({
    isArchived: choice(
      value,
      new Map([
        ["yes", true],
        ["no", false],
      ]),
    ),
  }),
};

/** Pairs of a key and a value. */
export function readRoomChange(words: readonly string[]): RoomChange {
  let change: RoomChange = {};
  for (let index = 0; index < words.length; index += 2) {
    const [key = "", value] = words.slice(index, index + 2);
    const read = Object.hasOwn(readers, key) ? readers[key] : undefined;
    if (read === undefined) {
      const nearest = nearestName(key, Object.keys(readers));
      const hint =
        nearest === undefined ? `there are ${Object.keys(readers).join(", ")}` : `did you mean ${nearest}?`;
      throw new UsageError(`there is no setting ${key}; ${hint}`);
    }
    if (value === undefined) throw new UsageError(`${key} takes a value; /help set lists them`);
    change = { ...change, ...read(value) };
  }
  return change;
}

/** A room's settings in words. */
export function describeRoom(room: RoomInfo): string[] {
  const slowReader = [...slowReaders].find(([, value]) => value === room.slowReader)?.[0] ?? room.slowReader;
  return [
    `name ${room.name}`,
    `access ${room.access}`,
    `kind ${room.kind}`,
    `slow-mode ${room.slowModeMs === 0 ? "off" : formatDuration(room.slowModeMs)}`,
    `slow-reader ${slowReader}`,
    `keep-age ${room.retentionAgeMs === 0 ? "forever" : formatDuration(room.retentionAgeMs)}`,
    `keep-count ${room.retentionCount === 0 ? "all" : room.retentionCount}`,
    `archived ${room.isArchived ? "yes" : "no"}`,
    ...(room.role === "none" ? [] : [`you are ${room.role}`]),
  ];
}

function choice<Value>(text: string, choices: ReadonlyMap<string, Value>): Value {
  const value = choices.get(text);
  if (value === undefined) throw new UsageError(`"${text}" is none of ${[...choices.keys()].join(", ")}`);
  return value;
}
