/** One direction of a connection: bytes under way, bytes that have arrived, and the end. */
export class BytePipe {
  /** When the last message of this direction arrives, virtual ms: the next is not sooner. */
  lastArrivalMs = 0;
  /** The sender has finished and all of its bytes have arrived. */
  isFinished = false;
  readonly #arrived: Uint8Array[] = [];
  #firstStart = 0;
  #arrivedBytes = 0;
  #occupiedBytes = 0;

  /** Bytes that have arrived and were not read. */
  get arrivedBytes(): number {
    return this.#arrivedBytes;
  }

  /** Bytes under way or unread. */
  get occupiedBytes(): number {
    return this.#occupiedBytes;
  }

  /** Bytes have left the sender. */
  occupy(byteCount: number): void {
    this.#occupiedBytes += byteCount;
  }

  arrive(bytes: Uint8Array): void {
    this.#arrived.push(bytes);
    this.#arrivedBytes += bytes.byteLength;
  }

  /** Takes `byteCount` ≤ `arrivedBytes` off the front, into `target` at `at`. */
  read(byteCount: number, target: Uint8Array, at: number): void {
    let left = byteCount;
    let to = at;
    while (left > 0) {
      const first = this.#arrived[0] as Uint8Array;
      const count = Math.min(left, first.byteLength - this.#firstStart);
      target.set(first.subarray(this.#firstStart, this.#firstStart + count), to);
      this.#firstStart += count;
      to += count;
      left -= count;
      if (this.#firstStart === first.byteLength) {
        this.#arrived.shift();
        this.#firstStart = 0;
      }
    }
    this.#arrivedBytes -= byteCount;
    this.#occupiedBytes -= byteCount;
  }

  /** Loses what has arrived and was not read. */
  discard(): void {
    this.#occupiedBytes -= this.#arrivedBytes;
    this.#arrivedBytes = 0;
    this.#arrived.length = 0;
    this.#firstStart = 0;
  }
}
