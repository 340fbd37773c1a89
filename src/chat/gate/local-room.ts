import { assert } from "../../base/assert.ts";
import type { DisconnectReason, SendChunk } from "../../engine/index.ts";
import type { RoomEvent } from "../hub/event.ts";
import type { RoomId } from "../names.ts";

/** What a fan-out needs of an engine session. */
export interface SendTarget {
  send(chunk: SendChunk, start: number, end: number): boolean;
  abort(reason: DisconnectReason): void;
}

/** A session as the rooms see it. */
export interface Member {
  readonly session: SendTarget;
  /** The rooms it is in; only the fan-out changes them. */
  memberships: Membership[];
  /** A request of this session is answered. */
  onAnswered(): void;
}

/** One member in one room. */
export interface Membership {
  readonly room: LocalRoom;
  readonly member: Member;
  /** The member's, one step nearer for the hot loop. */
  readonly session: SendTarget;
  /** Its place in the room's `memberships`. */
  index: number;
  /** The last run that had something of its own for it. */
  runSerial: number;
  /** The events of that run that it does not get, by their place in the run. */
  own: number[] | undefined;
}

/** The members of one room that one gate holds, dense so that a fan-out is a plain loop. */
export class LocalRoom {
  readonly id: RoomId;
  readonly memberships: Membership[] = [];
  /** Events that wait to be encoded. */
  run: RoomEvent[] = [];

  constructor(id: RoomId) {
    this.id = id;
  }

  /** O(rooms of the member), of which there are few. */
  membershipOf(member: Member): Membership | undefined {
    for (const membership of member.memberships) if (membership.room === this) return membership;
    return undefined;
  }

  /** False when it was a member before. */
  add(member: Member): boolean {
    if (this.membershipOf(member) !== undefined) return false;
    const membership: Membership = {
      room: this,
      member,
      session: member.session,
      index: this.memberships.length,
      runSerial: 0,
      own: undefined,
    };
    this.memberships.push(membership);
    // A literal has room for one, where push would make room for seventeen: most sessions are in the
    // lobby alone, and there are many.
    if (member.memberships.length === 0) member.memberships = [membership];
    else member.memberships.push(membership);
    return true;
  }

  /** False when it was no member. */
  remove(member: Member): boolean {
    const place = member.memberships.findIndex((membership) => membership.room === this);
    const membership = member.memberships[place];
    if (membership === undefined) return false;
    member.memberships.splice(place, 1);
    this.drop(membership);
    return true;
  }

  /** Takes a membership that its member has given up out of the room: the last one takes its place. */
  drop(membership: Membership): void {
    assert(this.memberships[membership.index] === membership, "a membership is dropped once");
    const last = this.memberships.pop() as Membership;
    if (last === membership) return;
    last.index = membership.index;
    this.memberships[last.index] = last;
  }
}
