import { assert } from "../../base/assert.ts";
import type { Arena } from "./arena.ts";

/** Bytes in one chunk. A packet never spans two, so this is also the largest packet (65,535). */
export const CHUNK_BYTES = 65_536;

/**
 * A block of arena memory that packets are written into one after the other. It counts its
 * references: one while it is open for writing, and one for each piece of it in a send queue. When
 * the last goes it returns to its pool.
 */
export class SendChunk {
  readonly bytes: Uint8Array;
  /** Where `bytes` begins for the kernel; 0 where no kernel is given addresses. */
  readonly address: number;
  readonly view: DataView;
  references = 0;
  /** Bytes written so far. */
  writtenBytes = 0;
  readonly #pool: SendBufferPool;

  constructor(pool: SendBufferPool, bytes: Uint8Array, address: number) {
    this.#pool = pool;
    this.bytes = bytes;
    this.address = address;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  retain(): void {
    assert(this.references > 0, "a chunk in the pool cannot be retained");
    this.references++;
  }

  release(): void {
    assert(this.references > 0, "a chunk is released once per reference");
    if (--this.references === 0) this.#pool.takeBack(this);
  }
}

/**
 * Chunks to write packets into. `open(n)` gives room for n bytes at `chunk.bytes[start]`; the caller
 * writes there and calls `close(written)`. A range is sent only after it was closed, so unwritten
 * bytes can never leave. Put the range in a send queue, or `retain` its chunk, before the next `open`:
 * that may move on to another chunk, and a chunk that nobody references is written again.
 */
export class SendBufferPool {
  readonly #arena: Arena;
  readonly #free: SendChunk[] = [];
  readonly #blockBytes: number;
  #current: SendChunk | undefined;
  #openBytes = -1;
  #chunkCount = 0;

  /** `blockBytes`: how much is taken from the arena at once, a multiple of CHUNK_BYTES. */
  constructor(arena: Arena, blockBytes = CHUNK_BYTES * 4) {
    assert(blockBytes > 0 && blockBytes % CHUNK_BYTES === 0, "blockBytes is a multiple of CHUNK_BYTES");
    this.#arena = arena;
    this.#blockBytes = blockBytes;
  }

  /** Chunks made so far. */
  get chunkCount(): number {
    return this.#chunkCount;
  }

  /** Chunks that are neither written into nor referenced by a queue. */
  get freeCount(): number {
    return this.#free.length;
  }

  /** Chunks in use: 0 or 1 (the one being written) at rest. */
  get usedCount(): number {
    return this.#chunkCount - this.#free.length;
  }

  /**
   * Room for at most `byteCount` contiguous bytes, at `chunk.writtenBytes`, in the returned chunk.
   * Throws ArenaExhaustedError at the arena's limit, RangeError above CHUNK_BYTES.
   */
  open(byteCount: number): SendChunk {
    assert(this.#openBytes < 0, "close the range that is open before opening another");
    if (byteCount > CHUNK_BYTES)
      throw new RangeError(`${byteCount} bytes do not fit in a chunk of ${CHUNK_BYTES}`);
    let chunk = this.#current;
    if (chunk === undefined || chunk.writtenBytes + byteCount > CHUNK_BYTES) {
      const next = this.#take();
      if (chunk !== undefined) chunk.release();
      chunk = next;
      this.#current = chunk;
    }
    this.#openBytes = byteCount;
    return chunk;
  }

  /** Ends the open range; `writtenBytes` ≤ what was asked for become part of the chunk. */
  close(writtenBytes: number): void {
    const chunk = this.#current;
    assert(chunk !== undefined && this.#openBytes >= 0, "there is an open range");
    assert(writtenBytes >= 0 && writtenBytes <= this.#openBytes, "no more is written than was asked for");
    chunk.writtenBytes += writtenBytes;
    this.#openBytes = -1;
  }

  /** Gives the half-written chunk back, so that at rest every chunk is free. */
  trim(): void {
    assert(this.#openBytes < 0, "no range is open");
    const chunk = this.#current;
    this.#current = undefined;
    if (chunk !== undefined) chunk.release();
  }

  /** Only SendChunk.release calls this. */
  takeBack(chunk: SendChunk): void {
    chunk.writtenBytes = 0;
    this.#free.push(chunk);
  }

  #take(): SendChunk {
    let chunk = this.#free.pop();
    if (chunk === undefined) {
      const block = this.#arena.allocate(this.#blockBytes);
      for (let offset = 0; offset < this.#blockBytes; offset += CHUNK_BYTES) {
        const address = block.address === 0 ? 0 : block.address + offset;
        this.#free.push(new SendChunk(this, block.bytes.subarray(offset, offset + CHUNK_BYTES), address));
      }
      this.#chunkCount += this.#blockBytes / CHUNK_BYTES;
      chunk = this.#free.pop();
      assert(chunk !== undefined, "a block holds at least one chunk");
    }
    chunk.references = 1;
    return chunk;
  }
}
