import type { StoredRoom } from "../store.ts";
import { reads, type RequestHandlers, type Tables, writes } from "./request-handlers.ts";
import { OPEN_ROOM_SETTINGS } from "../open-room-settings.ts";

type RoomRequestName = "openRoom" | "createRoom" | "findRoom" | "findRoomById" | "updateRoom" | "deleteRoom";

export function roomRequests(tables: Tables): RequestHandlers<RoomRequestName> {
  const { sql, audit, heads, members, rooms } = tables;
  const ownedCount = sql(`
    SELECT count(*) AS count FROM room_members JOIN rooms ON rooms.id = room_id AND rooms.deleted = 0
    WHERE user_id = ? AND role = 'owner'`);
  const nameOwner = sql("SELECT id FROM rooms WHERE name = ?");
  const update = sql(`
    UPDATE rooms SET name = ifnull(?, name), access = ifnull(?, access),
      password_hash = ifnull(?, password_hash), topic = ifnull(?, topic), archived = ifnull(?, archived),
      slow_mode_ms = ifnull(?, slow_mode_ms), slow_reader = ifnull(?, slow_reader),
      retention_age_ms = ifnull(?, retention_age_ms), retention_count = ifnull(?, retention_count)
    WHERE id = ? AND deleted = 0`);
  // No name that is asked for begins with a NUL.
  const remove = sql("UPDATE rooms SET deleted = 1, name = char(0) || id WHERE id = ? AND deleted = 0");

  const found = (room: StoredRoom | undefined): StoredRoom => {
    if (room === undefined) throw new Error("a room that was just made is not there");
    return room;
  };

  return {
    openRoom: writes((request) => {
      const { name, kind, nowMs, epoch = "" } = request;
      const room = rooms.byName(name);
      if (room !== undefined) return room;
      const id = rooms.insert({ name, kind, epoch, nowMs, settings: OPEN_ROOM_SETTINGS });
      for (const member of request.members) members.change({ ...member, roomId: id, nowMs });
      return found(rooms.byId(id));
    }),
    createRoom: writes((request) => {
      const { name, settings, ownerId, maxOwned, nowMs, epoch = "" } = request;
      if (nameOwner.get(name) !== undefined) return { created: false, why: "NAME_TAKEN" };
      if (Number(ownedCount.get(ownerId)?.count) >= maxOwned) return { created: false, why: "TOO_MANY" };
      const id = rooms.insert({ name, kind: "logged", epoch, nowMs, settings });
      members.change({ roomId: id, userId: ownerId, nowMs, role: "owner" });
      audit.write(request.audit);
      return { created: true, room: found(rooms.byId(id)) };
    }),
    findRoom: reads(({ name }) => rooms.byName(name)),
    findRoomById: reads(({ id }) => rooms.byId(id)),
    updateRoom: writes(({ id, change, audit: record }) => {
      const holder = change.name === undefined ? undefined : nameOwner.get(change.name);
      if (holder !== undefined && holder.id !== id && heads.of(id) !== undefined) return "NAME_TAKEN";
      const changed = update.run(
        change.name ?? null,
        change.access ?? null,
        change.passwordHash ?? null,
        change.topic ?? null,
        change.archived === undefined ? null : Number(change.archived),
        change.slowModeMs ?? null,
        change.slowReader ?? null,
        change.retentionAgeMs ?? null,
        change.retentionCount ?? null,
        id,
      );
      if (changed === 0) return "NO_ROOM";
      audit.write(record);
      return "DONE";
    }),
    deleteRoom: writes(({ id, audit: record }) => {
      heads.forget(id);
      if (remove.run(id) === 0) return false;
      audit.write(record);
      return true;
    }),
  };
}
