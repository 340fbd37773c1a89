import type { RoomId, UserId } from "../../src/chat/names.ts";
import { OPEN_ROOM_SETTINGS } from "../../src/chat/store/open-room-settings.ts";
import {
  type AuditRecord,
  type NewMessage,
  type RoomSettings,
  type Store,
  StoreError,
  type StoreErrorCode,
} from "../../src/chat/store/store.ts";

/** One kind of store under test, with a medium of its own that is empty at first. */
export interface StoreHarness {
  /** Opens a store on the medium: the same one each time. */
  open(options?: { readonly queueLimit?: number }): Promise<Store>;
  /** Throws the medium away; every store is closed by then. */
  discard(): Promise<void>;
}

/** What the cases of one area work with: a new, empty store for each. */
export interface StoreFixture {
  readonly store: Store;
  reopen(options?: { readonly queueLimit?: number }): Promise<void>;
}

export const NOW_MS = 1_700_000_000_000;

/** A guest's message; `serial` makes its client message id and its text. */
export function messageOf(roomId: RoomId, serial: number, change: Partial<NewMessage> = {}): NewMessage {
  return {
    roomId,
    senderId: -7,
    senderName: "Seven",
    clientMessageId: `id-${serial}`,
    text: `text ${serial}`,
    timeMs: NOW_MS + serial,
    kind: "text",
    target: 0,
    replyTo: 0,
    asModerator: false,
    ...change,
  };
}

/** For assert.rejects: a StoreError with this code. */
export function withCode(code: StoreErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.code === code;
}

/** Whole numbers from `first` to `last`. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

export function auditOf(action: string): AuditRecord {
  return { timeMs: NOW_MS, actor: "root", action, subject: "somebody", room: "", detail: "why not" };
}

/** Makes an account and gives its id; the key is the name in small letters. */
export async function makeAccount(store: Store, name: string): Promise<UserId> {
  const made = await store.ask("createAccount", {
    name,
    nameKey: name.toLowerCase(),
    passwordHash: "$argon2id$",
    nowMs: NOW_MS,
  });
  if (!made.created) throw new Error(`${name}: ${made.why}`);
  return made.id;
}

/** Opens a logged room without members and gives its id. */
export async function openRoom(store: Store, name = "room"): Promise<RoomId> {
  const room = await store.ask("openRoom", { name, kind: "logged", members: [], nowMs: NOW_MS });
  return room.id;
}

/** Makes a room that `ownerId` owns, and gives its id. */
export async function makeRoom(
  store: Store,
  name: string,
  ownerId: UserId,
  settings: Partial<RoomSettings> = {},
): Promise<RoomId> {
  const made = await store.ask("createRoom", {
    name,
    ownerId,
    maxOwned: 100,
    nowMs: NOW_MS,
    settings: { ...OPEN_ROOM_SETTINGS, ...settings },
  });
  if (!made.created) throw new Error(`${name}: ${made.why}`);
  return made.room.id;
}

/** Opens the conversation of two users and gives its id. */
export async function openConversation(store: Store, one: UserId, other: UserId): Promise<RoomId> {
  const [low = 0, high = 0] = [one, other].toSorted((a, b) => a - b);
  const room = await store.ask("openRoom", {
    name: `@${low}:${high}`,
    kind: "direct",
    members: [low, high].map((userId) => ({ userId, role: "member", userName: `Guest${-userId}` }) as const),
    nowMs: NOW_MS,
  });
  return room.id;
}

/** Does all that is due, and says which rooms were trimmed, with the newest first offset of each. */
export async function maintainAll(store: Store, nowMs = NOW_MS): Promise<Map<RoomId, number>> {
  const firstOffsets = new Map<RoomId, number>();
  for (let round = 0; round < 10_000; round++) {
    const { trimmed, more } = await store.ask("maintain", { nowMs });
    for (const { roomId, firstOffset } of trimmed) firstOffsets.set(roomId, firstOffset);
    if (!more) return firstOffsets;
  }
  throw new Error("maintenance never comes to an end");
}
