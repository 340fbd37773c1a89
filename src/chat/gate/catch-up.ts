import { ArenaExhaustedError, type PortTimer } from "../../engine/index.ts";
import { PacketType } from "../../protocol/codes.ts";
import type { PacketEncoder } from "../../protocol/packet-encoder.ts";
import type { HistoryMessage, SessionEvent } from "../hub/event.ts";
import { encodeReplayed } from "./entry-encoder.ts";
import type { GateCounters } from "./gate-counters.ts";
import type { Lag, LocalRoom, Member, Membership } from "./local-room.ts";

/** A page of the log, answer to a `history` request with `replay`. */
export type ReplayPage = Extract<SessionEvent, { readonly type: "history" }>;

export interface CatchUpOptions {
  readonly encoder: PacketEncoder;
  readonly counters: GateCounters;
  /** What may wait to be sent to one session. */
  readonly sendQueueBytes: number;
  startTimer(delayMs: number, onExpired: () => void): PortTimer;
  /** Sends a room's members what has gathered for them. */
  flush(room: LocalRoom): void;
}

/** Entries asked for at once: as many as a client may ask for. */
const PAGE_ENTRIES = 200;
/** The next page is asked for when no more than this waits to be sent. */
const LOW_WATER_BYTES = 65_536;
/** Of the send queue's limit: above this nothing more is added for a membership that lags, … */
const HIGH_WATER_FRACTION = 0.25;
/** … and a run that would bring the queue above this makes it lag: the rest is for notices and responses. */
const FULL_FRACTION = 0.75;
/** A RoomGapNotice, at most, and the frame headers of it and of one more packet over WebSocket. */
const GAP_NOTICE_BYTES = 32 + 8;
/** A page that did not come is asked for again after this time, doubled each time … */
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 10_000;
/** … and after so many failures in a row (about half a minute) the session is ended. */
const MAX_FAILURES = 8;

/** A page that a member waits for. */
interface Asked {
  /** undefined: it left the room, or its position was changed: the page is of no use. */
  membership: Membership | undefined;
  /** The room's newest message when the page was asked for. */
  readonly newestOffset: number;
}

/**
 * Brings memberships that are not live up to date (row C11): those that came back with a position, and
 * those that read too slowly in a room whose policy is not to cut them off.
 *
 * One that is **behind** gets the log from its offset on, page after page, each asked for when the one
 * before has been read by the client. One that is **skipping** gets nothing until its queue is empty, and
 * then a RoomGapNotice that says what it missed.
 *
 * **Nothing is missed or doubled.** The hub's events for a gate come in one order, and its last page
 * (`more: false`) has every entry up to the newest one published before it. When that page comes, the
 * room's run is flushed first. So every message published before the page has gone to the live members, is
 * at most `room.lastOffset`, and is in the pages; every one published after it is in a later run. The
 * membership becomes live between the two, its own `offset` at `room.lastOffset`. Should the page end
 * earlier (it was read before something was published), the rest is asked for; should it reach further,
 * what lies beyond is left for its run.
 *
 * What is not kept any more is told by a RoomGapNotice: entries missing between others, and entries that
 * were published when the last page was asked for and are not in it.
 *
 * A session has one page under way at most, whatever the number of its rooms, so the answer that comes is
 * the answer to that one, and its queue never takes more than a quarter of its limit from here.
 */
export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #asked = new Map<Member, Asked>();
  readonly #highWaterBytes: number;
  readonly #lowWaterBytes: number;

  constructor(options: CatchUpOptions) {
    this.#options = options;
    this.#highWaterBytes = Math.floor(options.sendQueueBytes * HIGH_WATER_FRACTION);
    this.#lowWaterBytes = Math.min(LOW_WATER_BYTES, this.#highWaterBytes);
  }

  /** What a live member's queue may have before so many bytes more, in a room that cuts nobody off; above, it lags. */
  mostQueuedBytes(runBytes: number): number {
    return Math.min(this.#highWaterBytes, this.#options.sendQueueBytes * FULL_FRACTION - runBytes);
  }

  /** The membership is not live any more, or is elsewhere in the log than it was. `goOn` must follow. */
  hold(membership: Membership, state: Lag["state"], offset: number): void {
    if (membership.lag === undefined) this.#options.counters.lagging++;
    else this.#letGo(membership);
    membership.room.hold(membership, state, offset);
  }

  /** Takes a live membership that reads too slowly out, as its room says. `goOn` follows when it has drained. */
  holdSlow(membership: Membership): void {
    const { counters } = this.#options;
    const { slowReader, lastOffset } = membership.room;
    const state = slowReader === "catchUp" ? "behind" : "skipping";
    if (state === "behind") counters.catchUps++;
    else counters.skips++;
    this.hold(membership, state, lastOffset);
  }

  /** The membership ends; call before it is taken out of its room. */
  forget(membership: Membership): void {
    if (membership.lag === undefined) return;
    this.#letGo(membership);
    this.#options.counters.lagging--;
  }

  /** The member has ended: no answers come any more. */
  forgetMember(member: Member): void {
    this.#asked.delete(member);
  }

  /**
   * Does for the member's memberships what its send queue has room for. To be called when one was held,
   * and when the queue has drained.
   */
  goOn(member: Member): void {
    let next: Membership | undefined;
    for (let each = member.firstMembership; each !== undefined; each = next) {
      next = each.next;
      if (member.link.queuedBytes > this.#lowWaterBytes) return;
      if (each.lag !== undefined && each.lag.timer === undefined) this.#goOnIn(each, each.lag);
    }
  }

  /** The page that the member waited for. */
  onPage(member: Member, page: ReplayPage): void {
    const asked = this.#asked.get(member);
    if (asked === undefined) return;
    this.#asked.delete(member);
    const { membership } = asked;
    if (membership?.lag !== undefined) this.#replay(membership, membership.lag, page, asked.newestOffset);
    this.goOn(member);
  }

  /** The page that the member waited for does not come; `retryAfterMs` 0: when to ask again is not said. */
  onPageFailed(member: Member, retryAfterMs: number): void {
    const asked = this.#asked.get(member);
    if (asked === undefined) return;
    this.#asked.delete(member);
    const { membership } = asked;
    if (membership?.lag !== undefined) this.#retry(membership, membership.lag, retryAfterMs);
    this.goOn(member);
  }

  #goOnIn(membership: Membership, lag: Lag): void {
    const { room, member } = membership;
    this.#options.flush(room);
    if (lag.offset < room.lastOffset && lag.state === "behind") {
      if (!this.#asked.has(member)) this.#ask(membership, lag);
      return;
    }
    try {
      this.#leaveOut(membership, lag, room.lastOffset);
    } catch (error) {
      this.#onNoMemory(error, membership, lag);
      return;
    }
    this.#goLive(membership);
  }

  #ask(membership: Membership, { offset }: Lag): void {
    const { member, room } = membership;
    this.#asked.set(member, { membership, newestOffset: room.lastOffset });
    member.request({
      type: "history",
      session: member.key,
      requestId: 0,
      roomId: room.id,
      mode: "after",
      offset,
      timeMs: 0,
      limit: PAGE_ENTRIES,
      replay: true,
    });
  }

  #replay(membership: Membership, lag: Lag, page: ReplayPage, newestOffset: number): void {
    const { room } = membership;
    this.#options.flush(room);
    lag.failureCount = 0;
    try {
      for (const message of page.messages) {
        if (message.offset <= lag.offset) continue;
        if (message.offset > room.lastOffset) break;
        // What is left of the page is asked for again when the queue has drained.
        if (!this.#send(membership, lag, message)) return;
      }
      // What had been published and has not come is not kept any more.
      if (!page.more || page.messages.length === 0) this.#leaveOut(membership, lag, newestOffset);
    } catch (error) {
      this.#onNoMemory(error, membership, lag);
      return;
    }
    if (lag.offset >= room.lastOffset) this.#goLive(membership);
  }

  /** False, and the message is not sent, when the queue has no room for it now. */
  #send(membership: Membership, lag: Lag, message: HistoryMessage): boolean {
    const { room, link } = membership;
    const { encoder, counters, sendQueueBytes } = this.#options;
    if (link.queuedBytes > this.#highWaterBytes) return false;
    this.#leaveOut(membership, lag, message.offset - 1);
    const { chunk, start, end } = encodeReplayed(encoder, room.id, message);
    const { queuedBytes } = link;
    if (queuedBytes > 0 && queuedBytes + (end - start) + GAP_NOTICE_BYTES > sendQueueBytes) return false;
    link.send(chunk, start, end);
    lag.offset = message.offset;
    counters.replayed++;
    counters.deliveries++;
    return true;
  }

  /** Tells the member that it does not get what lies between its offset and `toOffset`, if anything does. */
  #leaveOut({ room, link }: Membership, lag: Lag, toOffset: number): void {
    if (toOffset <= lag.offset) return;
    const { encoder, counters } = this.#options;
    const { chunk, start, end } = encoder.encode(PacketType.ROOM_GAP_NOTICE, {
      roomId: room.id,
      fromOffset: lag.offset + 1,
      toOffset,
    });
    link.send(chunk, start, end);
    lag.offset = toOffset;
    counters.gaps++;
  }

  #goLive(membership: Membership): void {
    membership.room.goLive(membership);
    this.#options.counters.lagging--;
  }

  /** Without memory to write to, waiting helps: what others have queued is sent meanwhile. */
  #onNoMemory(error: unknown, membership: Membership, lag: Lag): void {
    if (!(error instanceof ArenaExhaustedError)) throw error;
    this.#retry(membership, lag, 0);
  }

  #retry({ member }: Membership, lag: Lag, retryAfterMs: number): void {
    lag.failureCount++;
    if (lag.failureCount > MAX_FAILURES) {
      member.end("SERVER_ERROR");
      return;
    }
    const backoffMs = FIRST_RETRY_MS * 2 ** (lag.failureCount - 1);
    const delayMs = Math.min(Math.max(backoffMs, retryAfterMs), LONGEST_RETRY_MS);
    lag.timer = this.#options.startTimer(delayMs, () => {
      lag.timer = undefined;
      this.goOn(member);
    });
  }

  /** No timer runs for the membership any more, and the page it waits for is not for it. */
  #letGo(membership: Membership): void {
    membership.lag?.timer?.cancel();
    const asked = this.#asked.get(membership.member);
    if (asked?.membership === membership) asked.membership = undefined;
  }
}
