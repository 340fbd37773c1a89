import { assert } from "../../base/assert.ts";
import type { SendChunk } from "../../engine/index.ts";
import type { PacketRange } from "../../protocol/packet-encoder.ts";
import type { SendTarget } from "./local-room.ts";

/**
 * Where the entries of a run were written: each entry's range, and the segments (ranges of one chunk)
 * that they lie in. Holds a reference to each chunk until `release`.
 */
export class EncodedRun {
  segmentCount = 0;
  readonly segmentChunks: SendChunk[] = [];
  readonly segmentStarts: number[] = [];
  readonly segmentEnds: number[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #segments: number[] = [];
  #count = 0;
  #byteCount = 0;

  get byteCount(): number {
    return this.#byteCount;
  }

  add({ chunk, start, end }: PacketRange): void {
    const last = this.segmentCount - 1;
    if (last >= 0 && this.segmentChunks[last] === chunk && this.segmentEnds[last] === start) {
      this.segmentEnds[last] = end;
    } else {
      chunk.retain();
      this.segmentChunks[this.segmentCount] = chunk;
      this.segmentStarts[this.segmentCount] = start;
      this.segmentEnds[this.segmentCount] = end;
      this.segmentCount++;
    }
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = end;
    this.#segments[this.#count] = this.segmentCount - 1;
    this.#count++;
    this.#byteCount += end - start;
  }

  /** Queues the entries [from, to) for a session. */
  sendTo(session: SendTarget, from: number, to: number): void {
    if (from >= to) return;
    assert(to <= this.#count, "only encoded entries are sent");
    const lastSegment = this.#segments[to - 1] as number;
    let start = this.#starts[from] as number;
    for (let segment = this.#segments[from] as number; segment < lastSegment; segment++) {
      session.send(this.segmentChunks[segment] as SendChunk, start, this.segmentEnds[segment] as number);
      start = this.segmentStarts[segment + 1] as number;
    }
    session.send(this.segmentChunks[lastSegment] as SendChunk, start, this.#ends[to - 1] as number);
  }

  /** From here on only the send queues hold the chunks. */
  release(): void {
    for (let segment = 0; segment < this.segmentCount; segment++) this.segmentChunks[segment]?.release();
    this.segmentChunks.length = 0;
    this.segmentCount = 0;
    this.#count = 0;
    this.#byteCount = 0;
  }
}
