import type { RoomId, UserId } from "../../names.ts";
import type { StoreRequests } from "../store.ts";
import type { Tables } from "./request-handlers.ts";

type DeleteAccount = StoreRequests["deleteAccount"];

/** Removes an account and all that is its own. What it said stays, and so do its reactions. */
export function deleteAccountRequest(
  tables: Tables,
): (request: DeleteAccount["request"]) => DeleteAccount["result"] {
  const { sql, audit, members, sanctions } = tables;
  const ownedRooms = sql(`
    SELECT room_id FROM room_members JOIN rooms ON rooms.id = room_id AND rooms.deleted = 0
    WHERE user_id = ? AND role = 'owner' ORDER BY room_id`);
  const otherOwner = sql(`
    SELECT 1 FROM room_members INDEXED BY room_members_special WHERE room_id = ? AND user_id <> ?
      AND (role <> 'member' OR invited = 1) AND role = 'owner' LIMIT 1`);
  const heir = sql(`
    SELECT user_id FROM room_members AS heirs
    WHERE room_id = ?1 AND user_id > 0 AND user_id <> ?2 AND role IN ('moderator', 'member') AND NOT EXISTS (
      SELECT 1 FROM sanctions WHERE sanctions.room_id = ?1 AND sanctions.user_id = heirs.user_id
        AND sanctions.kind = 'ban' AND until_ms > ?3)
    ORDER BY role = 'moderator' DESC, joined_ms, user_id LIMIT 1`);
  const dropBlocks = sql("DELETE FROM blocks WHERE user_id = ?1 OR other_id = ?1");
  const dropMentions = sql("DELETE FROM mentions WHERE user_id = ?");
  const dropAccount = sql("DELETE FROM accounts WHERE id = ?");

  const findHeir = (roomId: RoomId, id: UserId, nowMs: number): UserId | undefined => {
    if (otherOwner.get(roomId, id) !== undefined) return undefined;
    const row = heir.get(roomId, id, nowMs);
    return row === undefined ? undefined : Number(row.user_id);
  };

  return ({ id, nowMs, audit: record }) => {
    const newOwners: { roomId: RoomId; userId: UserId }[] = [];
    for (const row of ownedRooms.all(id)) {
      const roomId = Number(row.room_id);
      const userId = findHeir(roomId, id, nowMs);
      if (userId === undefined) continue;
      members.change({ roomId, userId, nowMs, role: "owner" });
      newOwners.push({ roomId, userId });
    }
    // Its tokens go with it.
    if (dropAccount.run(id) === 0) return { deleted: false, newOwners: [] };
    members.removeUser(id);
    sanctions.removeUser(id);
    dropBlocks.run(id);
    dropMentions.run(id);
    audit.write(record);
    return { deleted: true, newOwners };
  };
}
