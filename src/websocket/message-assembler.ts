import type { ReceiveBufferPool } from "../engine/index.ts";
import { WebSocketFault } from "./close-code.ts";
import { checkUtf8Beginning } from "./utf8-check.ts";

/** What {@link MessageAssembler.add} gives when the pool is at its limit: the session cannot go on. */
export const NO_BUFFER = -1;

/** Fragments that a message may have however small the limit of its size. */
const FRAGMENTS_ALWAYS = 1024;

/** Above that: one fragment for this many bytes of the size limit. */
const BYTES_PER_FRAGMENT = 64;

/** The default limit of fragments: 1,024, or one per 64 bytes of the message limit if that is more. */
export function fragmentLimit(messageLimitBytes: number): number {
  return Math.max(FRAGMENTS_ALWAYS, Math.ceil(messageLimitBytes / BYTES_PER_FRAGMENT));
}

/** Puts one fragmented message together, in a rented buffer that grows as fragments come. */
export class MessageAssembler {
  readonly isText: boolean;
  readonly isDeflated: boolean;
  readonly #pool: ReceiveBufferPool;
  readonly #limitBytes: number;
  #fragmentsLeft: number;
  #buffer: Uint8Array | undefined;
  #byteCount = 0;
  /** Up to here the text is known to be UTF-8. */
  #checkedBytes = 0;

  constructor(
    pool: ReceiveBufferPool,
    limitBytes: number,
    fragmentsAtMost: number,
    isText: boolean,
    isDeflated: boolean,
  ) {
    this.#pool = pool;
    this.#limitBytes = limitBytes;
    this.#fragmentsLeft = fragmentsAtMost;
    this.isText = isText;
    this.isDeflated = isDeflated;
  }

  get byteCount(): number {
    return this.#byteCount;
  }

  /** Copies one fragment; 0 when the message can go on, else the fault, or NO_BUFFER. */
  add(bytes: Uint8Array, start: number, end: number, isLast: boolean): number {
    if (this.#fragmentsLeft-- === 0) return WebSocketFault.TOO_MANY_FRAGMENTS;
    const needed = this.#byteCount + (end - start);
    if (needed > this.#limitBytes) return WebSocketFault.MESSAGE_TOO_BIG;
    if (end > start) {
      if (needed > (this.#buffer?.byteLength ?? 0) && !this.#grow(needed, isLast)) return NO_BUFFER;
      this.#buffer?.set(bytes.subarray(start, end), this.#byteCount);
      this.#byteCount = needed;
    }
    return this.isText && !this.isDeflated && !this.#checkText(isLast) ? WebSocketFault.TEXT_NOT_UTF8 : 0;
  }

  /** The bytes so far are [0, byteCount) of this. */
  get bytes(): Uint8Array {
    return this.#buffer ?? nothing;
  }

  /** Gives the buffer back. */
  release(): void {
    if (this.#buffer === undefined) return;
    this.#pool.giveBack(this.#buffer);
    this.#buffer = undefined;
    this.#byteCount = 0;
  }

  #grow(needed: number, isLast: boolean): boolean {
    const old = this.#buffer;
    // Doubled, so that many small fragments are not copied again and again.
    const size = isLast ? needed : Math.max(needed, Math.min((old?.byteLength ?? 0) * 2, this.#limitBytes));
    const larger = this.#pool.rent(size) ?? (size > needed ? this.#pool.rent(needed) : undefined);
    if (larger === undefined) return false;
    if (old !== undefined) {
      larger.set(old.subarray(0, this.#byteCount), 0);
      this.#pool.giveBack(old);
    }
    this.#buffer = larger;
    return true;
  }

  #checkText(isLast: boolean): boolean {
    const checked = checkUtf8Beginning(this.bytes, this.#checkedBytes, this.#byteCount);
    if (checked < 0) return false;
    this.#checkedBytes = checked;
    return !isLast || checked === this.#byteCount;
  }
}

const nothing = new Uint8Array(0);
