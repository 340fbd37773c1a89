import { CHUNK_BYTES, type SendBufferPool, type SendChunk } from "../engine/index.ts";
import { deflateMessage } from "./message-deflate.ts";
import { type DeflateSettings, defaultDeflateSettings } from "./deflate-settings.ts";
import { FRAME_HEADER_LIMIT_BYTES, writeFrameHeader } from "./frame-header.ts";

/** Bytes [start, end) of a chunk. Whoever has the range holds a reference to the chunk. */
export interface FramedRange {
  readonly chunk: SendChunk;
  readonly start: number;
  readonly end: number;
}

/**
 * Makes one frame of the pieces, one message, for every connection that negotiated compression: since no
 * window is kept, they all understand the same bytes. Below the settings' threshold, and where it would
 * not become smaller, the message is framed as it is.
 *
 * The frame is in several ranges when it does not fit in a chunk; send them in order, with nothing of
 * the session's in between. Each holds a reference to its chunk: {@link releaseRanges} when they are sent.
 *
 * `settings`: their window must be that of the connections' negotiation. Throws ArenaExhaustedError.
 */
export function deflateFrame(
  pool: SendBufferPool,
  pieces: readonly Uint8Array[],
  opcode: number,
  settings: DeflateSettings = defaultDeflateSettings,
): FramedRange[] {
  let plainBytes = 0;
  for (const piece of pieces) plainBytes += piece.byteLength;
  if (plainBytes >= settings.thresholdBytes) {
    const deflated = deflateMessage(pieces, settings);
    if (deflated.byteLength < plainBytes) {
      return writeFrame(pool, [deflated], deflated.byteLength, opcode, true);
    }
  }
  return writeFrame(pool, pieces, plainBytes, opcode, false);
}

/** Gives the references back that the ranges hold. */
export function releaseRanges(ranges: readonly FramedRange[]): void {
  for (const { chunk } of ranges) chunk.release();
}

function writeFrame(
  pool: SendBufferPool,
  pieces: readonly Uint8Array[],
  payloadBytes: number,
  opcode: number,
  rsv1: boolean,
): FramedRange[] {
  const header = new Uint8Array(FRAME_HEADER_LIMIT_BYTES);
  const headerBytes = writeFrameHeader(header, 0, opcode, payloadBytes, { rsv1 });
  const writer = new RangeWriter(pool, headerBytes + payloadBytes);
  try {
    writer.write(header, headerBytes);
    for (const piece of pieces) writer.write(piece, piece.byteLength);
  } catch (error) {
    writer.giveUp();
    throw error;
  }
  return writer.ranges;
}

/** Copies bytes into as few ranges as hold them. */
class RangeWriter {
  readonly ranges: FramedRange[] = [];
  readonly #pool: SendBufferPool;
  #leftBytes: number;
  #chunk: SendChunk | undefined;
  #start = 0;
  #at = 0;
  #end = 0;

  constructor(pool: SendBufferPool, totalBytes: number) {
    this.#pool = pool;
    this.#leftBytes = totalBytes;
  }

  write(bytes: Uint8Array, count: number): void {
    let from = 0;
    while (from < count) {
      if (this.#chunk === undefined) this.#open();
      const part = Math.min(count - from, this.#end - this.#at);
      (this.#chunk as SendChunk).bytes.set(bytes.subarray(from, from + part), this.#at);
      from += part;
      this.#at += part;
      if (this.#at === this.#end) this.#close();
    }
  }

  giveUp(): void {
    if (this.#chunk !== undefined) this.#pool.close(0);
    releaseRanges(this.ranges);
  }

  #open(): void {
    const count = Math.min(this.#leftBytes, CHUNK_BYTES);
    const chunk = this.#pool.open(count);
    this.#chunk = chunk;
    this.#start = chunk.writtenBytes;
    this.#at = this.#start;
    this.#end = this.#start + count;
  }

  #close(): void {
    const chunk = this.#chunk as SendChunk;
    const count = this.#end - this.#start;
    this.#pool.close(count);
    chunk.retain();
    this.ranges.push({ chunk, start: this.#start, end: this.#end });
    this.#leftBytes -= count;
    this.#chunk = undefined;
  }
}
