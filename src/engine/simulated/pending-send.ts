import { assert } from "../../base/assert.ts";
import type { SendQueue } from "../send-queue.ts";

interface Piece {
  readonly bytes: Uint8Array;
  readonly references: () => number;
}

/**
 * A send that the simulated kernel has been given but has not taken yet. It reads the bytes only when
 * it takes them, as a real one does, and finds out whoever wrote to them or gave a chunk back
 * meanwhile.
 */
export class PendingSend {
  readonly byteCount: number;
  /** Its completion is on its way. */
  isTaken = false;
  readonly #pieces: readonly Piece[];
  readonly #checksum: number;

  /** Freezes the first pieces of `queue`: `pieceLimit` and about `byteLimit` at most. */
  constructor(queue: SendQueue, pieceLimit: number, byteLimit: number) {
    const pieces: Piece[] = [];
    let byteCount = 0;
    while (pieces.length < Math.min(queue.pieceCount, pieceLimit) && byteCount < byteLimit) {
      const chunk = queue.chunkAt(pieces.length);
      const start = queue.startAt(pieces.length);
      const end = Math.min(queue.endAt(pieces.length), start + byteLimit - byteCount);
      pieces.push({ bytes: chunk.bytes.subarray(start, end), references: () => chunk.references });
      byteCount += end - start;
    }
    queue.freeze(pieces.length);
    this.#pieces = pieces;
    this.byteCount = byteCount;
    this.#checksum = this.#sum();
  }

  /** A copy of the first `byteCount` bytes as they are now. */
  take(byteCount: number): Uint8Array {
    this.isTaken = true;
    this.check();
    const taken = new Uint8Array(byteCount);
    let at = 0;
    for (const { bytes } of this.#pieces) {
      const part = bytes.subarray(0, byteCount - at);
      taken.set(part, at);
      at += part.byteLength;
      if (at === byteCount) break;
    }
    return taken;
  }

  /** Throws when the program has touched what is the kernel's until the completion. */
  check(): void {
    for (const { references } of this.#pieces) {
      assert(references() > 0, "a chunk stays referenced until its send has completed");
    }
    assert(this.#sum() === this.#checksum, "the bytes of a send stay as they are until it has completed");
  }

  /** FNV-1a. */
  #sum(): number {
    let sum = 0x811c9dc5;
    for (const { bytes } of this.#pieces) {
      for (let index = 0; index < bytes.byteLength; index++) {
        sum = Math.imul(sum ^ (bytes[index] as number), 0x01000193);
      }
    }
    return sum;
  }
}
