import { assert } from "../../base/assert.ts";
import { ArenaExhaustedError, type Arena, type ArenaBlock } from "../memory/arena.ts";
import { Mapping } from "./mapping.ts";
import type { SystemCalls } from "./system-calls.ts";

/**
 * Memory for bytes to be sent: one range of address space, reserved at once, of which pages take up
 * memory only when they are written. Each block is a view of its own rather than a part of one large
 * view: V8 counts the bytes of every view as memory in use, and would collect garbage for nothing.
 */
export class UringArena implements Arena {
  readonly limitBytes: number;
  readonly #mapping: Mapping;
  #allocatedBytes = 0;

  /** `limitBytes` is a multiple of 4096. */
  constructor(calls: SystemCalls, limitBytes: number) {
    assert(limitBytes > 0 && limitBytes % 4096 === 0, "the arena's limit is a multiple of 4096 bytes");
    this.limitBytes = limitBytes;
    this.#mapping = Mapping.anonymous(calls, limitBytes);
  }

  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  allocate(byteCount: number): ArenaBlock {
    assert(byteCount > 0 && byteCount % 4096 === 0, "a block is a multiple of 4096 bytes");
    const offset = this.#allocatedBytes;
    if (offset + byteCount > this.limitBytes) throw new ArenaExhaustedError(this.limitBytes);
    this.#allocatedBytes = offset + byteCount;
    return {
      bytes: new Uint8Array(this.#mapping.view(offset, byteCount)),
      address: this.#mapping.address + offset,
    };
  }

  /** Gives all of it back; only when the kernel holds no address of it. */
  release(): void {
    this.#mapping.unmap();
  }
}
