import type { FixedMemory } from "../memory/block-pool.ts";
import { PortError } from "../port-error.ts";
import { MAP_ANONYMOUS, MAP_NORESERVE, MAP_PRIVATE, PROT_READ_WRITE } from "./constants.ts";
import type { SystemCalls } from "./system-calls.ts";

/**
 * Memory outside V8's heap that the kernel may be given addresses of. It never moves, and it is given
 * back by {@link unmap} alone.
 */
export class Mapping implements FixedMemory {
  readonly address: number;
  readonly byteCount: number;
  readonly #calls: SystemCalls;
  readonly #views: ArrayBuffer[] = [];
  #mapped = true;

  private constructor(calls: SystemCalls, address: number, byteCount: number) {
    this.#calls = calls;
    this.address = address;
    this.byteCount = byteCount;
  }

  /** Zeroed memory. Pages take up memory only once they are touched. Throws PortError ENOMEM. */
  static anonymous(calls: SystemCalls, byteCount: number): Mapping {
    return Mapping.#make(calls, byteCount, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  }

  /** Memory shared with the kernel through a descriptor. */
  static ofDescriptor(
    calls: SystemCalls,
    fd: number,
    offset: number,
    byteCount: number,
    flags: number,
  ): Mapping {
    return Mapping.#make(calls, byteCount, flags, fd, offset);
  }

  static #make(calls: SystemCalls, byteCount: number, flags: number, fd: number, offset: number): Mapping {
    const address = calls.mmap(0, byteCount, PROT_READ_WRITE, flags, fd, offset);
    if (address === -1) throw new PortError("mmap", calls.errno(), `${byteCount} bytes`);
    return new Mapping(calls, address, byteCount);
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
  unmap(): void {
    if (!this.#mapped) return;
    this.#mapped = false;
    for (const view of this.#views) view.transfer();
    this.#views.length = 0;
    this.#calls.munmap(this.address, this.byteCount);
  }
  release(): void {
    this.unmap();
  }
}
