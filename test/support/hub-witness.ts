import assert from "node:assert/strict";
import type { Command, Request } from "../../src/chat/hub/command.ts";
import type { RoomEvent, SessionEvent } from "../../src/chat/hub/event.ts";
import type { DuplicatePolicy } from "../../src/chat/hub/hub-options.ts";
import {
  gateOf,
  MEMORY_ROOM_ID_BASE,
  type RoomId,
  type SessionKey,
  type UserId,
} from "../../src/chat/names.ts";
import { HubRightsWitness } from "./hub-rights-witness.ts";
import type { Effect, HubWorld } from "./hub-world.ts";

interface SeenSession {
  readonly userId: UserId;
  readonly user: string;
  readonly rooms: Set<RoomId>;
}

interface SeenRoom {
  lastOffset: number;
  /** Users that notices say are in the room. */
  readonly announced: Set<string>;
}

/** The request that each answer belongs to; other answers name theirs. */
const REQUEST_OF = {
  left: "leaveRoom",
  whispered: "whisper",
  history: "history",
  hits: "search",
  users: "listUsers",
  members: "listMembers",
  rooms: "listRooms",
  updated: "updateRoom",
  tokens: "listTokens",
  revoked: "revokeToken",
  blocks: "listBlocks",
  invitation: "adminInvitation",
  audit: "listAudit",
  sanctions: "listSanctions",
} as const;

/** The request whose answer stands in the order of a room, by the kind of its entry. */
const REQUEST_OF_KIND = {
  text: "publish",
  edit: "editMessage",
  delete: "deleteMessage",
  reaction: "react",
  reactionRemoved: "react",
} as const;

/**
 * Sees what gates see and holds the hub to its rules: one answer to each request, offsets without gaps,
 * subscriptions that fit the members, notices that fit the comings and goings, nothing to strangers.
 */
export class HubWitness {
  readonly #world: HubWorld;
  readonly #duplicates: DuplicatePolicy;
  readonly #maxSessionsPerUser: number;
  readonly #open = new Map<string, Request>();
  readonly #sessions = new Map<SessionKey, SeenSession>();
  readonly #rooms = new Map<RoomId, SeenRoom>();
  readonly #subscriptions = new Set<string>();
  /** Whose each name is; a guest may have had several. */
  readonly #userIds = new Map<string, UserId>();
  readonly #whispered = new Set<string>();
  /** Room, sender and text of what came live, to see that a repeat is not delivered twice. */
  readonly #memoryLog = new Map<string, number>();
  /** Requests whose answer waits for a password to be compared. */
  readonly #unproven: Extract<SessionEvent, { readonly type: "passwordNeeded" }>[] = [];
  readonly #rights: HubRightsWitness;

  constructor(world: HubWorld, duplicates: DuplicatePolicy, maxSessionsPerUser: number) {
    this.#world = world;
    this.#duplicates = duplicates;
    this.#maxSessionsPerUser = maxSessionsPerUser;
    this.#rights = new HubRightsWitness(world);
    for (const { id, name } of world.store.accounts.values()) this.#userIds.set(name, id);
    world.onEffect = (effect) => this.#see(effect);
  }

  beforeCommand(command: Command): void {
    if (command.type === "signOut") this.#forget(command.session);
    else if (command.type === "gateReset") this.#forgetGate(command.gateId);
    else if (command.type !== "typing") {
      this.#open.set(requestKey(command.session, command.requestId), command);
      this.#rights.asked(command, this.#sessions.get(command.session)?.userId);
    }
  }

  /** What a gate does with the rooms' passwords: the join again, where the password is right. */
  takeProven(password: string): Command[] {
    return this.#unproven.splice(0).flatMap(({ session, requestId, passwordHash }) => {
      const id = requestKey(session, requestId);
      const request = this.#open.get(id);
      if (request?.type !== "joinRoom") return [];
      this.#open.delete(id);
      return passwordHash === password ? [{ ...request, provenHash: passwordHash }] : [];
    });
  }

  /** What must hold between commands. */
  check(): void {
    const wanted = new Set<string>();
    const members = new Map<RoomId, Set<string>>();
    const sessionsOf = new Map<UserId, number>();
    for (const [key, seen] of this.#sessions) {
      sessionsOf.set(seen.userId, (sessionsOf.get(seen.userId) ?? 0) + 1);
      for (const roomId of seen.rooms) {
        wanted.add(topicKey(gateOf(key), roomId));
        members.set(roomId, (members.get(roomId) ?? new Set()).add(seen.user));
      }
    }
    assert.deepEqual([...this.#subscriptions].sort(), [...wanted].sort(), "gates hear their members' rooms");
    for (const [roomId, room] of this.#rooms) {
      const inside = members.get(roomId) ?? [];
      assert.deepEqual([...room.announced].sort(), [...inside].sort(), "notices tell who is here");
    }
    const most = this.#duplicates === "allow" ? this.#maxSessionsPerUser : 1;
    for (const count of sessionsOf.values()) assert.ok(count <= most, "the duplicate policy holds");
    assert.equal(this.#world.hub.counts.sessions, this.#sessions.size, "the hub counts the sessions");
    assert.equal(this.#world.hub.counts.users, sessionsOf.size, "the hub counts the users");
  }

  /** When the store owes nothing, nobody waits. */
  checkAllAnswered(): void {
    assert.deepEqual([...this.#open.values()], [], "each request was answered");
  }

  #see(effect: Effect): void {
    switch (effect.type) {
      case "subscribe":
      case "unsubscribe": {
        const topic = topicKey(effect.gateId, effect.roomId);
        const isNew = effect.type === "subscribe";
        assert.notEqual(this.#subscriptions.has(topic), isNew, "a topic is subscribed once");
        if (isNew) this.#subscriptions.add(topic);
        else this.#subscriptions.delete(topic);
        this.#rights.setInhabited(effect.roomId, this.#isInhabited(effect.roomId));
        return;
      }
      case "broadcast":
        this.#rights.sawRules(effect.event.lockdown);
        return;
      case "publish":
        this.#seeRoomEvent(effect.event);
        return;
      case "reply":
        this.#seeSessionEvent(effect.event);
        return;
    }
  }

  #seeRoomEvent(event: RoomEvent): void {
    const room = this.#rooms.get(event.roomId);
    // Administrators change rooms that nobody has joined.
    const isOfAdministration = event.type === "roomUpdated" || event.type === "roomDeleted";
    if (room === undefined && isOfAdministration) return;
    assert.ok(room !== undefined, "events come of rooms that somebody joined");
    switch (event.type) {
      case "userJoined":
        assert.ok(!room.announced.has(event.name), "a user comes once");
        room.announced.add(event.name);
        return;
      case "userLeft":
        assert.ok(room.announced.delete(event.name), "who leaves was there");
        return;
      case "message":
        this.#seeMessage(room, event);
        return;
      case "roomUpdated":
        this.#rights.sawRoom(event.room);
        return;
      case "roomDeleted":
        room.announced.clear();
        for (const seen of this.#sessions.values()) seen.rooms.delete(event.roomId);
        return;
      case "memberCount":
      case "typing":
        return;
    }
  }

  #seeMessage(room: SeenRoom, event: Extract<RoomEvent, { readonly type: "message" }>): void {
    assert.ok(event.offset > room.lastOffset, "offsets of a room rise");
    // What was stored without a word and then cannot be read is left to history; a deleted room has none.
    const isDeleted =
      event.roomId < MEMORY_ROOM_ID_BASE && this.#world.store.room(event.roomId) === undefined;
    const mayMiss = isDeleted || this.#world.failedReadCount > 0;
    if (!mayMiss) assert.equal(event.offset, room.lastOffset + 1, "offsets of a room have no gaps");
    room.lastOffset = event.offset;
    if (event.roomId < MEMORY_ROOM_ID_BASE && this.#world.store.room(event.roomId) !== undefined) {
      const stored = this.#world.stored(event.roomId)[event.offset - 1];
      // What is published late is shown as it is by then: edited, deleted, its author gone.
      const asNow = this.#world.store.entry(event.roomId, event.offset);
      const isAsStored = [stored?.text, asNow?.text].includes(event.text);
      assert.ok(isAsStored, "what is delivered is in the log, as it is in the log");
      assert.ok([stored?.senderName, asNow?.senderName].includes(event.sender), "and from whom");
    }
    if (event.publisher === 0) {
      assert.equal(event.requestId, 0, "no request without a publisher");
      return;
    }
    const publisher = this.#sessions.get(event.publisher);
    assert.ok(publisher?.rooms.has(event.roomId), "an answer in the order of the room goes to a member");
    assert.ok(
      this.#subscriptions.has(topicKey(gateOf(event.publisher), event.roomId)),
      "whose gate hears it",
    );
    this.#rights.sawPublished(this.#open.get(requestKey(event.publisher, event.requestId)));
    this.#answer(event.publisher, event.requestId, REQUEST_OF_KIND[event.kind], event.offset);
  }

  #seeSessionEvent(event: SessionEvent): void {
    this.#rights.saw(event, this.#sessions.get(event.session)?.userId, this.#openRequest(event));
    switch (event.type) {
      case "signedIn":
        this.#signIn(event);
        this.#enter(event.session, event.lobby);
        return;
      case "joined":
        this.#answer(event.session, event.requestId, event.request);
        this.#enter(event.session, event.room);
        return;
      case "passwordNeeded":
        this.#unproven.push(event);
        return;
      case "left":
        this.#answer(event.session, event.requestId, "leaveRoom");
        this.#session(event.session).rooms.delete(event.roomId);
        return;
      case "removed":
        assert.ok(this.#session(event.session).rooms.delete(event.roomId), "only who is in is taken out");
        return;
      case "roleChanged":
        assert.ok(this.#session(event.session).rooms.has(event.room.id), "a role is told inside the room");
        return;
      case "muted":
        assert.ok(event.roomId === 0 || this.#session(event.session).rooms.has(event.roomId), "told inside");
        return;
      case "invited":
      case "whisperTyping":
      case "read":
        this.#session(event.session);
        return;
      case "ended":
        this.#session(event.session);
        this.#forget(event.session);
        return;
      case "whisper": {
        const { userId } = this.#session(event.session);
        const one = this.#userIds.get(event.from) ?? 0;
        const other = this.#userIds.get(event.to) ?? 0;
        assert.ok(userId === one || userId === other, "a whisper reaches its two users alone");
        const conversation = `${Math.min(one, other)}:${Math.max(one, other)}`;
        const delivery = `${event.session} ${conversation} ${event.offset}`;
        assert.ok(!this.#whispered.has(delivery), "a whisper comes once");
        this.#whispered.add(delivery);
        return;
      }
      case "published":
        this.#answer(event.session, event.requestId, event.request, event.offset);
        return;
      case "whispered":
        this.#answer(event.session, event.requestId, "whisper", event.offset);
        return;
      case "history": {
        this.#answer(event.session, event.requestId, "history");
        const offsets = event.messages.map((message) => message.offset);
        for (const [index, offset] of offsets.entries()) {
          assert.equal(offset, (offsets[0] ?? 0) + index, "history has no gaps");
        }
        const room = this.#rooms.get(event.roomId);
        const lastOffset = room?.lastOffset ?? this.#world.stored(event.roomId).length;
        assert.ok((offsets.at(-1) ?? 0) <= lastOffset, "history is not the future");
        return;
      }
      case "hits":
      case "users":
      case "members":
      case "rooms":
      case "updated":
      case "tokens":
      case "revoked":
      case "blocks":
      case "invitation":
      case "audit":
      case "sanctions":
        this.#answer(event.session, event.requestId, REQUEST_OF[event.type]);
        return;
      case "done":
      case "refused":
        this.#answer(event.session, event.requestId, event.request);
        return;
    }
  }

  #signIn(event: Extract<SessionEvent, { readonly type: "signedIn" }>): void {
    const request = this.#answer(event.session, event.requestId, "signIn");
    assert.ok(request.type === "signIn", "who signs in asked for it");
    const { id: userId, name } = request.user;
    this.#userIds.set(name, userId);
    this.#sessions.set(event.session, { userId, user: name, rooms: new Set() });
  }

  #enter(key: SessionKey, info: { readonly id: RoomId; readonly lastOffset: number }): void {
    assert.ok(this.#subscriptions.has(topicKey(gateOf(key), info.id)), "the gate hears the room by then");
    const room = this.#rooms.get(info.id) ?? { lastOffset: info.lastOffset, announced: new Set() };
    this.#rooms.set(info.id, room);
    // Only a store that kept what it failed to confirm, while nobody was there, puts the log ahead.
    assert.ok(info.lastOffset >= room.lastOffset, "a room does not go back");
    const isAlone = ![...this.#sessions.values()].some((seen) => seen.rooms.has(info.id));
    if (!isAlone) assert.equal(info.lastOffset, room.lastOffset, "who joins begins after what was published");
    room.lastOffset = info.lastOffset;
    this.#session(key).rooms.add(info.id);
  }

  #answer(key: SessionKey, requestId: number, type: Request["type"], offset?: number): Request {
    const id = requestKey(key, requestId);
    const request = this.#open.get(id);
    assert.equal(request?.type, type, `an answer to an open request ${id}`);
    this.#open.delete(id);
    if (offset === undefined) return request;
    if (request.type === "publish") this.#checkPlace(request, offset);
    return request;
  }

  /** What is acknowledged is in the log at that place; the same message has the same place. */
  #checkPlace(request: Extract<Request, { readonly type: "publish" }>, offset: number): void {
    if (request.roomId < MEMORY_ROOM_ID_BASE) {
      // What was deleted meanwhile is in no log any more.
      if (this.#world.store.room(request.roomId) === undefined) return;
      const stored = this.#world.stored(request.roomId)[offset - 1];
      assert.equal(stored?.clientMessageId, request.clientMessageId, "acknowledged means stored");
      return;
    }
    const text = `${request.roomId} ${request.text}`;
    assert.ok(!this.#memoryLog.has(text), "a request is acknowledged once");
    this.#memoryLog.set(text, offset);
  }

  #isInhabited(roomId: RoomId): boolean {
    return [...this.#subscriptions].some((topic) => topic.endsWith(`/${roomId}`));
  }

  #openRequest(event: SessionEvent): Request | undefined {
    return "requestId" in event ? this.#open.get(requestKey(event.session, event.requestId)) : undefined;
  }

  #session(key: SessionKey): SeenSession {
    const seen = this.#sessions.get(key);
    assert.ok(seen !== undefined, "nothing goes to a session that is not signed in");
    return seen;
  }

  #forget(key: SessionKey): void {
    this.#sessions.delete(key);
    for (const [id, request] of this.#open) if (request.session === key) this.#open.delete(id);
  }

  #forgetGate(gateId: number): void {
    const ofGate = [...this.#open.values()].filter((request) => gateOf(request.session) === gateId);
    for (const key of [...this.#sessions.keys(), ...ofGate.map((request) => request.session)]) {
      if (gateOf(key) === gateId) this.#forget(key);
    }
  }
}

function requestKey(session: SessionKey, requestId: number): string {
  return `${session}/${requestId}`;
}

function topicKey(gateId: number, roomId: RoomId): string {
  return `${gateId}/${roomId}`;
}
