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
  /** The first of a chain of the rooms it is in; only its rooms change it. */
  firstMembership: Membership | undefined;
  /** A request of this session is answered. */
  onAnswered(): void;
}

/** One member in one room. */
export interface Membership {
  readonly room: LocalRoom;
  readonly member: Member;
  /** The member's, one step nearer for the hot loop. */
  readonly session: SendTarget;
  /** The member's next one. A chain and no array: there are many members, most in one room. */
  next: Membership | undefined;
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
    let membership = member.firstMembership;
    while (membership !== undefined && membership.room !== this) membership = membership.next;
    return membership;
  }

  /** False when it was a member before. */
  add(member: Member): boolean {
    if (this.membershipOf(member) !== undefined) return false;
    const membership: Membership = {
      room: this,
      member,
      session: member.session,
      next: member.firstMembership,
      index: this.memberships.length,
      runSerial: 0,
      own: undefined,
    };
    this.memberships.push(membership);
    member.firstMembership = membership;
    return true;
  }

  /** False when it was no member. */
  remove(member: Member): boolean {
    const membership = this.membershipOf(member);
    if (membership === undefined) return false;
    unchain(member, membership);
    assert(this.memberships[membership.index] === membership, "a membership is dropped once");
    // The last one takes its place.
    const last = this.memberships.pop() as Membership;
    if (last !== membership) {
      last.index = membership.index;
      this.memberships[last.index] = last;
    }
    return true;
  }
}

function unchain(member: Member, membership: Membership): void {
  if (member.firstMembership === membership) {
    member.firstMembership = membership.next;
    return;
  }
  let before = member.firstMembership;
  while (before !== undefined && before.next !== membership) before = before.next;
  assert(before !== undefined, "a membership is in its member's chain");
  before.next = membership.next;
}
