import { assert } from "../base/assert.ts";
import { WheelTimer } from "../base/timer-wheel.ts";
import type { Framer } from "./framer.ts";
import type { ReceiveBufferPool } from "./receive-buffer-pool.ts";

/**
 * Cuts what a session receives into frames. Only the beginning of an incomplete frame (the tail) is
 * copied, into a rented buffer. It is a session's base rather than a part of it, because an object of
 * its own would cost every idle session its header and a reference (decision 2).
 */
export abstract class FrameCutter extends WheelTimer {
  #framer: Framer;
  #tail: Uint8Array | undefined;
  /** Bytes in the tail; −n when they are of the protocol before a switch, so that no framer has cut them. */
  #tailBytes = 0;

  constructor(framer: Framer) {
    super();
    this.#framer = framer;
  }

  /** The session is open: it takes frames. */
  protected abstract get takesFrames(): boolean;
  /** Rented while a frame is incomplete; a protocol may keep the beginning of a longer message there, too. */
  abstract get tailBuffers(): ReceiveBufferPool;
  /** One frame, lent for the call. It may end the session, switch the protocol or deliver further bytes. */
  protected abstract takeFrame(bytes: Uint8Array, start: number, end: number): void;
  /** The bytes can never become a frame. The session ends. */
  protected abstract refuseFrame(code: number): void;
  /** No buffer is left for an incomplete frame. The session ends. */
  protected abstract refuseTail(): void;

  protected get hasUncutTail(): boolean {
    return this.#tailBytes < 0;
  }

  /** Further bytes are cut by `framer`. True when there is a tail, which it has to cut anew. */
  protected setFramer(framer: Framer): boolean {
    this.#framer = framer;
    if (this.#tail === undefined) return false;
    this.#tailBytes = -Math.abs(this.#tailBytes);
    return true;
  }

  /** Delivers complete frames and keeps the beginning of an incomplete one. */
  protected takeBytes(bytes: Uint8Array, start: number, end: number): void {
    let from = start;
    // What a frame brought about may have changed everything: each round looks again.
    while (from < end && this.takesFrames) {
      if (this.#tail !== undefined) {
        if (this.#tailBytes < 0) this.cutTail();
        else from = this.#completeTail(bytes, from, end);
        continue;
      }
      const length = this.#framer.frameLength(bytes, from, end);
      if (length < 0) {
        this.refuseFrame(-length);
        return;
      }
      if (length === 0 || from + length > end) {
        this.#keepTail(bytes, from, end, length);
        return;
      }
      from += length;
      this.takeFrame(bytes, from - length, from);
    }
  }

  /** Takes the tail of the former protocol anew, behind the bytes `before` it. */
  protected cutTail(before?: Uint8Array): void {
    const tail = this.#tail as Uint8Array;
    const tailBytes = -this.#tailBytes;
    this.#tail = undefined;
    this.#tailBytes = 0;
    if (before !== undefined) this.takeBytes(before, 0, before.byteLength);
    this.takeBytes(tail, 0, tailBytes);
    this.tailBuffers.giveBack(tail);
  }

  protected releaseTail(): void {
    if (this.#tail === undefined) return;
    this.tailBuffers.giveBack(this.#tail);
    this.#tail = undefined;
    this.#tailBytes = 0;
  }

  /** Copies the beginning of an incomplete frame into a rented buffer; `length` 0: not known yet. */
  #keepTail(bytes: Uint8Array, start: number, end: number, length: number): void {
    const tail = this.tailBuffers.rent(Math.max(length, this.#framer.headerBytes));
    if (tail === undefined) {
      this.refuseTail();
      return;
    }
    copyBytes(bytes, start, end, tail, 0);
    this.#tail = tail;
    this.#tailBytes = end - start;
  }

  /** Goes on with the incomplete frame; returns how far `bytes` were used. */
  #completeTail(bytes: Uint8Array, start: number, end: number): number {
    const framer = this.#framer;
    let from = start;
    for (;;) {
      let tail = this.#tail as Uint8Array;
      const length = framer.frameLength(tail, 0, this.#tailBytes);
      if (length < 0) {
        this.refuseFrame(-length);
        return end;
      }
      if (length > 0 && length <= this.#tailBytes) {
        // A frame may be shorter than a header can be: what was copied beyond it is in `bytes`, and next.
        from -= this.#tailBytes - length;
        assert(from >= start, "a framer knows a frame's length as soon as the frame is complete");
        this.#tail = undefined;
        this.#tailBytes = 0;
        this.takeFrame(tail, 0, length);
        this.tailBuffers.giveBack(tail);
        return from;
      }
      if (from === end) return end;
      if (length > tail.byteLength) {
        const larger = this.tailBuffers.rent(length);
        if (larger === undefined) {
          this.refuseTail();
          return end;
        }
        copyBytes(tail, 0, this.#tailBytes, larger, 0);
        this.tailBuffers.giveBack(tail);
        this.#tail = larger;
        tail = larger;
      }
      const wanted = (length === 0 ? framer.headerBytes : length) - this.#tailBytes;
      const count = Math.min(Math.max(wanted, 1), end - from);
      copyBytes(bytes, from, from + count, tail, this.#tailBytes);
      this.#tailBytes += count;
      from += count;
    }
  }
}

function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > 64) {
    to.set(from.subarray(start, end), at);
    return;
  }
  for (let index = start; index < end; index++) to[at + index - start] = from[index] as number;
}
