import assert from "node:assert/strict";
import type { Command } from "../../src/chat/hub/command.ts";
import type { RoomEvent, SessionEvent } from "../../src/chat/hub/event.ts";
import type { DuplicatePolicy } from "../../src/chat/hub/hub-options.ts";
import {
  gateOf,
  MEMORY_ROOM_ID_BASE,
  type RoomId,
  type SessionKey,
  type UserId,
} from "../../src/chat/names.ts";
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

type Request = Extract<Command, { readonly requestId: number }>;

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

  constructor(world: HubWorld, duplicates: DuplicatePolicy, maxSessionsPerUser: number) {
    this.#world = world;
    this.#duplicates = duplicates;
    this.#maxSessionsPerUser = maxSessionsPerUser;
    world.onEffect = (effect) => this.#see(effect);
  }

  beforeCommand(command: Command): void {
    if (command.type === "signOut") this.#forget(command.session);
    else if (command.type === "gateReset") this.#forgetGate(command.gateId);
    else this.#open.set(requestKey(command.session, command.requestId), command);
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
        return;
      }
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
    assert.ok(room !== undefined, "events come of rooms that somebody joined");
    switch (event.type) {
      case "userJoined":
        assert.ok(!room.announced.has(event.name), "a user comes once");
        assert.ok(this.#sessions.get(event.except)?.rooms.has(event.roomId), "who is announced is in");
        room.announced.add(event.name);
        return;
      case "userLeft":
        assert.ok(room.announced.delete(event.name), "who leaves was there");
        return;
      case "message":
        this.#seeMessage(room, event);
        return;
    }
  }

  #seeMessage(room: SeenRoom, event: Extract<RoomEvent, { readonly type: "message" }>): void {
    assert.ok(event.offset > room.lastOffset, "offsets of a room rise");
    // What was stored without a word and then cannot be read is left to history.
    const mayMiss = this.#world.failedReadCount > 0;
    if (!mayMiss) assert.equal(event.offset, room.lastOffset + 1, "offsets of a room have no gaps");
    room.lastOffset = event.offset;
    if (event.roomId < MEMORY_ROOM_ID_BASE) {
      const stored = this.#world.stored(event.roomId)[event.offset - 1];
      assert.equal(stored?.text, event.text, "what is delivered is in the log, as it is in the log");
      assert.equal(stored.senderName, event.sender, "and from whom");
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
    this.#answer(event.publisher, event.requestId, "publish", event.offset);
  }

  #seeSessionEvent(event: SessionEvent): void {
    switch (event.type) {
      case "signedIn":
        this.#signIn(event);
        this.#enter(event.session, event.lobby);
        return;
      case "joined":
        this.#answer(event.session, event.requestId, "joinRoom");
        this.#enter(event.session, event.room);
        return;
      case "left":
        this.#answer(event.session, event.requestId, "leaveRoom");
        assert.ok(this.#session(event.session).rooms.delete(event.roomId), "only a member leaves");
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
        this.#answer(event.session, event.requestId, "publish", event.offset);
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
        assert.ok(
          room !== undefined && (offsets.at(-1) ?? 0) <= room.lastOffset,
          "history is not the future",
        );
        return;
      }
      case "users":
        this.#answer(event.session, event.requestId, "listUsers");
        return;
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
    this.#sessions.set(event.session, { userId, user: event.user, rooms: new Set() });
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
    const isPublish = request.type === "publish";
    assert.ok(isPublish || request.type === "whisper", "only messages have offsets");
    if (isPublish) this.#checkPlace(request, offset);
    return request;
  }

  /** What is acknowledged is in the log at that place; the same message has the same place. */
  #checkPlace(request: Extract<Request, { readonly type: "publish" }>, offset: number): void {
    if (request.roomId < MEMORY_ROOM_ID_BASE) {
      const stored = this.#world.stored(request.roomId)[offset - 1];
      assert.equal(stored?.clientMessageId, request.clientMessageId, "acknowledged means stored");
      return;
    }
    const text = `${request.roomId} ${request.text}`;
    assert.ok(!this.#memoryLog.has(text), "a request is acknowledged once");
    this.#memoryLog.set(text, offset);
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
