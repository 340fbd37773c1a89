import { assert } from "../base/assert.ts";
import type { SendChunk } from "./memory/send-buffer-pool.ts";

/** Pieces that one gather send takes at most (row E15). */
export const GATHER_PIECES = 64;

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
  #frozen = 0;
  #byteCount = 0;

  /** Bytes waiting or being sent. */
  get byteCount(): number {
    return this.#byteCount;
  }

  /** Pieces waiting or being sent. */
  get pieceCount(): number {
    return this.#chunks.length - this.#head;
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
    const last = this.#chunks.length - 1;
    if (last - this.#head >= this.#frozen && this.#chunks[last] === chunk && this.#ends[last] === start) {
      this.#ends[last] = end;
      return;
    }
    chunk.retain();
    this.#chunks.push(chunk);
    this.#starts.push(start);
    this.#ends.push(end);
  }

  /** Marks the first `pieceCount` pieces as given to the kernel. */
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
    for (let index = 0; index < this.pieceCount; index++) this.chunkAt(index).release();
    this.#head = this.#chunks.length;
    this.#frozen = 0;
    this.#byteCount = 0;
    this.#compact();
  }

  #compact(): void {
    if (this.#head === this.#chunks.length) {
      this.#chunks.length = 0;
      this.#starts.length = 0;
      this.#ends.length = 0;
      this.#head = 0;
    } else if (this.#head >= 64 && this.#head * 2 >= this.#chunks.length) {
      this.#chunks.splice(0, this.#head);
      this.#starts.splice(0, this.#head);
      this.#ends.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
