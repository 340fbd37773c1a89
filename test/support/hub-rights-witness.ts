import assert from "node:assert/strict";
import type { Request, RequestOf } from "../../src/chat/hub/command.ts";
import type { RoomInfo, SessionEvent } from "../../src/chat/hub/event.ts";
import {
  CONSOLE_GATE_ID,
  gateOf,
  MEMORY_ROOM_ID_BASE,
  type RoomId,
  type UserId,
} from "../../src/chat/names.ts";
import type { HubWorld } from "./hub-world.ts";

/** Requests that put something into a room. (What one has said one may always delete.) */
const SPEAKING: ReadonlySet<Request["type"]> = new Set(["publish", "editMessage", "react"]);

/** What says nothing about whether a room exists. */
const SILENT = new Set(["ROOM_NOT_FOUND", "BUSY", "SERVER_ERROR", "TOO_MANY_ROOMS", "USER_FULL"]);

/**
 * Holds the hub to the rights of users: who was muted or banned, and was told so to who did it, gets
 * nothing through until somebody asks to take it back; nobody speaks in an archived room; a private
 * room does not exist for who was never let in.
 */
export class HubRightsWitness {
  readonly #world: HubWorld;
  /** By "room user" (room 0: the server), until when. */
  readonly #muted = new Map<string, number>();
  readonly #banned = new Map<string, number>();
  readonly #inhabited = new Set<RoomId>();
  /** Those of them, as the hub told it last. */
  readonly #rooms = new Map<RoomId, RoomInfo>();
  /** "room user" of those who were in it, had a role there or were invited. */
  readonly #insiders = new Set<string>();
  /** "room name" of those whom somebody who may do it let in, whoever has the name by then. */
  readonly #namedInsiders = new Set<string>();
  /** Everybody who came under a name, by its key. */
  readonly #userIds = new Map<string, Set<UserId>>();
  readonly #admins = new Set<UserId>();
  /** Requests that must be refused, and how they broke the rules if not. */
  readonly #forbidden = new Map<Request, string>();
  #lockdown = 0;

  constructor(world: HubWorld) {
    this.#world = world;
  }

  /** A request comes from a session of this user. */
  asked(request: Request, userId: UserId | undefined): void {
    if (request.type === "moderate" || request.type === "adminUser") this.#lift(request);
    if (request.type === "adminUser" && request.action === "promote") {
      for (const target of this.#everOf(request.name)) this.#admins.add(target);
    }
    // With an account its bans and mutes in rooms go, as they may when the store says it failed.
    if (request.type === "deleteAccount" && userId !== undefined) this.#forgetUser(userId);
    if (request.type === "adminUser" && request.action === "delete") {
      for (const target of this.#everOf(request.name)) this.#forgetUser(target);
    }
    if (request.type === "signIn") {
      const { id, nameKey, isAdmin } = request.user;
      this.#userIds.set(nameKey, this.#everOf(nameKey).add(id));
      if (isAdmin) this.#admins.add(id);
    }
    if (request.type === "setRole" || request.type === "invite") this.#letIn(request, userId);
    if (userId === undefined || !SPEAKING.has(request.type) || !("roomId" in request)) return;
    const { roomId } = request;
    if (this.#isUnder(this.#muted, roomId, userId)) this.#forbidden.set(request, "the muted are silent");
    if (this.#rooms.get(roomId)?.archived === true) {
      this.#forbidden.set(request, "an archived room is silent");
    }
    if (this.#lockdown === 3 && userId < 0) this.#forbidden.set(request, "guests are silent");
  }

  /** An answer or notice goes to a session of this user. */
  saw(event: SessionEvent, userId: UserId | undefined, request: Request | undefined): void {
    switch (event.type) {
      case "signedIn":
        if (request?.type === "signIn") this.#signedIn(request.user.id);
        this.sawRoom(event.lobby);
        return;
      case "joined":
        this.#joined(event.room, userId ?? 0, event.request === "createRoom");
        return;
      case "updated":
        this.sawRoom(event.room);
        return;
      case "roleChanged":
        this.sawRoom(event.room);
        this.#insiders.add(userKey(event.room.id, userId ?? 0));
        return;
      case "invited":
        this.#insiders.add(userKey(event.roomId, userId ?? 0));
        return;
      case "muted":
        if (event.roomId !== 0) this.#checkMayKnow(event.roomId, userId ?? 0);
        return;
      case "rooms":
        for (const { id } of event.rooms) this.#checkMayKnow(id, userId ?? 0);
        return;
      case "done":
        if (request !== undefined) this.#done(request);
        return;
      case "refused": {
        const isAboutRoom = request !== undefined && "roomId" in request && request.roomId !== 0;
        if (!isAboutRoom || userId === undefined || SILENT.has(event.refusal.code)) return;
        // Guests have no read markers, whatever the room.
        if (request.type === "markRead" && userId < 0) return;
        this.#checkMayKnow(request.roomId, userId);
        return;
      }
      default:
    }
  }

  /** What the request asked for goes out to a room. (A repeat may be acknowledged again at any time.) */
  sawPublished(request: Request | undefined): void {
    if (request !== undefined) assert.equal(this.#forbidden.get(request), undefined);
  }

  sawRules(lockdown: number): void {
    this.#lockdown = lockdown;
  }

  sawRoom(room: RoomInfo): void {
    if (this.#inhabited.has(room.id)) this.#rooms.set(room.id, room);
  }

  /** Somebody is in the room. When nobody is, it is closed and opened again without a word. */
  setInhabited(roomId: RoomId, isInhabited: boolean): void {
    if (isInhabited) {
      this.#inhabited.add(roomId);
      return;
    }
    this.#inhabited.delete(roomId);
    this.#rooms.delete(roomId);
  }

  #signedIn(userId: UserId): void {
    assert.ok(!this.#isUnder(this.#banned, 0, userId), "the banned stay out of the server");
    assert.ok(this.#lockdown < 2 || userId > 0, "a lockdown keeps guests out");
  }

  #joined(room: RoomInfo, userId: UserId, isMade: boolean): void {
    const key = userKey(room.id, userId);
    this.sawRoom(room);
    if (!isMade && !this.#admins.has(userId)) {
      const isBanned = this.#isUnder(this.#banned, room.id, userId);
      assert.ok(!isBanned || room.name === "lobby", "the banned stay out of the room");
      assert.ok(
        room.access !== "private" || this.#isInsider(room.id, userId),
        "strangers stay out of a private room",
      );
    }
    this.#insiders.add(key);
  }

  /** Nothing but silence about a private room to a stranger. */
  #checkMayKnow(roomId: RoomId, userId: UserId): void {
    if (this.#rooms.get(roomId)?.access !== "private" || this.#admins.has(userId)) return;
    // A store that kept a change and said it failed has opened the room: seen when it is loaded again.
    if ((this.#world.store.room(roomId)?.settings.access ?? "private") !== "private") return;
    assert.ok(this.#isInsider(roomId, userId), "a private room does not exist for strangers");
  }

  #isKnownToStore(roomId: RoomId, userId: UserId): boolean {
    const isStored = roomId < MEMORY_ROOM_ID_BASE;
    // Of a room that the store has deleted, and the hub not yet, nobody knows who owned it.
    if (isStored && this.#world.store.room(roomId) === undefined) return true;
    const member = this.#world.store.member(roomId, userId);
    return member !== undefined && (member.role !== "none" || member.invited);
  }

  #done(request: Request): void {
    if (request.type !== "moderate" && request.type !== "adminUser") return;
    const table = request.action === "mute" ? this.#muted : this.#banned;
    if (request.action !== "mute" && request.action !== "ban") return;
    const userId = this.#userOf(request.name);
    // Who asks for the opposite meanwhile makes it uncertain.
    if (userId === undefined || this.#lifting.has(request)) return;
    // Counted from when the hub did it, which was before now.
    const untilMs = request.durationMs === 0 ? Number.MAX_SAFE_INTEGER : 0;
    table.set(userKey(roomOf(request), userId), untilMs);
  }

  /** Mutes and bans under way that a later request takes back. */
  readonly #lifting = new Set<Request>();
  readonly #imposing = new Set<RequestOf<"moderate" | "adminUser">>();

  #lift(request: RequestOf<"moderate" | "adminUser">): void {
    const { action, name } = request;
    if (action === "mute" || action === "ban") this.#imposing.add(request);
    // A shorter one replaces a longer one.
    const userId = this.#userOf(name);
    for (const other of this.#imposing) {
      if (other !== request && other.name === name && roomOf(other) === roomOf(request))
        this.#lifting.add(other);
    }
    if (userId === undefined) return;
    const key = userKey(roomOf(request), userId);
    if (action === "unmute" || action === "mute") this.#muted.delete(key);
    if (action === "unban" || action === "ban") this.#banned.delete(key);
  }

  #forgetUser(userId: UserId): void {
    for (const table of [this.#muted, this.#banned]) {
      for (const key of table.keys()) if (key.endsWith(` ${userId}`)) table.delete(key);
    }
  }

  /** It may be done without a word, who asked having gone; a stranger's never is. */
  #letIn(request: RequestOf<"setRole" | "invite">, userId: UserId | undefined): void {
    const { roomId, name, session } = request;
    const isConsole = gateOf(session) === CONSOLE_GATE_ID;
    const mayBeDone = userId !== undefined && (this.#admins.has(userId) || this.#isInsider(roomId, userId));
    if (!isConsole && !mayBeDone) return;
    this.#namedInsiders.add(`${roomId} ${name}`);
  }

  #isInsider(roomId: RoomId, userId: UserId): boolean {
    if (this.#insiders.has(userKey(roomId, userId)) || this.#isKnownToStore(roomId, userId)) return true;
    const names = [...this.#userIds].flatMap(([name, ids]) => (ids.has(userId) ? [name] : []));
    return names.some((name) => this.#namedInsiders.has(`${roomId} ${name}`));
  }

  #everOf(name: string): Set<UserId> {
    const known = this.#userIds.get(name) ?? [];
    const accounts = [...this.#world.store.accounts.values()].filter(({ nameKey }) => nameKey === name);
    return new Set([...known, ...accounts.map(({ id }) => id)]);
  }

  /** Whose the name is for sure; guests come under names that change. */
  #userOf(name: string): UserId | undefined {
    const account = [...this.#world.store.accounts.values()].find(({ nameKey }) => nameKey === name);
    return account?.name === "Bob" ? undefined : account?.id;
  }

  #isUnder(table: ReadonlyMap<string, number>, roomId: RoomId, userId: UserId): boolean {
    const untilMs = [table.get(userKey(roomId, userId)) ?? 0, table.get(userKey(0, userId)) ?? 0];
    return Math.max(...untilMs) > this.#world.nowMs;
  }
}

function roomOf(request: RequestOf<"moderate" | "adminUser">): RoomId {
  return request.type === "moderate" ? request.roomId : 0;
}

function userKey(roomId: RoomId, userId: UserId): string {
  return `${roomId} ${userId}`;
}
