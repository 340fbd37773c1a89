import { assert } from "../base/assert.ts";
import type { SendChunk } from "./memory/send-buffer-pool.ts";

/** Pieces that one gather send takes at most (row E15). */
export const GATHER_PIECES = 64;

/** Places that an empty queue keeps. */
const KEPT_PIECES = 128;

/**
 * What one session has still to send: pieces (chunk, start, end) in order, each holding a reference
 * to its chunk until the kernel has taken its bytes. A piece that begins where the last one ends, in
 * the same chunk, is merged with it, so a fan-out of many messages is one piece.
 *
 * While a send is outstanding, the pieces it was given are frozen: later bytes never merge into them.
 */
export class SendQueue {
  readonly #chunks: (SendChunk | undefined)[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #head = 0;
  /** One past the last piece; what the arrays have beyond it is left for the next pieces. */
  #end = 0;
  #frozen = 0;
  #byteCount = 0;

  /** Bytes waiting or being sent. */
  get byteCount(): number {
    return this.#byteCount;
  }

  /** Pieces waiting or being sent. */
  get pieceCount(): number {
    return this.#end - this.#head;
  }

  get isEmpty(): boolean {
    return this.#byteCount === 0;
  }

  chunkAt(index: number): SendChunk {
    const chunk = this.#chunks[this.#head + index];
    assert(chunk !== undefined, "the piece exists");
    return chunk;
  }

  startAt(index: number): number {
    return this.#starts[this.#head + index] as number;
  }

  endAt(index: number): number {
    return this.#ends[this.#head + index] as number;
  }

  /** Adds bytes [start, end) of `chunk`, which must have been written. */
  push(chunk: SendChunk, start: number, end: number): void {
    assert(start < end && end <= chunk.writtenBytes, "only written bytes are sent");
    this.#byteCount += end - start;
    const last = this.#end - 1;
    if (last - this.#head >= this.#frozen && this.#chunks[last] === chunk && this.#ends[last] === start) {
      this.#ends[last] = end;
      return;
    }
    chunk.retain();
    this.#chunks[this.#end] = chunk;
    this.#starts[this.#end] = start;
    this.#ends[this.#end] = end;
    this.#end++;
  }

  /** Ports call this in `send`: marks the first `pieceCount` pieces as given to the kernel. */
  freeze(pieceCount: number): void {
    this.#frozen = pieceCount;
  }

  /** Takes `byteCount` sent bytes off the front and releases the pieces that are done. */
  consume(byteCount: number): void {
    assert(byteCount >= 0 && byteCount <= this.#byteCount, "no more is consumed than was queued");
    this.#frozen = 0;
    this.#byteCount -= byteCount;
    let left = byteCount;
    while (left > 0) {
      const start = this.startAt(0);
      const length = this.endAt(0) - start;
      if (left < length) {
        this.#starts[this.#head] = start + left;
        return;
      }
      left -= length;
      this.chunkAt(0).release();
      this.#chunks[this.#head] = undefined;
      this.#head++;
    }
    this.#compact();
  }

  /** Drops everything and releases every reference. Only when no send is outstanding. */
  clear(): void {
    for (; this.#head < this.#end; this.#head++) {
      this.chunkAt(0).release();
      this.#chunks[this.#head] = undefined;
    }
    this.#frozen = 0;
    this.#byteCount = 0;
    this.#compact();
  }

  #compact(): void {
    if (this.#head === this.#end) {
      this.#head = 0;
      this.#end = 0;
      // Setting a length to 0 gives the storage back: only when there is much of it.
      if (this.#chunks.length > KEPT_PIECES) this.#truncate();
    } else if (this.#head >= GATHER_PIECES && this.#head * 2 >= this.#end) {
      this.#chunks.splice(0, this.#head);
      this.#starts.splice(0, this.#head);
      this.#ends.splice(0, this.#head);
      this.#end -= this.#head;
      this.#head = 0;
    }
  }

  #truncate(): void {
    this.#chunks.length = 0;
    this.#starts.length = 0;
    this.#ends.length = 0;
  }
}
