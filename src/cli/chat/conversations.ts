import { nameKey } from "../../protocol/names.ts";
import { Conversation } from "./conversation.ts";

/** The rooms and direct conversations of a chat session, in the order of their numbers; one is the current one. */
export class Conversations {
  readonly #list: Conversation[] = [];
  #current: Conversation;

  /** The lobby is the first one, and is never removed. */
  constructor(lobby: Conversation) {
    this.#list.push(lobby);
    this.#current = lobby;
  }

  get current(): Conversation {
    return this.#current;
  }

  get lobby(): Conversation {
    const [lobby] = this.#list;
    if (lobby === undefined) throw new Error("there is always a lobby");
    return lobby;
  }

  get list(): readonly Conversation[] {
    return this.#list;
  }

  byId(roomId: number): Conversation | undefined {
    return roomId === 0 ? undefined : this.#list.find((each) => each.roomId === roomId);
  }

  /** A room's, or "@name", or a name alone: then a room before a direct conversation. */
  byName(name: string): Conversation | undefined {
    const isDirect = name.startsWith("@");
    const key = nameKey(isDirect ? name.slice(1) : name);
    const named = this.#list.filter((each) => nameKey(each.name) === key);
    if (isDirect) return named.find((each) => each.isDirect);
    return named.find((each) => !each.isDirect) ?? named[0];
  }

  /** The room, made known if it was not. A room keeps its place when it was made anew under another id. */
  room(roomId: number, name: string): Conversation {
    const known =
      this.byId(roomId) ?? this.#list.find((each) => !each.isDirect && nameKey(each.name) === nameKey(name));
    if (known === undefined) return this.#add(new Conversation(roomId, name, false));
    known.roomId = roomId;
    if (name !== "") known.name = name;
    return known;
  }

  /** The direct conversation with somebody; `roomId` 0: not known yet. */
  direct(name: string, roomId = 0): Conversation {
    const known =
      this.byId(roomId) ?? this.#list.find((each) => each.isDirect && nameKey(each.name) === nameKey(name));
    if (known === undefined) return this.#add(new Conversation(roomId, name, true));
    if (roomId !== 0) known.roomId = roomId;
    return known;
  }

  /** Without the lobby. The current one's place is taken by the lobby. */
  remove(conversation: Conversation): void {
    const index = this.#list.indexOf(conversation);
    if (index > 0) this.#list.splice(index, 1);
    if (this.#current === conversation) this.#current = this.lobby;
  }

  goTo(conversation: Conversation): void {
    this.#current = conversation;
  }

  #add(conversation: Conversation): Conversation {
    this.#list.push(conversation);
    return conversation;
  }
}
