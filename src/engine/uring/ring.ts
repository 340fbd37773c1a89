import { assert } from "../../base/assert.ts";
import { Errno, PortError } from "../port-error.ts";
import * as k from "./constants.ts";
import { Mapping } from "./mapping.ts";
import type { SystemCalls } from "./system-calls.ts";

/** Only io_uring_enter(2) gives this one; it never reaches a user of the port. */
const ETIME = 62;

/** Int32 words of one collected completion: user data (low, high), result, flags. */
const COMPLETION_WORDS = 4;

/** Sets of io_uring_setup(2) flags, best first; the first the kernel knows is taken. */
const SETUPS: readonly { readonly name: string; readonly flags: number }[] = [
  {
    name: "deferred task work, no submission array",
    flags:
      k.IORING_SETUP_SINGLE_ISSUER |
      k.IORING_SETUP_DEFER_TASKRUN |
      k.IORING_SETUP_TASKRUN_FLAG |
      k.IORING_SETUP_NO_SQARRAY,
  },
  {
    name: "deferred task work",
    flags: k.IORING_SETUP_SINGLE_ISSUER | k.IORING_SETUP_DEFER_TASKRUN | k.IORING_SETUP_TASKRUN_FLAG,
  },
  { name: "cooperative task work", flags: k.IORING_SETUP_COOP_TASKRUN | k.IORING_SETUP_TASKRUN_FLAG },
];

export interface RingOptions {
  /** Submission entries; a power of two. */
  readonly submissionEntries: number;
  /** Completion entries; a power of two, at least as many. */
  readonly completionEntries: number;
  /** For tests of older kernels: how many of the best sets of flags are passed over. */
  readonly skipSetups?: number;
}

/**
 * The two rings shared with the kernel: io_uring_setup(2), io_uring_enter(2).
 *
 * Requests are written with {@link prepare} and leave with the next {@link enter}. Completions are
 * copied out by {@link collect} and read one by one with {@link next}, so that whoever handles one
 * may prepare more requests without disturbing the ring.
 *
 * Nothing is lost when either ring is full: a full submission ring is submitted on the spot, and
 * completions that did not fit are kept by the kernel (IORING_FEAT_NODROP) until they are collected.
 */
export class Ring {
  readonly fd: number;
  /** Which of the kernel's ways of running is in use, for logs. */
  readonly setupName: string;
  /** Completions are produced inside `enter` alone. */
  readonly isDeferred: boolean;

  /** Requests whose last completion has not been read by {@link next}. */
  inFlight = 0;

  // The completion that `next` read.
  slot = 0;
  kind = 0;
  generation = 0;
  result = 0;
  flags = 0;

  readonly #calls: SystemCalls;
  readonly #rings: Mapping;
  readonly #entries: Mapping;
  readonly #control: Mapping;
  readonly #words: Int32Array;
  readonly #sqes: Int32Array;
  readonly #wait: Int32Array;
  readonly #sqHead: number;
  readonly #sqTail: number;
  readonly #sqFlags: number;
  readonly #cqHead: number;
  readonly #cqTail: number;
  readonly #cqFlags: number;
  readonly #cqes: number;
  readonly #sqMask: number;
  readonly #cqMask: number;
  #tail = 0;
  #submitted = 0;
  #head = 0;
  #collected: Int32Array = new Int32Array(1024 * COMPLETION_WORDS);
  #collectedEnd = 0;
  #collectedNext = 0;

  /** Throws PortError with the errno of io_uring_setup(2), or ENOSYS when the kernel is too old. */
  constructor(calls: SystemCalls, options: RingOptions) {
    this.#calls = calls;
    this.#control = Mapping.anonymous(calls, 4096);
    const bytes = this.#control.view();
    const params = new Int32Array(bytes, 0, k.PARAMS_BYTES / 4);
    let opened: { fd: number; setup: (typeof SETUPS)[number] };
    try {
      opened = openRing(calls, params, this.#control.address, options);
    } catch (error) {
      this.#control.release();
      throw error;
    }
    this.fd = opened.fd;
    this.setupName = opened.setup.name;
    this.isDeferred = (opened.setup.flags & k.IORING_SETUP_DEFER_TASKRUN) !== 0;

    const read = (offset: number): number => params[offset / 4]!;
    const sqEntries = read(k.PARAMS_SQ_ENTRIES);
    const cqEntries = read(k.PARAMS_CQ_ENTRIES);
    const sqArray = read(k.PARAMS_SQ_OFF + k.SQ_OFF_ARRAY);
    const cqesOffset = read(k.PARAMS_CQ_OFF + k.CQ_OFF_CQES);
    const ringBytes = Math.max(sqArray + sqEntries * 4, cqesOffset + cqEntries * k.CQE_BYTES);
    const shared = k.MAP_SHARED | k.MAP_POPULATE;
    this.#rings = Mapping.ofDescriptor(calls, this.fd, k.IORING_OFF_SQ_RING, ringBytes, shared);
    this.#entries = Mapping.ofDescriptor(calls, this.fd, k.IORING_OFF_SQES, sqEntries * k.SQE_BYTES, shared);
    this.#words = new Int32Array(this.#rings.view());
    this.#sqes = new Int32Array(this.#entries.view());
    this.#sqHead = read(k.PARAMS_SQ_OFF + k.SQ_OFF_HEAD) / 4;
    this.#sqTail = read(k.PARAMS_SQ_OFF + k.SQ_OFF_TAIL) / 4;
    this.#sqFlags = read(k.PARAMS_SQ_OFF + k.SQ_OFF_FLAGS) / 4;
    this.#cqHead = read(k.PARAMS_CQ_OFF + k.CQ_OFF_HEAD) / 4;
    this.#cqTail = read(k.PARAMS_CQ_OFF + k.CQ_OFF_TAIL) / 4;
    this.#cqFlags = read(k.PARAMS_CQ_OFF + k.CQ_OFF_FLAGS) / 4;
    this.#cqes = cqesOffset / 4;
    this.#sqMask = sqEntries - 1;
    this.#cqMask = cqEntries - 1;
    if ((opened.setup.flags & k.IORING_SETUP_NO_SQARRAY) === 0) {
      for (let index = 0; index < sqEntries; index++) this.#words[sqArray / 4 + index] = index;
    }
    // struct io_uring_getevents_arg at 0, its timespec at 32, the eventfd at 48; the parameters are no longer needed.
    this.#wait = new Int32Array(bytes, 0, 13).fill(0);
    writeAddress(this.#wait, 4, this.#control.address + 32);
  }

  /** Has the kernel signal `eventfd` when completions come (io_uring_register(2)). */
  registerEventfd(eventfd: number): void {
    this.#wait[12] = eventfd;
    this.register(k.IORING_REGISTER_EVENTFD, this.#control.address + 48, 1);
  }

  /** io_uring_register(2); throws PortError. */
  register(opcode: number, address: number, count: number): void {
    if (this.#calls.syscall(k.SYS_IO_URING_REGISTER, this.fd, opcode, address, count, 0, 0) === -1) {
      throw new PortError("io_uring_register", this.#calls.errno(), `opcode ${opcode}`);
    }
  }

  /**
   * Writes one request. `offset` and `address` are numbers up to 2^53; the completion carries
   * `slot` (24 bits), `kind` (7 bits) and `generation` (32 bits).
   */
  prepare(
    kind: number,
    slot: number,
    generation: number,
    opcode: number,
    entryFlags: number,
    ioprio: number,
    fd: number,
    address: number,
    length: number,
    offset: number,
    operationFlags: number,
  ): void {
    if (((this.#tail - this.#submitted) | 0) > this.#sqMask) this.#makeRoom();
    const sqes = this.#sqes;
    const at = (this.#tail & this.#sqMask) << 4;
    sqes[at] = opcode | (entryFlags << 8) | (ioprio << 16);
    sqes[at + 1] = fd;
    sqes[at + 2] = offset | 0;
    sqes[at + 3] = (offset / 4_294_967_296) | 0;
    sqes[at + 4] = address | 0;
    sqes[at + 5] = (address / 4_294_967_296) | 0;
    sqes[at + 6] = length;
    sqes[at + 7] = operationFlags;
    sqes[at + 8] = (kind << 24) | slot;
    sqes[at + 9] = generation;
    // Words 10 to 15 (buffer group 0, no personality, no fixed file) stay zero.
    this.#tail = (this.#tail + 1) | 0;
    this.inFlight++;
  }

  /** Asks the kernel to cancel the request (kind, slot, generation); `own…` name the cancel itself. */
  prepareCancel(ownKind: number, kind: number, slot: number, generation: number): void {
    this.prepare(ownKind, 0, 0, k.IORING_OP_ASYNC_CANCEL, 0, 0, -1, 0, 0, 0, 0);
    this.#aimAt(kind, slot, generation);
  }

  /** Asks the kernel to move the timeout (kind, slot, generation) to the timespec at `address`. */
  prepareTimeoutUpdate(
    ownKind: number,
    kind: number,
    slot: number,
    generation: number,
    address: number,
  ): void {
    const update = k.IORING_TIMEOUT_UPDATE;
    this.prepare(ownKind, 0, 0, k.IORING_OP_TIMEOUT_REMOVE, 0, 0, -1, 0, 0, address, update);
    this.#aimAt(kind, slot, generation);
  }

  /** Makes the user data of another request the address of the request prepared last. */
  #aimAt(kind: number, slot: number, generation: number): void {
    const at = ((this.#tail - 1) & this.#sqMask) << 4;
    this.#sqes[at + 4] = (kind << 24) | slot;
    this.#sqes[at + 5] = generation;
  }

  /** Requests that were prepared and not yet taken by the kernel. */
  get unsubmitted(): number {
    return (this.#tail - this.#submitted) | 0;
  }

  /** True when there are completions to read, or the kernel must be entered to get some. */
  get hasCompletions(): boolean {
    return (
      this.#collectedNext < this.#collectedEnd ||
      Atomics.load(this.#words, this.#cqTail) !== this.#head ||
      this.needsEnter
    );
  }

  /** The kernel has completions that it can hand over only inside `enter`. */
  get needsEnter(): boolean {
    return (Atomics.load(this.#words, this.#sqFlags) & (k.IORING_SQ_TASKRUN | k.IORING_SQ_CQ_OVERFLOW)) !== 0;
  }

  /** Whether completions signal the registered eventfd. */
  setEventfdEnabled(enabled: boolean): void {
    Atomics.store(this.#words, this.#cqFlags, enabled ? 0 : k.IORING_CQ_EVENTFD_DISABLED);
  }

  /** Submits everything that was prepared, and lets the kernel produce completions. Never blocks. */
  enter(): void {
    this.#enter(0, k.IORING_ENTER_GETEVENTS, 0, 0);
  }

  /** The same, and blocks until there is a completion or `timeoutMs` have passed. */
  enterAndWait(timeoutMs: number): void {
    const wait = this.#wait;
    const seconds = Math.floor(timeoutMs / 1000);
    wait[8] = seconds;
    wait[9] = 0;
    wait[10] = Math.round((timeoutMs - seconds * 1000) * 1_000_000);
    wait[11] = 0;
    const flags = k.IORING_ENTER_GETEVENTS | k.IORING_ENTER_EXT_ARG;
    this.#enter(1, flags, this.#control.address, k.GETEVENTS_ARG_BYTES);
  }

  #enter(minimum: number, flags: number, argument: number, argumentBytes: number): void {
    Atomics.store(this.#words, this.#sqTail, this.#tail);
    const count = this.unsubmitted;
    const result = this.#calls.syscall(
      k.SYS_IO_URING_ENTER,
      this.fd,
      count,
      minimum,
      flags,
      argument,
      argumentBytes,
    );
    if (result === count) {
      this.#submitted = this.#tail;
      return;
    }
    this.#submitted = Atomics.load(this.#words, this.#sqHead);
    if (result >= 0) return;
    const errno = this.#calls.errno();
    switch (errno) {
      case Errno.EINTR: // A signal; nothing was submitted.
      case ETIME: // The time to wait is over.
      case Errno.EAGAIN: // No memory for requests just now; what is unsubmitted goes with a later enter.
      case Errno.EBUSY: // Completions overflowed (before 5.19): they must be collected first.
        return;
      default:
        // EBADR: a completion was dropped. EEXIST: another thread. Both, and the rest, end the port.
        throw new PortError("io_uring_enter", errno);
    }
  }

  /** The submission ring is full: submit, moving completions aside while the kernel wants that. */
  #makeRoom(): void {
    for (let attempt = 0; ; attempt++) {
      this.enter();
      if (this.unsubmitted <= this.#sqMask) return;
      this.#copy(Number.MAX_SAFE_INTEGER);
      assert(attempt < 1_000_000, "the kernel takes requests once completions are collected");
    }
  }

  /** Copies out what has completed, until at least `limit` are waiting to be read or none is left. */
  collect(limit: number): void {
    this.#copy(limit);
    while (this.needsEnter && this.waiting < limit) {
      const before = this.waiting;
      this.enter();
      this.#copy(limit);
      if (this.waiting === before) return;
    }
  }

  /** Completions collected and not yet read. */
  get waiting(): number {
    return (this.#collectedEnd - this.#collectedNext) / COMPLETION_WORDS;
  }

  #copy(limit: number): void {
    const words = this.#words;
    const tail = Atomics.load(words, this.#cqTail);
    let head = this.#head;
    let count = Math.min((tail - head) | 0, limit - this.waiting);
    if (count <= 0) return;
    let end = this.#collectedEnd;
    if (end + count * COMPLETION_WORDS > this.#collected.length) {
      end = this.#makeCollectedRoom(count);
    }
    const collected = this.#collected;
    for (; count > 0; count--) {
      const from = this.#cqes + ((head & this.#cqMask) << 2);
      collected[end] = words[from]!;
      collected[end + 1] = words[from + 1]!;
      collected[end + 2] = words[from + 2]!;
      collected[end + 3] = words[from + 3]!;
      end += COMPLETION_WORDS;
      head = (head + 1) | 0;
    }
    this.#collectedEnd = end;
    this.#head = head;
    Atomics.store(words, this.#cqHead, head);
  }

  #makeCollectedRoom(count: number): number {
    const old = this.#collected;
    const used = this.#collectedEnd - this.#collectedNext;
    const wanted = used + count * COMPLETION_WORDS;
    if (wanted > old.length) this.#collected = new Int32Array(Math.max(wanted, old.length * 2));
    this.#collected.set(old.subarray(this.#collectedNext, this.#collectedEnd));
    this.#collectedNext = 0;
    this.#collectedEnd = used;
    return used;
  }

  /** Reads the next collected completion into `slot`, `kind`, `generation`, `result`, `flags`. */
  next(): boolean {
    const at = this.#collectedNext;
    if (at === this.#collectedEnd) {
      this.#collectedNext = 0;
      this.#collectedEnd = 0;
      return false;
    }
    this.#collectedNext = at + COMPLETION_WORDS;
    const collected = this.#collected;
    const low = collected[at]!;
    this.slot = low & 0xff_ffff;
    this.kind = low >>> 24;
    this.generation = collected[at + 1]!;
    this.result = collected[at + 2]!;
    const flags = collected[at + 3]!;
    this.flags = flags;
    if ((flags & k.IORING_CQE_F_MORE) === 0) {
      this.inFlight--;
      assert(this.inFlight >= 0, "every completion belongs to a request");
    }
    return true;
  }

  /** Gives the rings back. Only when nothing is in flight: the kernel would write on. */
  release(): void {
    assert(this.inFlight === 0, "no request is in flight when the ring is closed");
    this.#entries.release();
    this.#rings.release();
    this.#control.release();
    this.#calls.close(this.fd);
  }
}

function openRing(
  calls: SystemCalls,
  params: Int32Array,
  address: number,
  options: RingOptions,
): { fd: number; setup: (typeof SETUPS)[number] } {
  let errno = 0;
  for (const setup of SETUPS.slice(options.skipSetups ?? 0)) {
    params.fill(0);
    params[k.PARAMS_CQ_ENTRIES / 4] = options.completionEntries;
    params[k.PARAMS_FLAGS / 4] = setup.flags | k.IORING_SETUP_CQSIZE | k.IORING_SETUP_SUBMIT_ALL;
    const fd = calls.syscall(k.SYS_IO_URING_SETUP, options.submissionEntries, address, 0, 0, 0, 0);
    if (fd === -1) {
      errno = calls.errno();
      if (errno === Errno.EINVAL) continue; // A flag this kernel does not know.
      throw new PortError("io_uring_setup", errno);
    }
    const needed =
      k.IORING_FEAT_SINGLE_MMAP |
      k.IORING_FEAT_NODROP |
      k.IORING_FEAT_SUBMIT_STABLE |
      k.IORING_FEAT_FAST_POLL |
      k.IORING_FEAT_EXT_ARG;
    if ((params[k.PARAMS_FEATURES / 4]! & needed) === needed) return { fd, setup };
    calls.close(fd);
    errno = Errno.EINVAL;
  }
  throw new PortError("io_uring_setup", errno, "(the kernel is older than 5.19)");
}

/** Writes a 64-bit address into two 32-bit words. */
export function writeAddress(words: Int32Array, index: number, address: number): void {
  words[index] = address | 0;
  words[index + 1] = (address / 4_294_967_296) | 0;
}
