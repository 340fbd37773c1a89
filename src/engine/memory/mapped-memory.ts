import type { FixedMemory } from "./block-pool.ts";

/**
 * Memory outside V8's heap that a kernel may be given addresses of. It never moves, and it is given back
 * by {@link release} alone.
 */
export abstract class MappedMemory implements FixedMemory {
  readonly address: number;
  readonly byteCount: number;
  readonly #views: ArrayBuffer[] = [];
  #isHeld = true;

  constructor(address: number, byteCount: number) {
    this.address = address;
    this.byteCount = byteCount;
  }

  /** The bytes at an address, as an ArrayBuffer. */
  protected abstract viewAt(address: number, byteCount: number): ArrayBuffer;
  /** Gives the range back to the kernel. Called once. */
  protected abstract unmap(): void;

  /** The bytes [offset, offset + byteCount) as an ArrayBuffer. V8 allows one view of one address. */
  view(offset = 0, byteCount: number = this.byteCount - offset): ArrayBuffer {
    const view = this.viewAt(this.address + offset, byteCount);
    this.#views.push(view);
    return view;
  }

  /**
   * Gives the memory back. Every view is detached first (it then has length 0), so that bytes kept
   * too long read as undefined instead of crashing the process. Calling it again does nothing.
   */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    for (const view of this.#views) view.transfer();
    this.#views.length = 0;
    this.unmap();
  }
}
