import { assert } from "../../base/assert.ts";
import { PortError } from "../port-error.ts";
import * as k from "./constants.ts";
import type { OverlappedPool } from "./overlapped-pool.ts";
import { VirtualMemory } from "./virtual-memory.ts";
import { errnoOf } from "./windows-errors.ts";
import type { WindowsCalls } from "./windows-calls.ts";

/** What starting an operation gives when its result comes by a packet. Otherwise: bytes, or −errno. */
export const PENDING = -0x4000_0000;

/** Packets that the waiting thread takes at once; a turn takes the others. */
const WAITED_ENTRIES = 256;

/**
 * Threads that Windows lets run with packets of the port at once. It counts a thread that ever waited here
 * until that waits for something else; one of the pool may be hashing a password by now, and must not hold
 * up the next one that waits.
 */
const THREADS = 64;

const WORDS = k.OVERLAPPED_ENTRY_BYTES / 4;

/** Packets in memory: those of a wait, or of a look without waiting. */
class Batch {
  readonly address: number;
  readonly countAddress: number;
  readonly limit: number;
  readonly #words: Int32Array;
  readonly #countAt: number;
  /** Packets not delivered yet: [next, end). */
  next = 0;
  end = 0;

  constructor(words: Int32Array, address: number, offset: number, limit: number) {
    this.#words = words.subarray(offset / 4);
    this.address = address + offset;
    this.limit = limit;
    this.#countAt = limit * WORDS;
    this.countAddress = this.address + this.#countAt * 4;
  }

  static bytesFor(limit: number): number {
    return limit * k.OVERLAPPED_ENTRY_BYTES + 8;
  }

  get isEmpty(): boolean {
    return this.next === this.end;
  }

  /** The packets of a call that has returned are there. */
  fill(isAny: boolean): void {
    this.next = 0;
    this.end = isAny ? this.#words[this.#countAt]! : 0;
  }

  word(index: number): number {
    return this.#words[this.next * WORDS + index]!;
  }
}

/**
 * A completion port of Windows and what has come out of it. Beside the packets there are operations that
 * completed when they were started and have none: those are put in line here, so that all are dispatched
 * in one place, each once.
 */
export class CompletionQueue {
  readonly handle: number;
  /** Of the completion that {@link next} found: its key and, of an operation, the OVERLAPPED block. */
  key = 0;
  block = -1;
  /** The result: bytes or −errno; with `hasFailed` the owner has to ask for the errno. */
  result = 0;
  hasFailed = false;
  readonly #calls: WindowsCalls;
  readonly #overlapped: OverlappedPool;
  readonly #memory: VirtualMemory;
  readonly #taken: Batch;
  readonly #waited: Batch;
  #isWaiting = false;
  // Completed when started: places [readyNext, readyEnd).
  readonly #readyBlocks: number[] = [];
  readonly #readyResults: number[] = [];
  #readyNext = 0;
  #readyEnd = 0;
  #readyThisTurn = 0;

  /** `entries`: packets taken with one call. Throws PortError. */
  constructor(calls: WindowsCalls, overlapped: OverlappedPool, entries: number) {
    this.#calls = calls;
    this.#overlapped = overlapped;
    const takenBytes = Batch.bytesFor(entries);
    const byteCount = Math.ceil((takenBytes + Batch.bytesFor(WAITED_ENTRIES)) / 4096) * 4096;
    this.#memory = VirtualMemory.committed(calls, byteCount);
    const words = new Int32Array(this.#memory.view());
    this.#taken = new Batch(words, this.#memory.address, 0, entries);
    this.#waited = new Batch(words, this.#memory.address, takenBytes, WAITED_ENTRIES);
    this.handle = calls.CreateIoCompletionPort(k.INVALID_HANDLE_VALUE, 0, 0, THREADS);
    if (this.handle === 0) {
      const errno = errnoOf("port", calls.GetLastError());
      this.#memory.release();
      throw new PortError("CreateIoCompletionPort", errno);
    }
  }

  /** From now on operations on the handle complete here. Throws PortError. */
  associate(handle: number, operation: string): void {
    if (this.#calls.CreateIoCompletionPort(handle, this.handle, k.OPERATION_KEY, 0) === this.handle) return;
    throw new PortError(
      operation,
      errnoOf("port", this.#calls.GetLastError()),
      "associating with the completion port",
    );
  }

  /** What starting an operation gave: a packet will come, or the completion is put in line. */
  started(block: number, result: number): void {
    if (result === PENDING) return;
    this.#readyBlocks[this.#readyEnd] = block;
    this.#readyResults[this.#readyEnd++] = result;
  }

  /** Something was taken out of the port, or completed when it was started, and is not delivered. */
  get hasCompletions(): boolean {
    return this.#readyNext < this.#readyEnd || !this.#taken.isEmpty || !this.#waited.isEmpty;
  }

  /** Looks what is there, without waiting. */
  collect(): void {
    this.#readyThisTurn = this.#readyEnd - this.#readyNext;
    if (this.#taken.isEmpty) this.#take(0);
  }

  #take(timeoutMs: number): void {
    const { address, limit, countAddress } = this.#taken;
    const isAny =
      this.#calls.GetQueuedCompletionStatusEx(this.handle, address, limit, countAddress, timeoutMs, 0) !== 0;
    this.#taken.fill(isAny);
  }

  /** Blocks this thread until a packet is there, at most so long. */
  waitHere(timeoutMs: number): void {
    assert(this.#taken.isEmpty, "a thread waits when it has nothing to do");
    this.#take(timeoutMs);
  }

  /** Waits on another thread; `done` comes from the event loop, which lives on meanwhile. */
  wait(timeoutMs: number, done: () => void): void {
    assert(!this.#isWaiting && this.#waited.isEmpty, "one wait is outstanding at a time");
    this.#isWaiting = true;
    const { address, limit, countAddress } = this.#waited;
    const onReturn = (error: Error | null, result: number): void => {
      this.#isWaiting = false;
      assert(error === null, "a wait can be started");
      this.#waited.fill(result !== 0);
      done();
    };
    this.#calls.GetQueuedCompletionStatusEx.async(
      this.handle,
      address,
      limit,
      countAddress,
      timeoutMs,
      0,
      onReturn,
    );
  }

  /** Ends a wait of this thread or of another one. */
  wake(): void {
    this.#calls.PostQueuedCompletionStatus(this.handle, 0, k.WAKE_KEY, 0);
  }

  /** The next completion of this turn; false when there is none. */
  next(): boolean {
    if (!this.#waited.isEmpty) return this.#nextOf(this.#waited);
    if (this.#readyThisTurn > 0) {
      this.#readyThisTurn--;
      this.#nextReady();
      return true;
    }
    return !this.#taken.isEmpty && this.#nextOf(this.#taken);
  }

  #nextReady(): void {
    this.key = k.OPERATION_KEY;
    this.block = this.#readyBlocks[this.#readyNext]!;
    this.result = this.#readyResults[this.#readyNext++]!;
    this.hasFailed = false;
    if (this.#readyNext < this.#readyEnd) return;
    this.#readyNext = 0;
    this.#readyEnd = 0;
  }

  /** OVERLAPPED_ENTRY: key 0, overlapped 8, Internal (NTSTATUS) 16, bytes 24. */
  #nextOf(batch: Batch): boolean {
    this.key = batch.word(0);
    if (this.key === k.OPERATION_KEY) {
      const address = (batch.word(2) >>> 0) + batch.word(3) * 4_294_967_296;
      this.block = this.#overlapped.blockAt(address);
      this.result = batch.word(6);
      this.hasFailed = batch.word(4) < 0;
    }
    batch.next++;
    return true;
  }

  release(): void {
    assert(!this.#isWaiting, "nobody waits for a port that is released");
    this.#calls.CloseHandle(this.handle);
    this.#memory.release();
  }
}
