import type { Town } from "./town.ts";
import type { Setting, SettingName } from "./ledger.ts";
import { refusalOf } from "./room-commands.ts";

/** Rule 11: settings on the disk are among those that may be, by what was acknowledged. */
export function checkSettings(town: Town): void {
  const { ledger, disk, breach } = town;
  for (const { id, kind } of ledger.rooms.values()) {
    const room = kind === "memory" ? undefined : disk.ask("findRoomById", { id });
    if (room === undefined) continue;
    const { settings, name } = room;
    const { topic, access, archived, slowModeMs, slowReader, retentionAgeMs, retentionCount } = settings;
    const now = { name, topic, access, archived, slowModeMs, slowReader, retentionAgeMs, retentionCount };
    const check = (setting: SettingName, isIt: (value: Setting) => boolean, shown: unknown): void => {
      const possible = ledger.setting(id, setting).possible();
      if (possible.some((value) => value === undefined || isIt(value))) return;
      breach(11, `${setting} of room ${id} is ${String(shown)}, not ${possible.map(String).join(" or ")}`);
    };
    for (const [setting, value] of Object.entries(now))
      check(setting as SettingName, (possible) => possible === value, value);
    const { passwordHash } = settings;
    check(
      "password",
      (password) => passwordHash === (password === "" ? "" : `quick:${String(password)}`),
      passwordHash,
    );
  }
}

/** Rule 14: retention leaves exactly what it should. */
export function checkRetention(town: Town): void {
  const { ledger, disk, breach } = town;
  for (const { id, kind } of ledger.rooms.values()) {
    const room = kind === "memory" ? undefined : disk.ask("findRoomById", { id });
    if (room === undefined || room.lastOffset === 0) continue;
    const { firstOffset, lastOffset, settings } = room;
    const { retentionAgeMs, retentionCount } = settings;
    const log = disk.log(id);
    if (log.length !== lastOffset - firstOffset + 1) breach(14, `room ${id} has gaps`);
    if (retentionCount > 0 && log.length > retentionCount)
      breach(14, `room ${id} keeps ${log.length} entries, not ${retentionCount}`);
    const count = ledger.setting(id, "retentionCount");
    const age = ledger.setting(id, "retentionAgeMs");
    if (count.isUntouched && age.isUntouched && count.possible()[0] === 0 && firstOffset !== 1)
      breach(14, `room ${id} begins at ${firstOffset} without ever having had a retention`);
    if (retentionAgeMs > 0) {
      const old = log
        .slice(0, -1)
        .filter(({ timeMs }) => timeMs < town.wallMs() - retentionAgeMs - MAINTENANCE_GRACE_MS);
      if (old.length > 0) breach(14, `room ${id} keeps ${old.length} entries that are too old`);
    }
  }
}

/** Background work is done at least so often when all is quiet. */
const MAINTENANCE_GRACE_MS = 5000;

/** Rule 11: rooms are found by their names as they are. */
export async function checkNames(town: Town): Promise<void> {
  const { ledger, disk, breach } = town;
  const device = town.mayorsDevice();
  if (device === undefined) return;
  for (const { id, kind } of ledger.rooms.values()) {
    const room = kind === "memory" ? undefined : disk.ask("findRoomById", { id });
    if (room === undefined || device.client.rooms.length >= 30) continue;
    const before = device.client.rooms.some(({ roomId }) => roomId === id);
    if (before) continue;
    ledger.standing(id, device.person.name).begin("joined");
    const refusal = await refusalOf(device.client.joinRoom(room.name));
    const isIn = device.client.rooms.some(({ roomId, name }) => roomId === id && name === room.name);
    if (refusal !== "" || !isIn) breach(11, `room ${id} is not found as ${room.name}: ${refusal}`);
    await refusalOf(device.client.leaveRoom(id));
  }
}

/** Rule 11: what is deleted is gone. */
export function checkDeletedRooms(town: Town): void {
  const { ledger, disk, breach } = town;
  for (const { id, kind } of ledger.rooms.values()) {
    const states = ledger.roomState(id).possible();
    const isThere = kind === "memory" ? false : disk.ask("findRoomById", { id }) !== undefined;
    if (kind === "logged" && isThere && states.every((state) => state === "deleted"))
      breach(11, `room ${id} was deleted and is there`);
    if (kind === "logged" && !isThere && !states.includes("deleted")) breach(11, `room ${id} is gone`);
    if (!states.every((state) => state === "deleted")) continue;
    for (const person of town.people) {
      for (const device of person.devices) {
        if (device.isOnline && device.client.rooms.some(({ roomId }) => roomId === id))
          breach(11, `${person.name} is in room ${id}, which is deleted`);
      }
    }
  }
}
