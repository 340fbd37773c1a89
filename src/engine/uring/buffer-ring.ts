import { assert } from "../../base/assert.ts";
import * as k from "./constants.ts";
import { Mapping } from "./mapping.ts";
import { writeAddress, type Ring } from "./ring.ts";
import type { SystemCalls } from "./system-calls.ts";

/**
 * Receive buffers that the kernel picks from when bytes arrive (io_uring_setup_buf_ring(3)), so that
 * an idle connection holds none. A buffer is lent to us by a completion and goes back with
 * {@link recycle}; {@link publish} tells the kernel of those that came back.
 */
export class BufferRing {
  /** All buffers, one after the other: buffer `id` begins at `id * bufferBytes`. */
  readonly bytes: Uint8Array;
  readonly bufferBytes: number;
  /** Buffers the kernel has not got back. */
  lentCount = 0;

  readonly #buffers: Mapping;
  readonly #entries: Mapping;
  readonly #words: Int32Array;
  readonly #halves: Uint16Array;
  readonly #mask: number;
  #tail = 0;
  #published = 0;

  /** `count` is a power of two up to 32,768. Registers group 0; throws PortError. */
  constructor(calls: SystemCalls, ring: Ring, count: number, bufferBytes: number) {
    assert(count > 0 && count <= 32_768 && (count & (count - 1)) === 0, "count is a power of two ≤ 32768");
    assert(bufferBytes > 0 && count * bufferBytes <= 0x7fff_ffff, "receive buffers fit in 2 GiB");
    this.bufferBytes = bufferBytes;
    this.#mask = count - 1;
    this.#buffers = Mapping.anonymous(calls, roundToPage(count * bufferBytes));
    this.bytes = new Uint8Array(this.#buffers.view());
    this.#entries = Mapping.anonymous(calls, roundToPage(count * k.BUF_BYTES + k.BUF_REG_BYTES));
    const entries = this.#entries.view();
    this.#words = new Int32Array(entries);
    this.#halves = new Uint16Array(entries);

    // struct io_uring_buf_reg: u64 ring address, u32 entries, u16 group, u16 flags, u64 reserved[3].
    // It stands after the last entry, which the kernel does not read.
    const registration = (count * k.BUF_BYTES) / 4;
    writeAddress(this.#words, registration, this.#entries.address);
    this.#words[registration + 2] = count;
    try {
      ring.register(k.IORING_REGISTER_PBUF_RING, this.#entries.address + registration * 4, 1);
    } catch (error) {
      this.release();
      throw error;
    }
    for (let id = 0; id < count; id++) this.#put(id);
    this.publish();
  }

  /** The buffer may be used by the kernel again, from the next {@link publish} on. */
  recycle(id: number): void {
    this.lentCount--;
    this.#put(id);
  }

  #put(id: number): void {
    const at = (this.#tail & this.#mask) << 2;
    writeAddress(this.#words, at, this.#buffers.address + id * this.bufferBytes);
    this.#words[at + 2] = this.bufferBytes;
    // Not the whole word: in entry 0 the other half is the ring's tail.
    this.#halves[(at << 1) + 6] = id;
    this.#tail = (this.#tail + 1) & 0xffff;
  }

  publish(): void {
    if (this.#published === this.#tail) return;
    this.#published = this.#tail;
    Atomics.store(this.#halves, k.BUF_RING_TAIL_OFFSET / 2, this.#tail);
  }

  /** Gives the memory back; the ring must have been closed, or the registration have failed. */
  release(): void {
    this.#entries.release();
    this.#buffers.release();
  }
}

function roundToPage(byteCount: number): number {
  return Math.ceil(byteCount / 4096) * 4096;
}
