import type { RoomId, UserId } from "../names.ts";
import type { HubContext } from "./hub-context.ts";
import type { RoomRegistry } from "./room-registry.ts";
import type { Room } from "./room.ts";

/**
 * An account is no more: open rooms forget it, and `heirs` (the store's decision) become owners of the
 * logged ones it left without. Each room sees it in its turn, after changes that were under way.
 */
export function handOver(
  context: HubContext,
  rooms: RoomRegistry,
  userId: UserId,
  heirs: readonly { readonly roomId: RoomId; readonly userId: UserId }[],
): void {
  const heirIds = new Map(heirs.map((heir) => [heir.roomId, heir.userId]));
  const known = [...rooms.all()].filter((room) => room.roster.has(userId) || heirIds.has(room.id));
  for (const room of known) {
    rooms.changes.run(room.id, (done) => {
      const wasOwner = room.roster.roleOf(userId) === "owner";
      room.roster.delete(userId);
      room.people?.forget(userId);
      const heirId = heirIds.get(room.id) ?? (wasOwner ? heirInMemory(room) : undefined);
      if (heirId !== undefined && !room.isDeleted) makeOwner(context, room, heirId);
      done();
      rooms.dropIfUnused(room);
    });
  }
}

function makeOwner(context: HubContext, room: Room, userId: UserId): void {
  room.setMember(userId, { role: "owner", invited: false });
  const user = context.users.byId(userId);
  if (user === undefined) return;
  room.people?.note(user);
  tellRole(context, room, userId);
}

/** Tells the user's sessions that are in the room what their role is now. */
export function tellRole(context: HubContext, room: Room, userId: UserId): void {
  const user = context.users.byId(userId);
  for (const session of user?.sessions ?? []) {
    if (session.findRoom(room.id) === undefined) continue;
    context.effects.reply({ type: "roleChanged", session: session.key, room: room.infoFor(session.user) });
  }
}

/** A moderator, else a member, of a memory room without an owner. */
function heirInMemory(room: Room): UserId | undefined {
  if (room.kind !== "memory" || room.roster.withRole("owner").length > 0) return undefined;
  const [first] = [...room.roster.withRole("moderator"), ...room.roster.withRole("member")];
  if (first !== undefined) return first;
  for (const user of room.users) return user.id;
  return undefined;
}
