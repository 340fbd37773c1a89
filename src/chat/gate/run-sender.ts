import { ArenaExhaustedError, type SendBufferPool, type SendChunk } from "../../engine/index.ts";
import type { PacketEncoder } from "../../protocol/packet-encoder.ts";
import { deflateFrame, Opcode, releaseRanges } from "../../websocket/index.ts";
import type { SessionKey } from "../names.ts";
import type { CatchUp } from "./catch-up.ts";
import { EncodedRun } from "./encoded-run.ts";
import { encodeEntry, publishResponses } from "./entry-encoder.ts";
import { FramedRun, runDeflate } from "./framed-run.ts";
import type { GateCounters } from "./gate-counters.ts";
import type { FramedTarget, LocalRoom, Member, Membership } from "./local-room.ts";
import type { RunEntry } from "./run-entries.ts";

export interface RunSenderOptions {
  readonly encoder: PacketEncoder;
  /** Where the encoder writes; frame headers go there too. */
  readonly sendBuffers: SendBufferPool;
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
  /** The run for members over WebSocket, and for those of them that deflate. */
  readonly #framed = new FramedRun();
  readonly #deflated = new FramedRun();
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
      this.#encode(entries, room.webSockets.length > 0);
      if (room.slowReader !== "disconnect") held = this.#holdSlow(room);
      // First what needs more memory: should there be none, nobody has had a part of the run.
      this.#frame(room);
      // Sessions are flushed in the order in which they are sent to. Those who published come first: while
      // the others are sent to, they can say the next thing, which is then in the next run with the rest.
      this.#sendToSpecial(entries);
      this.#sendToLive(room, entries.length);
      this.#sendToLagging(room, entries);
    } catch (error) {
      if (!(error instanceof ArenaExhaustedError)) throw error;
      // Part of a run would be a hole in the room's order: whoever cannot get all of it starts anew,
      // and catches up by offset.
      for (const list of [...room.liveLists, room.lagging]) {
        for (const { link } of list) link.abort("SEND_BUFFER_EXHAUSTED");
      }
    } finally {
      this.#run.release();
      this.#framed.release();
      this.#deflated.release();
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

  #encode(entries: readonly RunEntry[], leavesRoom: boolean): void {
    if (leavesRoom) this.#run.leaveRoom(this.#options.sendBuffers);
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index] as RunEntry;
      this.#run.add(encodeEntry(this.#options.encoder, entry));
      if (entry.type === "message") this.#counters.messagesFannedOut++;
    }
  }

  /** Those that read too slowly get the run, and what follows, otherwise: their queues stay in bounds. */
  #holdSlow(room: LocalRoom): readonly Membership[] | undefined {
    const held: Membership[] = [];
    this.#holdSlowOf(room.packets, held);
    this.#holdSlowOf(room.webSockets, held);
    this.#holdSlowOf(room.deflating, held);
    return held.length === 0 ? undefined : held;
  }

  #holdSlowOf(live: readonly Membership[], held: Membership[]): void {
    const mostBytes = this.#catchUp.mostQueuedBytes(this.#run.byteCount);
    let index = 0;
    while (index < live.length) {
      const membership = live[index] as Membership;
      if (membership.link.queuedBytes <= mostBytes) {
        index++;
        continue;
      }
      // The last one takes its place.
      this.#catchUp.holdSlow(membership);
      held.push(membership);
    }
  }

  /** Makes WebSocket messages of the run, once for everybody who gets it as it is. */
  #frame({ webSockets, deflating }: LocalRoom): void {
    const { sendBuffers } = this.#options;
    if (this.#isForSome(webSockets)) this.#run.frame(sendBuffers, this.#framed);
    if (!this.#isForSome(deflating)) return;
    for (let segment = 0; segment < this.#run.segmentCount; segment++) {
      const pieces = [this.#run.segmentBytes(segment)];
      const ranges = deflateFrame(sendBuffers, pieces, Opcode.BINARY, runDeflate);
      for (const { chunk, start, end } of ranges) this.#deflated.add(chunk, start, end);
      releaseRanges(ranges);
    }
  }

  /** Somebody in the list gets the whole run. */
  #isForSome(live: readonly Membership[]): boolean {
    return live.some(({ runSerial }) => runSerial !== this.#serial);
  }

  #sendToLive({ packets, webSockets, deflating }: LocalRoom, entryCount: number): void {
    let count = this.#sendPackets(packets, entryCount);
    if (webSockets.length > 0) count += this.#sendFramed(webSockets, this.#framed);
    if (deflating.length > 0) count += this.#sendFramed(deflating, this.#deflated);
    this.#counters.deliveries += count * entryCount;
  }

  /**
   * The hot loop over TCP: the whole run to everybody it is for as it is. Only engine sessions come here,
   * so that the call is to one function.
   */
  #sendPackets(live: readonly Membership[], entryCount: number): number {
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
        membership.link.send(chunk, start, end);
        count++;
      }
    } else {
      for (let index = 0; index < live.length; index++) {
        const membership = live[index] as Membership;
        if (membership.runSerial === serial) continue;
        this.#run.sendTo(membership.link, 0, entryCount);
        count++;
      }
    }
    return count;
  }

  /** The same over WebSocket, with what is framed already. */
  #sendFramed(live: readonly Membership[], framed: FramedRun): number {
    const serial = this.#serial;
    let count = 0;
    if (framed.count === 1) {
      const chunk = framed.chunks[0] as SendChunk;
      const start = framed.starts[0] as number;
      const end = framed.ends[0] as number;
      for (let index = 0; index < live.length; index++) {
        const membership = live[index] as Membership;
        if (membership.runSerial === serial) continue;
        (membership.link as FramedTarget).sendFramed(chunk, start, end);
        count++;
      }
    } else {
      for (let index = 0; index < live.length; index++) {
        const membership = live[index] as Membership;
        if (membership.runSerial === serial) continue;
        framed.sendTo(membership.link as FramedTarget);
        count++;
      }
    }
    return count;
  }

  /** The run without a member's own entries, and its responses in their places. */
  #sendToSpecial(entries: readonly RunEntry[]): void {
    for (const { member, link, lag, own = [] } of this.#special) {
      const isLive = lag === undefined;
      let from = 0;
      for (const index of own) {
        if (isLive) this.#run.sendTo(link, from, index);
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
        link.send(chunk, start, end);
      }
      if (!isLive) continue;
      this.#run.sendTo(link, from, entries.length);
      this.#counters.deliveries += entries.length - own.length;
    }
  }

  /** What is about now, and not a message that is replayed or skipped. */
  #sendToLagging({ lagging }: LocalRoom, entries: readonly RunEntry[]): void {
    if (lagging.length === 0) return;
    for (let index = 0; index < entries.length; index++) {
      const { type } = entries[index] as RunEntry;
      if (type === "message" || type === "typing") continue;
      for (const { link } of lagging) this.#run.sendTo(link, index, index + 1);
      this.#counters.deliveries += lagging.length;
    }
  }
}
