import { assert } from "../../base/assert.ts";
import { ArenaExhaustedError, type Arena, type ArenaBlock } from "../memory/arena.ts";
import { PortError } from "../port-error.ts";
import { VirtualMemory } from "./virtual-memory.ts";
import type { WindowsCalls } from "./windows-calls.ts";

/**
 * Memory for bytes to be sent: one range of addresses, reserved at once, of which each block is committed
 * when it is handed out. Each block is a view of its own rather than a part of one large view: V8 counts
 * the bytes of every view as memory in use, and would collect garbage for nothing.
 */
export class IocpArena implements Arena {
  readonly limitBytes: number;
  readonly #memory: VirtualMemory;
  #allocatedBytes = 0;

  /** `limitBytes` is a multiple of 4096. */
  constructor(calls: WindowsCalls, limitBytes: number) {
    assert(limitBytes > 0 && limitBytes % 4096 === 0, "the arena's limit is a multiple of 4096 bytes");
    this.limitBytes = limitBytes;
    this.#memory = VirtualMemory.reserved(calls, limitBytes);
  }

  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  allocate(byteCount: number): ArenaBlock {
    assert(byteCount > 0 && byteCount % 4096 === 0, "a block is a multiple of 4096 bytes");
    const offset = this.#allocatedBytes;
    if (offset + byteCount > this.limitBytes) throw new ArenaExhaustedError(this.limitBytes);
    try {
      this.#memory.commit(offset, byteCount);
    } catch (error) {
      // The machine is at its limit before the arena is; for whoever wants to send it is the same.
      if (error instanceof PortError) throw new ArenaExhaustedError(offset);
      throw error;
    }
    this.#allocatedBytes = offset + byteCount;
    return {
      bytes: new Uint8Array(this.#memory.view(offset, byteCount)),
      address: this.#memory.address + offset,
    };
  }

  /** Gives all of it back; only when Windows holds no address of it. */
  release(): void {
    this.#memory.release();
  }
}
