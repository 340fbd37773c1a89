import type { UserId } from "../names.ts";
import type { HubContext } from "./hub-context.ts";
import type { Room } from "./room.ts";

export interface MuteNotice {
  readonly userId: UserId;
  /** undefined: anywhere on the server. */
  readonly room: Room | undefined;
  /** 0: taken back. */
  readonly untilMs: number;
  readonly reason: string;
  readonly by: string;
}

/** Tells those of the user's sessions that it concerns. One that comes later learns of it when it speaks. */
export function tellMuted(context: HubContext, { userId, room, untilMs, reason, by }: MuteNotice): void {
  for (const session of context.users.byId(userId)?.sessions ?? []) {
    if (room !== undefined && session.findRoom(room.id) === undefined) continue;
    const place = { roomId: room?.id ?? 0, room: room?.name ?? "" };
    context.effects.reply({ type: "muted", session: session.key, ...place, untilMs, reason, by });
  }
}
