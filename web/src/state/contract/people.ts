import type { RoomRoleName } from "../../../../src/client/room-info.ts";
import type { Failure } from "./page.ts";
import type { PlaceKey } from "./places.ts";

export interface MemberItem {
  readonly name: string;
  readonly displayName: string;
  readonly role: RoomRoleName;
  readonly isPresent: boolean;
  readonly isMe: boolean;
  /** 0: not muted. */
  readonly mutedUntilMs: number;
  /** This user may kick, mute and ban that one. */
  readonly mayModerate: boolean;
}

/** The people of the open room: present first, owners and moderators first, then by name. */
export interface MembersSnapshot {
  readonly place: PlaceKey;
  readonly members: readonly MemberItem[];
  /** Of all; above `members.length` there are more than are loaded: `loadMoreMembers`. */
  readonly total: number;
  readonly presentCount: number;
  readonly isLoading: boolean;
  readonly failure: Failure | undefined;
}

export interface SanctionItem {
  readonly subject: string;
  readonly kind: "mute" | "ban";
  /** 0: until it is taken back. */
  readonly untilMs: number;
  readonly reason: string;
  readonly by: string;
}
