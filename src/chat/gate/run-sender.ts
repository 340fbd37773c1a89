import { ArenaExhaustedError, type SendChunk } from "../../engine/index.ts";
import type { PacketEncoder } from "../../protocol/packet-encoder.ts";
import type { SessionKey } from "../names.ts";
import type { CatchUp } from "./catch-up.ts";
import { EncodedRun } from "./encoded-run.ts";
import { encodeEntry, publishResponses } from "./entry-encoder.ts";
import type { GateCounters } from "./gate-counters.ts";
import type { LocalRoom, Member, Membership } from "./local-room.ts";
import type { RunEntry } from "./run-entries.ts";

export interface RunSenderOptions {
  readonly encoder: PacketEncoder;
  readonly counters: GateCounters;
  /** What may wait to be sent to one session, as its engine has it. */
  readonly sendQueueBytes: number;
  /** The session of this gate with a key; undefined when it has ended. */
  findMember(key: SessionKey): Member | undefined;
}

/** Encodes a room's run, once, and queues it for its members. */
export class RunSender {
  readonly #options: RunSenderOptions;
  readonly #counters: GateCounters;
  readonly #catchUp: CatchUp;
  readonly #run = new EncodedRun();
  /** Memberships that the run being sent has something of their own for. */
  readonly #special: Membership[] = [];
  #serial = 0;

  constructor(options: RunSenderOptions, catchUp: CatchUp) {
    this.#options = options;
    this.#counters = options.counters;
    this.#catchUp = catchUp;
  }

  /** Gives the memberships that lag from this run on, if there are any. */
  send(room: LocalRoom, entries: readonly RunEntry[]): readonly Membership[] | undefined {
    this.#serial++;
    this.#markSpecial(room, entries);
    let held: readonly Membership[] | undefined;
    try {
      this.#encode(entries);
      if (room.slowReader !== "disconnect") held = this.#holdSlow(room);
      this.#sendToLive(room, entries.length);
      this.#sendToSpecial(entries);
      this.#sendToLagging(room, entries);
    } catch (error) {
      if (!(error instanceof ArenaExhaustedError)) throw error;
      // Part of a run would be a hole in the room's order: whoever cannot get all of it starts anew,
      // and catches up by offset.
      for (const { session } of room.live) session.abort("SEND_BUFFER_EXHAUSTED");
      for (const { session } of room.lagging) session.abort("SEND_BUFFER_EXHAUSTED");
    } finally {
      this.#run.release();
      for (const membership of this.#special) membership.own = undefined;
      this.#special.length = 0;
      const newest = entries.findLast((entry) => entry.type === "message");
      if (newest !== undefined) room.lastOffset = newest.offset;
    }
    return held;
  }

  /** Notes in each membership which entries of the run are not for it. */
  #markSpecial(room: LocalRoom, entries: readonly RunEntry[]): void {
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index] as RunEntry;
      const key = entry.type === "message" ? entry.publisher : entry.type === "typing" ? entry.except : 0;
      if (key === 0) continue;
      const member = this.#options.findMember(key);
      const membership = member === undefined ? undefined : room.membershipOf(member);
      if (membership === undefined) continue;
      if (membership.runSerial !== this.#serial) {
        membership.runSerial = this.#serial;
        this.#special.push(membership);
        membership.own = [index];
      } else {
        membership.own?.push(index);
      }
    }
  }

  #encode(entries: readonly RunEntry[]): void {
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index] as RunEntry;
      this.#run.add(encodeEntry(this.#options.encoder, entry));
      if (entry.type === "message") this.#counters.messagesFannedOut++;
    }
  }

  /** Those that read too slowly get the run, and what follows, otherwise: their queues stay in bounds. */
  #holdSlow({ live }: LocalRoom): readonly Membership[] | undefined {
    const mostBytes = this.#catchUp.mostQueuedBytes(this.#run.byteCount);
    let held: Membership[] | undefined;
    let index = 0;
    while (index < live.length) {
      const membership = live[index] as Membership;
      if (membership.session.queuedBytes <= mostBytes) {
        index++;
        continue;
      }
      // The last one takes its place.
      this.#catchUp.holdSlow(membership);
      held ??= [];
      held.push(membership);
    }
    return held;
  }

  /** The hot loop: the whole run to everybody it is for as it is. */
  #sendToLive({ live }: LocalRoom, entryCount: number): void {
    const { segmentCount, segmentChunks, segmentStarts, segmentEnds } = this.#run;
    const serial = this.#serial;
    let count = 0;
    if (segmentCount === 1) {
      const chunk = segmentChunks[0] as SendChunk;
      const start = segmentStarts[0] as number;
      const end = segmentEnds[0] as number;
      for (let index = 0; index < live.length; index++) {
        const membership = live[index] as Membership;
        if (membership.runSerial === serial) continue;
        membership.session.send(chunk, start, end);
        count++;
      }
    } else {
      for (let index = 0; index < live.length; index++) {
        const membership = live[index] as Membership;
        if (membership.runSerial === serial) continue;
        this.#run.sendTo(membership.session, 0, entryCount);
        count++;
      }
    }
    this.#counters.deliveries += count * entryCount;
  }

  /** The run without a member's own entries, and its responses in their places. */
  #sendToSpecial(entries: readonly RunEntry[]): void {
    for (const { member, session, lag, own = [] } of this.#special) {
      const isLive = lag === undefined;
      let from = 0;
      for (const index of own) {
        if (isLive) this.#run.sendTo(session, from, index);
        from = index + 1;
        const entry = entries[index] as RunEntry;
        if (entry.type !== "message") continue;
        member.onAnswered();
        const { chunk, start, end } = this.#options.encoder.encodePublishResponse(
          publishResponses[entry.kind],
          entry.requestId,
          entry.offset,
          entry.timeMs,
        );
        session.send(chunk, start, end);
      }
      if (!isLive) continue;
      this.#run.sendTo(session, from, entries.length);
      this.#counters.deliveries += entries.length - own.length;
    }
  }

  /** What is about now, and not a message that is replayed or skipped. */
  #sendToLagging({ lagging }: LocalRoom, entries: readonly RunEntry[]): void {
    if (lagging.length === 0) return;
    for (let index = 0; index < entries.length; index++) {
      const { type } = entries[index] as RunEntry;
      if (type === "message" || type === "typing") continue;
      for (const { session } of lagging) this.#run.sendTo(session, index, index + 1);
      this.#counters.deliveries += lagging.length;
    }
  }
}
