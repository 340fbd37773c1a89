import { assert } from "../base/assert.ts";
import type { SendChunk } from "./memory/send-buffer-pool.ts";

/** Pieces that one gather send takes at most (row E15). */
export const GATHER_PIECES = 64;

/** Places for further pieces that an empty queue keeps. */
const KEPT_PIECES = 128;

/**
 * What one session has still to send: pieces (chunk, start, end) in order, each holding a reference
 * to its chunk until the kernel has taken its bytes. A piece that begins where the last one ends, in
 * the same chunk, is merged with it, so a fan-out of many messages is one piece.
 *
 * While a send is outstanding, the pieces it was given are frozen: later bytes never merge into them.
 *
 * The first piece is in fields rather than in the arrays. Where every session gets a message of its own
 * it is the only piece, and each array would be two more places in memory to fetch for one send.
 */
export class SendQueue {
  /** The first piece; undefined when there is none. */
  #chunk: SendChunk | undefined;
  #start = 0;
  #end = 0;
  #frozen = 0;
  #byteCount = 0;
  // The pieces after the first: places [nextPlace, endPlace) of the arrays. What the arrays have beyond
  // is left for the next pieces.
  #nextPlace = 0;
  #endPlace = 0;
  readonly #chunks: (SendChunk | undefined)[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** Bytes waiting or being sent. */
  get byteCount(): number {
    return this.#byteCount;
  }

  /** Pieces waiting or being sent. */
  get pieceCount(): number {
    return this.#chunk === undefined ? 0 : 1 + this.#endPlace - this.#nextPlace;
  }

  get isEmpty(): boolean {
    return this.#byteCount === 0;
  }

  chunkAt(index: number): SendChunk {
    const chunk = index === 0 ? this.#chunk : this.#chunks[this.#nextPlace + index - 1];
    assert(chunk !== undefined, "the piece exists");
    return chunk;
  }

  startAt(index: number): number {
    return index === 0 ? this.#start : (this.#starts[this.#nextPlace + index - 1] as number);
  }

  endAt(index: number): number {
    return index === 0 ? this.#end : (this.#ends[this.#nextPlace + index - 1] as number);
  }

  /** Adds bytes [start, end) of `chunk`, which must have been written. */
  push(chunk: SendChunk, start: number, end: number): void {
    assert(start < end && end <= chunk.writtenBytes, "only written bytes are sent");
    this.#byteCount += end - start;
    if (this.#chunk === undefined) {
      chunk.retain();
      this.#chunk = chunk;
      this.#start = start;
      this.#end = end;
    } else if (!this.#extendLast(chunk, start, end)) {
      chunk.retain();
      this.#chunks[this.#endPlace] = chunk;
      this.#starts[this.#endPlace] = start;
      this.#ends[this.#endPlace] = end;
      this.#endPlace++;
    }
  }

  /** Merges the bytes into the last piece if they follow it and the kernel has not been given it. */
  #extendLast(chunk: SendChunk, start: number, end: number): boolean {
    if (this.#nextPlace === this.#endPlace) {
      if (this.#frozen > 0 || this.#chunk !== chunk || this.#end !== start) return false;
      this.#end = end;
      return true;
    }
    const last = this.#endPlace - 1;
    if (this.pieceCount <= this.#frozen || this.#chunks[last] !== chunk || this.#ends[last] !== start) {
      return false;
    }
    this.#ends[last] = end;
    return true;
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
      const length = this.#end - this.#start;
      if (left < length) {
        this.#start += left;
        return;
      }
      left -= length;
      this.#dropFirst();
    }
  }

  /** Drops everything and releases every reference. Only when no send is outstanding. */
  clear(): void {
    while (this.#chunk !== undefined) this.#dropFirst();
    this.#frozen = 0;
    this.#byteCount = 0;
  }

  /** Releases the first piece and makes the next one the first. */
  #dropFirst(): void {
    this.chunkAt(0).release();
    const place = this.#nextPlace;
    if (place === this.#endPlace) {
      this.#chunk = undefined;
      return;
    }
    this.#chunk = this.#chunks[place];
    this.#start = this.#starts[place] as number;
    this.#end = this.#ends[place] as number;
    this.#chunks[place] = undefined;
    this.#nextPlace++;
    this.#compact();
  }

  #compact(): void {
    if (this.#nextPlace === this.#endPlace) {
      this.#nextPlace = 0;
      this.#endPlace = 0;
      // Setting a length to 0 gives the storage back: only when there is much of it.
      if (this.#chunks.length > KEPT_PIECES) this.#truncate();
    } else if (this.#nextPlace >= GATHER_PIECES && this.#nextPlace * 2 >= this.#endPlace) {
      this.#chunks.splice(0, this.#nextPlace);
      this.#starts.splice(0, this.#nextPlace);
      this.#ends.splice(0, this.#nextPlace);
      this.#endPlace -= this.#nextPlace;
      this.#nextPlace = 0;
    }
  }

  #truncate(): void {
    this.#chunks.length = 0;
    this.#starts.length = 0;
    this.#ends.length = 0;
  }
}
