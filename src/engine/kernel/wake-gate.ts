/**
 * Shared words by which threads agree on a wake descriptor, so that none writes to a descriptor that
 * was closed and may by now be somebody else's, and so that one wake serves many messages.
 */
const GateWord = { IS_CLOSED: 0, WRITERS: 1, IS_PENDING: 2 } as const;
const GATE_BYTES = 12;

/** The owner's side of a wake descriptor. */
export class WakeGate {
  readonly shared = new SharedArrayBuffer(GATE_BYTES);
  readonly #words = new Int32Array(this.shared);

  /** A wake has arrived: look for messages after this call, because later senders wake again. */
  clear(): void {
    Atomics.store(this.#words, GateWord.IS_PENDING, 0);
  }

  /**
   * After this no thread writes to the descriptor, and it may be closed: true. False when a thread was
   * terminated in the midst of writing, so that one cannot know; the descriptor is left open then.
   */
  close(): boolean {
    Atomics.store(this.#words, GateWord.IS_CLOSED, 1);
    for (let spins = 0; spins < 10_000_000; spins++) {
      // Another thread may be inside one system call: a microsecond.
      if (Atomics.load(this.#words, GateWord.WRITERS) === 0) return true;
    }
    return false;
  }
}

/**
 * Calls `wake` unless the port behind the gate is gone, or a wake is on its way already. While it runs the
 * port's descriptor is still the port's. `shared` is the gate that came with the descriptor.
 */
export function wakeThroughGate(shared: SharedArrayBuffer, wake: () => void): void {
  const words = new Int32Array(shared);
  Atomics.add(words, GateWord.WRITERS, 1);
  try {
    if (Atomics.load(words, GateWord.IS_CLOSED) !== 0) return;
    if (Atomics.exchange(words, GateWord.IS_PENDING, 1) !== 0) return;
    wake();
  } finally {
    Atomics.sub(words, GateWord.WRITERS, 1);
  }
}
