import type { PlaceKey, SideListSnapshot } from "../../state/contract.ts";

/**
 * The place above or below the open one in the side list, around its ends; `unread`: the next that has
 * something unread. Undefined: there is none.
 */
export function nextPlace(
  { rooms, conversations, current }: Pick<SideListSnapshot, "rooms" | "conversations" | "current">,
  step: 1 | -1,
  unread: boolean,
): PlaceKey | undefined {
  const all = [...rooms, ...conversations];
  const { length } = all;
  const at = all.findIndex(({ key }) => key === current);
  for (let distance = 1; distance <= length; distance++) {
    const start = at < 0 && step === -1 ? 0 : at;
    const item = all[(start + step * distance + length * distance) % length];
    if (item === undefined || item.key === current) continue;
    if (!unread || item.unreadCount > 0) return item.key;
  }
  return undefined;
}
