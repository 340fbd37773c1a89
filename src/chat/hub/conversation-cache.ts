import { assert } from "../../base/assert.ts";
import type { RoomId, UserId } from "../names.ts";
import type { NewMember, StoredRoom } from "../store/store.ts";
import { DirectConversation, type Partner } from "./direct-conversation.ts";
import { directName } from "./direct-name.ts";
import type { HubContext } from "./hub-context.ts";

/** What waits for a conversation to be opened. */
interface Waiting {
  readonly onOpen: () => void;
  readonly onFailed: (busy: boolean) => void;
}

/**
 * The direct conversations that were used last, `maxDirectConversations` of them; none that is in use is
 * forgotten.
 */
export class ConversationCache {
  readonly #context: HubContext;
  /** By name; the longest unused first. */
  readonly #byName = new Map<string, DirectConversation>();
  readonly #byId = new Map<RoomId, DirectConversation>();
  readonly #waiting = new Map<DirectConversation, Waiting[]>();

  constructor(context: HubContext) {
    this.#context = context;
  }

  get count(): number {
    return this.#byName.size;
  }

  /** Only what is open. */
  byId(id: RoomId): DirectConversation | undefined {
    const conversation = this.#byId.get(id);
    if (conversation !== undefined) this.#touch(conversation);
    return conversation;
  }

  between(one: UserId, other: UserId): DirectConversation | undefined {
    return this.#byName.get(directName(one, other));
  }

  /** Finds or adds, as the one used last. Undefined when all that may be remembered are in use. */
  enter(one: Partner, other: Partner): DirectConversation | undefined {
    const name = directName(one.id, other.id);
    const known = this.#byName.get(name);
    if (known !== undefined) {
      this.#touch(known);
      return known;
    }
    if (this.#byName.size >= this.#context.options.maxDirectConversations && !this.#forgetOldest()) {
      return undefined;
    }
    const added = new DirectConversation(name, one, other);
    this.#byName.set(name, added);
    return added;
  }

  /**
   * Calls `onOpen` when the store has opened the conversation (at once, if it has), or `onFailed`, in the
   * order they came. False, and neither is called, when too many wait.
   */
  whenOpen(conversation: DirectConversation, onOpen: () => void, onFailed: (busy: boolean) => void): boolean {
    if (conversation.isOpen) {
      onOpen();
      return true;
    }
    const waiting = this.#waiting.get(conversation);
    if (waiting === undefined) {
      this.#waiting.set(conversation, [{ onOpen, onFailed }]);
      this.#open(conversation);
    } else if (waiting.length < this.#context.options.maxWaitingPerRoom) {
      waiting.push({ onOpen, onFailed });
    } else {
      return false;
    }
    conversation.useCount += 1;
    return true;
  }

  #open(conversation: DirectConversation): void {
    const { name, one, other } = conversation;
    const members = one.id === other.id ? [memberOf(one)] : [memberOf(one), memberOf(other)];
    this.#context.ask(
      "openRoom",
      { name, kind: "direct", members, nowMs: this.#context.now.wallMs },
      (room) => {
        // A room that anybody may join under this name would be a store's mistake.
        if (room.kind === "direct") this.#opened(conversation, room);
        else this.#openFailed(conversation, false);
      },
      (busy) => this.#openFailed(conversation, busy),
    );
  }

  #opened(conversation: DirectConversation, room: StoredRoom): void {
    conversation.open(room);
    this.#byId.set(room.id, conversation);
    for (const { onOpen } of this.#settle(conversation)) onOpen();
  }

  #openFailed(conversation: DirectConversation, busy: boolean): void {
    const waiting = this.#settle(conversation);
    if (conversation.useCount === 0) this.#byName.delete(conversation.name);
    for (const { onFailed } of waiting) onFailed(busy);
  }

  #settle(conversation: DirectConversation): readonly Waiting[] {
    const waiting = this.#waiting.get(conversation) ?? [];
    this.#waiting.delete(conversation);
    conversation.useCount -= waiting.length;
    return waiting;
  }

  #touch(conversation: DirectConversation): void {
    this.#byName.delete(conversation.name);
    this.#byName.set(conversation.name, conversation);
  }

  #forgetOldest(): boolean {
    for (const conversation of this.#byName.values()) {
      if (conversation.useCount > 0) continue;
      assert(!this.#waiting.has(conversation), "who waits is counted");
      this.#byName.delete(conversation.name);
      if (conversation.isOpen) this.#byId.delete(conversation.id);
      return true;
    }
    return false;
  }
}

/** A guest has no account to find its name by. */
function memberOf({ id, name }: Partner): NewMember {
  return { userId: id, role: "member", userName: id < 0 ? name : "" };
}
