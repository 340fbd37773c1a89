import { assert } from "../../base/assert.ts";
import type { SendBufferPool, SendChunk } from "../../engine/index.ts";
import type { PacketRange } from "../../protocol/packet-encoder.ts";
import {
  FRAME_HEADER_ROOM_BYTES,
  frameHeaderBytes,
  Opcode,
  writeFrameHeader,
} from "../../websocket/index.ts";
import type { FramedRun } from "./framed-run.ts";
import type { SendTarget } from "./local-room.ts";

/**
 * Where the entries of a run were written: each entry's range, and the segments (ranges of one chunk)
 * that they lie in. Holds a reference to each chunk until `release`. A packet never spans two chunks, so
 * each segment has whole packets and can be a WebSocket message.
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
  /** Where there is room for a frame header, and where it ends. */
  #roomChunk: SendChunk | undefined;
  #roomEnd = 0;

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

  /** Leaves room for a frame header in front of what is encoded next. Throws ArenaExhaustedError. */
  leaveRoom(pool: SendBufferPool): void {
    const chunk = pool.open(FRAME_HEADER_ROOM_BYTES);
    pool.close(FRAME_HEADER_ROOM_BYTES);
    this.#roomChunk = chunk;
    this.#roomEnd = chunk.writtenBytes;
  }

  /**
   * Makes each segment a binary message: its header goes into the room in front of it, where there is
   * some, or is written elsewhere. Throws ArenaExhaustedError.
   */
  frame(pool: SendBufferPool, framed: FramedRun): void {
    for (let segment = 0; segment < this.segmentCount; segment++) {
      const chunk = this.segmentChunks[segment] as SendChunk;
      const start = this.segmentStarts[segment] as number;
      const end = this.segmentEnds[segment] as number;
      const headerBytes = frameHeaderBytes(end - start);
      // The first packet may have gone to another chunk than the room was left in.
      const hasRoom =
        chunk === this.#roomChunk && start === this.#roomEnd && headerBytes <= FRAME_HEADER_ROOM_BYTES;
      if (hasRoom) {
        writeFrameHeader(chunk.bytes, start - headerBytes, Opcode.BINARY, end - start);
        framed.add(chunk, start - headerBytes, end);
        continue;
      }
      const header = pool.open(headerBytes);
      const at = header.writtenBytes;
      writeFrameHeader(header.bytes, at, Opcode.BINARY, end - start);
      pool.close(headerBytes);
      framed.add(header, at, at + headerBytes);
      framed.add(chunk, start, end);
    }
  }

  /** The bytes of a segment. */
  segmentBytes(segment: number): Uint8Array {
    const chunk = this.segmentChunks[segment] as SendChunk;
    return chunk.bytes.subarray(this.segmentStarts[segment], this.segmentEnds[segment]);
  }

  /** Queues the entries [from, to) for a member. */
  sendTo(link: SendTarget, from: number, to: number): void {
    if (from >= to) return;
    assert(to <= this.#count, "only encoded entries are sent");
    const lastSegment = this.#segments[to - 1] as number;
    let start = this.#starts[from] as number;
    for (let segment = this.#segments[from] as number; segment < lastSegment; segment++) {
      link.send(this.segmentChunks[segment] as SendChunk, start, this.segmentEnds[segment] as number);
      start = this.segmentStarts[segment + 1] as number;
    }
    link.send(this.segmentChunks[lastSegment] as SendChunk, start, this.#ends[to - 1] as number);
  }

  /** From here on only the send queues hold the chunks. */
  release(): void {
    for (let segment = 0; segment < this.segmentCount; segment++) this.segmentChunks[segment]?.release();
    this.segmentChunks.length = 0;
    this.segmentCount = 0;
    this.#count = 0;
    this.#byteCount = 0;
    this.#roomChunk = undefined;
  }
}
