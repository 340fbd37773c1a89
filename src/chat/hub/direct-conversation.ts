import { assert } from "../../base/assert.ts";
import type { RoomId, UserId } from "../names.ts";
import type { StoredRoom } from "../store/store.ts";

/** One of the two users of a conversation. */
export interface Partner {
  readonly id: UserId;
  readonly name: string;
}

/** The log of what two users whisper to each other; a stored room that nobody joins. */
export class DirectConversation {
  readonly kind = "direct";
  /** Of the room. */
  readonly name: string;
  readonly one: Partner;
  readonly other: Partner;
  /** Requests that need it as it is; it is not forgotten while there are any. */
  useCount = 0;
  #id: RoomId | undefined;
  #lastOffset = 0;
  /** Undefined until the store, or a change, has said it. */
  #isBlockedByOne: boolean | undefined;
  #isBlockedByOther: boolean | undefined;

  constructor(name: string, one: Partner, other: Partner) {
    this.name = name;
    this.one = one;
    this.other = other;
  }

  get isOpen(): boolean {
    return this.#id !== undefined;
  }

  /** The room's; it must be open. */
  get id(): RoomId {
    assert(this.#id !== undefined, "the conversation is open");
    return this.#id;
  }

  /** The newest offset that an answer of the store has told of. */
  get lastOffset(): number {
    return this.#lastOffset;
  }

  /** What the store has; a block that changed since it was asked counts more. */
  open({ id, lastOffset, blockedBy }: StoredRoom): void {
    this.#id = id;
    this.advanceTo(lastOffset);
    this.#isBlockedByOne ??= blockedBy.includes(this.one.id);
    this.#isBlockedByOther ??= blockedBy.includes(this.other.id);
  }

  advanceTo(offset: number): void {
    this.#lastOffset = Math.max(this.#lastOffset, offset);
  }

  has(userId: UserId): boolean {
    return this.one.id === userId || this.other.id === userId;
  }

  /** The partner of the user; the user itself where it talks to itself. */
  partnerOf(userId: UserId): Partner {
    return this.one.id === userId ? this.other : this.one;
  }

  /** Whether the user takes no whispers from the other. */
  isBlockedBy(userId: UserId): boolean {
    return (this.one.id === userId ? this.#isBlockedByOne : this.#isBlockedByOther) ?? false;
  }

  setBlocked(userId: UserId, blocked: boolean): void {
    if (this.one.id === userId) this.#isBlockedByOne = blocked;
    else this.#isBlockedByOther = blocked;
  }
}
