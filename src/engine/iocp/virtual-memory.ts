import type { FixedMemory } from "../memory/block-pool.ts";
import { PortError } from "../port-error.ts";
import { MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, PAGE_READWRITE } from "./constants.ts";
import { errnoOf } from "./windows-errors.ts";
import type { WindowsCalls } from "./windows-calls.ts";

/**
 * Memory outside V8's heap that Windows may be given addresses of. It never moves, and it is given back by
 * {@link release} alone. Windows promises room for all that is committed, so a large range is only reserved
 * and committed part by part.
 */
export class VirtualMemory implements FixedMemory {
  readonly address: number;
  readonly byteCount: number;
  readonly #calls: WindowsCalls;
  readonly #views: ArrayBuffer[] = [];
  #isHeld = true;

  private constructor(calls: WindowsCalls, byteCount: number, type: number) {
    this.#calls = calls;
    this.byteCount = byteCount;
    this.address = this.#allocate(0, byteCount, type);
  }

  /** Zeroed memory; pages take up memory once they are touched. Throws PortError ENOMEM. */
  static committed(calls: WindowsCalls, byteCount: number): VirtualMemory {
    return new VirtualMemory(calls, byteCount, MEM_RESERVE | MEM_COMMIT);
  }

  /** A range of addresses without memory; see {@link commit}. */
  static reserved(calls: WindowsCalls, byteCount: number): VirtualMemory {
    return new VirtualMemory(calls, byteCount, MEM_RESERVE);
  }

  /** Puts zeroed memory behind a part of a reserved range. Throws PortError ENOMEM. */
  commit(offset: number, byteCount: number): void {
    this.#allocate(this.address + offset, byteCount, MEM_COMMIT);
  }

  #allocate(address: number, byteCount: number, type: number): number {
    const allocated = this.#calls.VirtualAlloc(address, byteCount, type, PAGE_READWRITE);
    if (allocated !== 0) return allocated;
    throw new PortError("VirtualAlloc", errnoOf("memory", this.#calls.GetLastError()), `${byteCount} bytes`);
  }

  /** The bytes [offset, offset + byteCount) as an ArrayBuffer. V8 allows one view of one address. */
  view(offset = 0, byteCount = this.byteCount - offset): ArrayBuffer {
    const view = this.#calls.view(this.address + offset, byteCount);
    this.#views.push(view);
    return view;
  }

  /**
   * Gives the memory back. Every view is detached first (it then has length 0), so that bytes kept
   * too long read as undefined instead of crashing the process.
   */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    for (const view of this.#views) view.transfer();
    this.#views.length = 0;
    this.#calls.VirtualFree(this.address, 0, MEM_RELEASE);
  }
}
