import type { UserId } from "../names.ts";
import type { StoredMember } from "../store/store.ts";
import type { Room } from "./room.ts";

/**
 * Members of a memory room whose name keys are after `afterKey`: who is in it, and who has a role there
 * without being in. At most `limit` of them; `total` of them all.
 */
export function membersInMemory(
  room: Room,
  afterKey: string,
  limit: number,
  isPresent: (userId: UserId) => boolean,
): { readonly members: readonly StoredMember[]; readonly total: number } {
  const { roster, people } = room;
  const absent: StoredMember[] = [];
  let absentCount = 0;
  for (const { userId, role, mutedUntilMs } of roster.entries()) {
    const person = people?.find(userId);
    if (role === "none" || isPresent(userId) || person === undefined) continue;
    absentCount += 1;
    const { name, nameKey, displayName } = person;
    if (nameKey > afterKey) absent.push({ userId, name, nameKey, displayName, role, mutedUntilMs });
  }
  const here = room.page(afterKey, limit).users.map((user): StoredMember => {
    const { id: userId, name, nameKey, displayName } = user;
    const known = roster.roleOf(userId);
    const role = known === "none" ? "member" : known;
    return { userId, name, nameKey, displayName, role, mutedUntilMs: roster.mutedUntilMs(userId) };
  });
  const members = [...here, ...absent].sort((left, right) => (left.nameKey < right.nameKey ? -1 : 1));
  return { members: members.slice(0, limit), total: room.memberCount + absentCount };
}
