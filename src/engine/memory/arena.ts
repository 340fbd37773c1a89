/**
 * Memory that does not move. A port hands out the arena its kernel can be given addresses of; bytes
 * that are to be sent must live in it, because the kernel reads them after the call has returned.
 */
export interface Arena {
  /** A new block; `byteCount` a multiple of 4096. Throws ArenaExhaustedError at the arena's limit. */
  allocate(byteCount: number): ArenaBlock;
  /** Bytes handed out so far. */
  readonly allocatedBytes: number;
  /** The most this arena hands out. */
  readonly limitBytes: number;
}

/** One block of an arena; it lives as long as the arena does. */
export interface ArenaBlock {
  readonly bytes: Uint8Array;
  /** Where `bytes` begins for the kernel; 0 where no kernel is given addresses. */
  readonly address: number;
}

/** The arena's limit is reached. `code` "ARENA_EXHAUSTED". */
export class ArenaExhaustedError extends Error {
  readonly code = "ARENA_EXHAUSTED";
  constructor(limitBytes: number) {
    super(`the send-buffer arena is at its limit of ${limitBytes} bytes`);
    this.name = "ArenaExhaustedError";
  }
}

/** An arena of ordinary buffers, for ports whose runtime keeps them in place itself. */
export class HeapArena implements Arena {
  readonly limitBytes: number;
  #allocatedBytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  allocate(byteCount: number): ArenaBlock {
    if (this.#allocatedBytes + byteCount > this.limitBytes) throw new ArenaExhaustedError(this.limitBytes);
    this.#allocatedBytes += byteCount;
    return { bytes: Buffer.allocUnsafeSlow(byteCount), address: 0 };
  }
}
