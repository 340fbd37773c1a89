import type { PortTimer } from "../../engine/index.ts";
import type { RoomEvent, RoomInfo, SessionEvent } from "../hub/event.ts";
import type { RoomId } from "../names.ts";
import { CatchUp, type ReplayPage } from "./catch-up.ts";
import type { GateCounters } from "./gate-counters.ts";
import type { RoomPosition } from "./handlers/wire-values.ts";
import { LocalRoom, type Member, type Membership } from "./local-room.ts";
import { entriesOf } from "./run-entries.ts";
import { RunSender, type RunSenderOptions } from "./run-sender.ts";

export interface RoomFanOutOptions extends RunSenderOptions {
  startTimer(delayMs: number, onExpired: () => void): PortTimer;
}

/**
 * Brings what happens in a room to the members that this gate holds (row C6).
 *
 * The events of a batch are gathered per room. A room's gathered events, its **run**, are encoded once,
 * one after the other, so that they are one range of a chunk (a few, where it spans chunks), and each
 * member's send queue gets that range: per member nothing is encoded, copied or allocated. A member that
 * an entry is not for (the one that published the message) gets the run cut at that place, with its
 * response there, so every session sees the room's offsets rise, its own among them.
 *
 * Members over WebSocket get the same range with a frame header in front of it, which was left room for:
 * the run is framed once for all of them, and compressed once for all those that deflate.
 *
 * Whoever comes into a room gets what came after: the run so far is flushed first. The same before
 * anything is said to a session whose place among the room's messages matters.
 *
 * Members that **lag** (catch-up.ts) get no messages from here. What is about now (who comes and goes, the
 * room's settings, its end) they get, and the response to what they publish at once: it may come before
 * older messages that are replayed, and the replay has their own messages, too. A client keeps its
 * position by the notices, and drops a notice whose offset it knows from a response.
 */
export class RoomFanOut {
  readonly #options: RoomFanOutOptions;
  readonly #counters: GateCounters;
  readonly #catchUp: CatchUp;
  readonly #rooms = new Map<RoomId, LocalRoom>();
  /** Rooms with a run. */
  readonly #dirty: LocalRoom[] = [];
  readonly #sender: RunSender;

  constructor(options: RoomFanOutOptions) {
    this.#options = options;
    this.#counters = options.counters;
    this.#catchUp = new CatchUp({
      encoder: options.encoder,
      counters: options.counters,
      sendQueueBytes: options.sendQueueBytes,
      startTimer: (delayMs, onExpired) => options.startTimer(delayMs, onExpired),
      flush: (room) => this.flush(room),
    });
    this.#sender = new RunSender(options, this.#catchUp);
  }

  /** Rooms with a member here. */
  get roomCount(): number {
    return this.#rooms.size;
  }

  /** Members of the room here, live or not. */
  memberCount(roomId: RoomId): number {
    return this.#rooms.get(roomId)?.memberCount ?? 0;
  }

  /** Adds an event to its room's run. Without members here there is nobody to tell. */
  add(event: RoomEvent): void {
    const room = this.#rooms.get(event.roomId);
    if (room === undefined) return;
    if (room.run.length === 0) this.#dirty.push(room);
    room.run.push(event);
    if (event.type === "message") {
      room.hasOrder = true;
      return;
    }
    if (event.type === "userJoined" || event.type === "userLeft" || event.type === "memberCount") return;
    room.hasOrder = true;
    if (event.type === "roomUpdated") {
      room.update(event.room);
    } else if (event.type === "roomDeleted") {
      this.#flushNow(room);
      while (room.memberCount > 0) this.#remove(room.anyMember as Membership);
    }
  }

  /** Whether everything after the position can still be sent: then `join` sends it before anything new. */
  recovers(room: RoomInfo, position: RoomPosition | undefined): boolean {
    return recovers(room, position);
  }

  /**
   * The member gets the room's messages from now on: those after `position`, where it is given and
   * recovers, otherwise what comes. For one that is in the room already only a position changes anything.
   */
  join(member: Member, info: RoomInfo, position?: RoomPosition): void {
    let room = this.#rooms.get(info.id);
    if (room === undefined) {
      room = new LocalRoom(info);
      this.#rooms.set(info.id, room);
      this.#counters.rooms = this.#rooms.size;
    } else {
      this.flush(room);
    }
    const membership = room.membershipOf(member) ?? room.add(member);
    if (position === undefined || !recovers(info, position) || position.offset >= room.lastOffset) return;
    this.#catchUp.hold(membership, "behind", position.offset);
    this.#catchUp.goOn(member);
  }

  /** The member gets what came until now, and nothing after. Harmless when it is none. */
  leave(member: Member, roomId: RoomId): void {
    const room = this.#rooms.get(roomId);
    if (room === undefined) return;
    this.flush(room);
    const membership = room.membershipOf(member);
    if (membership !== undefined) this.#remove(membership);
  }

  /** The member has ended: it gets nothing more, of any room. */
  leaveAll(member: Member): void {
    while (member.firstMembership !== undefined) this.#remove(member.firstMembership);
    this.#catchUp.forgetMember(member);
  }

  /** The page of a room's log that was asked for, for a member that lags. */
  onReplayPage(member: Member, page: ReplayPage): void {
    this.#catchUp.onPage(member, page);
  }

  /** That page was refused. */
  onReplayFailed(member: Member, { refusal }: Extract<SessionEvent, { readonly type: "refused" }>): void {
    this.#catchUp.onPageFailed(member, refusal.retryAfterMs);
  }

  /** The member's send queue became empty. Costs next to nothing for one that is live everywhere. */
  onDrained(member: Member): void {
    this.#catchUp.goOn(member);
  }

  /**
   * Takes the member out of the fan-out of every room that cuts nobody off; it comes back when its queue
   * has drained. False when there is no such room.
   */
  holdBack(member: Member): boolean {
    let isHeld = false;
    for (let each = member.firstMembership; each !== undefined; each = each.next) {
      if (each.lag !== undefined || each.room.slowReader === "disconnect") continue;
      this.flush(each.room);
      if (each.lag === undefined) this.#catchUp.holdSlow(each);
      isHeld = true;
    }
    // Of one that has nothing queued nobody would be told that it has drained.
    if (isHeld && member.link.queuedBytes === 0) this.#catchUp.goOn(member);
    return isHeld;
  }

  /** Sends the member what its rooms have gathered. */
  flushRoomsOf(member: Member): void {
    for (let each = member.firstMembership; each !== undefined; each = each.next) this.flush(each.room);
  }

  /** Sends the room's members what has gathered for them. */
  flushRoom(roomId: RoomId): void {
    const room = this.#rooms.get(roomId);
    if (room !== undefined) this.flush(room);
  }

  /** Sends everything that has gathered: the end of a batch. */
  flushAll(): void {
    for (let index = 0; index < this.#dirty.length; index++) this.#flushNow(this.#dirty[index] as LocalRoom);
    this.#dirty.length = 0;
  }

  /**
   * Sends what has a place among other packets. Comings and goings alone wait for the end of the batch, so
   * that a thousand people who come in one turn are one notice; a newcomer may hear of some before it.
   */
  flush(room: LocalRoom): void {
    if (room.hasOrder) this.#flushNow(room);
  }

  #flushNow(room: LocalRoom): void {
    if (room.run.length === 0) return;
    room.hasOrder = false;
    const entries = entriesOf(room.run, this.#options.encoder.packetLimitBytes);
    room.run = [];
    const held = this.#sender.send(room, entries);
    // Whoever was held for the length of the run alone may have an empty queue.
    if (held !== undefined) for (const { member } of held) this.#catchUp.goOn(member);
  }

  #remove(membership: Membership): void {
    const { room } = membership;
    this.#catchUp.forget(membership);
    room.remove(membership);
    if (room.memberCount > 0) return;
    room.run.length = 0;
    this.#rooms.delete(room.id);
    this.#counters.rooms = this.#rooms.size;
  }
}

/**
 * Whether what came after the position is still there to be sent: the room is the same one, and nothing
 * after it was removed. Without a position nothing is to be recovered.
 */
export function recovers(room: RoomInfo, position: RoomPosition | undefined): boolean {
  if (position === undefined || position.epoch !== room.epoch) return false;
  const { offset } = position;
  // A room that has nothing any more says 0: only who has the newest misses nothing.
  if (room.firstOffset === 0) return offset === room.lastOffset;
  return offset + 1 >= room.firstOffset && offset <= room.lastOffset;
}
