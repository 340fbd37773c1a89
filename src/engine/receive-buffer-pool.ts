import { assert } from "../base/assert.ts";

/** Sizes of the buffers that hold the beginning of an incomplete frame, bytes. */
const CLASS_BYTES = [256, 4096, 16_384, 65_536] as const;

/**
 * Buffers for incomplete frames. A session rents one only while a frame is incomplete (row E11), so
 * an idle connection holds none. `limitBytes` bounds what all sessions together may rent.
 */
export class ReceiveBufferPool {
  readonly limitBytes: number;
  readonly #free: Uint8Array[][] = CLASS_BYTES.map(() => []);
  /** Freed buffers kept per size; more are left to the garbage collector. */
  readonly #keepCount: number;
  #rentedBytes = 0;

  constructor(limitBytes: number, keepCount = 256) {
    this.limitBytes = limitBytes;
    this.#keepCount = keepCount;
  }

  /** Bytes rented now; 0 at rest. */
  get rentedBytes(): number {
    return this.#rentedBytes;
  }

  /** A buffer of at least `byteCount` bytes, or undefined when the limit does not allow it. */
  rent(byteCount: number): Uint8Array | undefined {
    let index = 0;
    while (index < CLASS_BYTES.length && (CLASS_BYTES[index] as number) < byteCount) index++;
    const size = CLASS_BYTES[index] ?? byteCount;
    if (this.#rentedBytes + size > this.limitBytes) return undefined;
    this.#rentedBytes += size;
    return this.#free[index]?.pop() ?? Buffer.allocUnsafeSlow(size);
  }

  giveBack(buffer: Uint8Array): void {
    this.#rentedBytes -= buffer.byteLength;
    assert(this.#rentedBytes >= 0, "a buffer is given back once");
    const index = CLASS_BYTES.indexOf(buffer.byteLength as (typeof CLASS_BYTES)[number]);
    const free = this.#free[index];
    if (free !== undefined && free.length < this.#keepCount) free.push(buffer);
  }
}
