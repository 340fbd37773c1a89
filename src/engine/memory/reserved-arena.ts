import { assert } from "../../base/assert.ts";
import { PortError } from "../port-error.ts";
import { ArenaExhaustedError, type Arena, type ArenaBlock } from "./arena.ts";

/** A range of addresses that an arena is made on. */
export interface ReservedRange {
  readonly address: number;
  /**
   * Puts zeroed memory behind a part of the range; throws PortError when there is none. Missing where pages
   * come by themselves when they are written.
   */
  commit?(offset: number, byteCount: number): void;
  /** A view of the bytes [offset, offset + byteCount), which lives until {@link release}. */
  view(offset: number, byteCount: number): ArrayBuffer;
  release(): void;
}

/**
 * Memory for bytes to be sent: one range of addresses, reserved at once, of which pages take up memory
 * only when they are used. Each block is a view of its own rather than a part of one large view: V8 counts
 * the bytes of every view as memory in use, and would collect garbage for nothing.
 */
export class ReservedArena implements Arena {
  readonly limitBytes: number;
  readonly #range: ReservedRange;
  #allocatedBytes = 0;

  /** `reserve` gives a range of that many bytes; `limitBytes` is a multiple of 4096. */
  constructor(reserve: (byteCount: number) => ReservedRange, limitBytes: number) {
    assert(limitBytes > 0 && limitBytes % 4096 === 0, "the arena's limit is a multiple of 4096 bytes");
    this.limitBytes = limitBytes;
    this.#range = reserve(limitBytes);
  }

  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  allocate(byteCount: number): ArenaBlock {
    assert(byteCount > 0 && byteCount % 4096 === 0, "a block is a multiple of 4096 bytes");
    const offset = this.#allocatedBytes;
    if (offset + byteCount > this.limitBytes) throw new ArenaExhaustedError(this.limitBytes);
    try {
      this.#range.commit?.(offset, byteCount);
    } catch (error) {
      // The machine is at its limit before the arena is; for whoever wants to send it is the same.
      if (error instanceof PortError) throw new ArenaExhaustedError(offset);
      throw error;
    }
    this.#allocatedBytes = offset + byteCount;
    return {
      bytes: new Uint8Array(this.#range.view(offset, byteCount)),
      address: this.#range.address + offset,
    };
  }

  /** Gives all of it back; only when the kernel holds no address of it. */
  release(): void {
    this.#range.release();
  }
}
