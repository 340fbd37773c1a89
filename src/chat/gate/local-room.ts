import { assert } from "../../base/assert.ts";
import type { DisconnectReason, PortTimer, SendChunk } from "../../engine/index.ts";
import type { CommandOf } from "../hub/command.ts";
import type { RoomEvent, RoomInfo } from "../hub/event.ts";
import type { RoomId, SessionKey } from "../names.ts";
import type { SlowReaderPolicy } from "../store/store.ts";
import type { Wire } from "./packet-link.ts";

/** What a fan-out needs of a link. */
export interface SendTarget {
  /** Bytes that wait to be sent. */
  readonly queuedBytes: number;
  /** Queues whole packets. */
  send(chunk: SendChunk, start: number, end: number): boolean;
  abort(reason: DisconnectReason): void;
}

/** What it needs besides of one that is a WebSocket. */
export interface FramedTarget extends SendTarget {
  /** Queues bytes that have the frame headers in them. */
  sendFramed(chunk: SendChunk, start: number, end: number): boolean;
}

/** A session as the rooms see it. */
export interface Member {
  readonly key: SessionKey;
  /** A FramedTarget where the wire is not "packets". */
  readonly link: SendTarget;
  readonly wire: Wire;
  /** The first of a chain of the rooms it is in; only its rooms change it. */
  firstMembership: Membership | undefined;
  /** Asks the hub for a page to replay; one answer comes, unless the session ends. */
  request(command: CommandOf<"history">): void;
  /** A request of this session is answered. */
  onAnswered(): void;
  /** Tells the client why, and ends the session; the client comes back and resumes. */
  end(code: "SERVER_ERROR"): void;
}

/** One member in one room. */
export interface Membership {
  readonly room: LocalRoom;
  readonly member: Member;
  /** The member's, one step nearer for the hot loop. */
  readonly link: SendTarget;
  /** The member's next one. A chain and no array: there are many members, most in one room. */
  next: Membership | undefined;
  /** Its place in the list of the room that it is in: one of `liveLists`, or `lagging`. */
  index: number;
  /** The last run that had something of its own for it. */
  runSerial: number;
  /** The entries of that run that it does not get, by their place in the run. */
  own: number[] | undefined;
  /** undefined: live, it gets the room's messages as they come. */
  lag: Lag | undefined;
}

/** How far a membership that is not live has come. */
export interface Lag {
  /** "behind": what it misses is replayed. "skipping": it is told what it missed. */
  readonly state: "behind" | "skipping";
  /** What it has been sent, or told to be left out, of the room's messages. */
  offset: number;
  /** Pages in a row that did not come. */
  failureCount: number;
  /** Runs until the next page may be asked for. */
  timer: PortTimer | undefined;
}

/**
 * The members of one room that one gate holds. Those that are live are dense and apart by their wires, so
 * that a fan-out is a plain loop over links of one kind; those that lag are in a list of their own.
 */
export class LocalRoom {
  readonly id: RoomId;
  /** Live, over TCP. */
  readonly packets: Membership[] = [];
  /** Live, over WebSocket. */
  readonly webSockets: Membership[] = [];
  /** Live, over WebSocket, compressed. */
  readonly deflating: Membership[] = [];
  readonly lagging: Membership[] = [];
  /** Events that wait to be encoded. */
  run: RoomEvent[] = [];
  /** There is more among them than who came and went, whose place among the rest means nothing. */
  hasOrder = false;
  /** What becomes of a slow reader. */
  slowReader: SlowReaderPolicy = "disconnect";
  /** Offset of the newest message that went to the live members. */
  lastOffset: number;

  constructor(info: RoomInfo) {
    this.id = info.id;
    this.lastOffset = info.lastOffset;
    this.update(info);
  }

  get memberCount(): number {
    return this.packets.length + this.webSockets.length + this.deflating.length + this.lagging.length;
  }

  /** The lists of live members. */
  get liveLists(): readonly (readonly Membership[])[] {
    return [this.packets, this.webSockets, this.deflating];
  }

  /** One of the members, whichever. */
  get anyMember(): Membership | undefined {
    return this.packets[0] ?? this.webSockets[0] ?? this.deflating[0] ?? this.lagging[0];
  }

  update(info: RoomInfo): void {
    // Only a log can be read again.
    const isKept = info.kind === "logged";
    this.slowReader = info.slowReader === "catchUp" && !isKept ? "skipToLatest" : info.slowReader;
  }

  /** O(rooms of the member), of which there are few. */
  membershipOf(member: Member): Membership | undefined {
    let membership = member.firstMembership;
    while (membership !== undefined && membership.room !== this) membership = membership.next;
    return membership;
  }

  /** Adds a member that is none yet; it is live. */
  add(member: Member): Membership {
    assert(this.membershipOf(member) === undefined, "a member is added once");
    const membership: Membership = {
      room: this,
      member,
      link: member.link,
      next: member.firstMembership,
      index: 0,
      runSerial: 0,
      own: undefined,
      lag: undefined,
    };
    putIn(this.#liveList(membership), membership);
    member.firstMembership = membership;
    return membership;
  }

  remove(membership: Membership): void {
    unchain(membership);
    takeOut(membership.lag === undefined ? this.#liveList(membership) : this.lagging, membership);
    membership.lag = undefined;
  }

  /** Takes a live membership out of the fan-out, or gives one that lags another position. */
  hold(membership: Membership, state: Lag["state"], offset: number): void {
    if (membership.lag === undefined) {
      takeOut(this.#liveList(membership), membership);
      putIn(this.lagging, membership);
    }
    membership.lag = { state, offset, failureCount: 0, timer: undefined };
  }

  /** From the next run on the membership gets everything. */
  goLive(membership: Membership): void {
    assert(membership.lag !== undefined && this.run.length === 0, "who goes live has missed nothing");
    takeOut(this.lagging, membership);
    putIn(this.#liveList(membership), membership);
    membership.lag = undefined;
  }

  #liveList({ member }: Membership): Membership[] {
    switch (member.wire) {
      case "packets":
        return this.packets;
      case "websocket":
        return this.webSockets;
      case "deflate":
        return this.deflating;
    }
  }
}

function putIn(list: Membership[], membership: Membership): void {
  membership.index = list.length;
  list.push(membership);
}

/** The last one takes its place. */
function takeOut(list: Membership[], membership: Membership): void {
  assert(list[membership.index] === membership, "a membership is in one list");
  const last = list.pop() as Membership;
  if (last === membership) return;
  last.index = membership.index;
  list[last.index] = last;
}

function unchain(membership: Membership): void {
  const { member } = membership;
  if (member.firstMembership === membership) {
    member.firstMembership = membership.next;
    return;
  }
  let before = member.firstMembership;
  while (before !== undefined && before.next !== membership) before = before.next;
  assert(before !== undefined, "a membership is in its member's chain");
  before.next = membership.next;
}
