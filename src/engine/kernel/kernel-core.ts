import { assert, AssertionError } from "../../base/assert.ts";
import type { PortCounters, PortTimer } from "../completion-port.ts";
import type { Arena } from "../memory/arena.ts";
import { BlockPool, type FixedMemory } from "../memory/block-pool.ts";
import { OperationSlots, type OperationOwner } from "./operation-slots.ts";
import { newPortCounters } from "../port-counters.ts";
import { Errno, PortError } from "../port-error.ts";
import { SOCKADDR_BYTES } from "./sockaddr.ts";

/** Connects that may be under way at once; above, ENOBUFS. */
const ADDRESS_BLOCKS = 65_536;

/** What the ports on a kernel's own interface are made with, all of them. */
export interface KernelPortOptions {
  /** The most memory the send-buffer arena hands out, bytes, a multiple of 4096. Default 256 MiB. */
  readonly arenaLimitBytes?: number;
  /** Completions dispatched in one turn at most. Default 4096. */
  readonly completionsPerTurn?: number;
  /**
   * In a worker thread that blocks in `run()`: how long at most, ms, before the thread's own timers,
   * messages and termination get a chance. Default 100.
   */
  readonly workerBlockMs?: number;
}

export const DEFAULT_ARENA_LIMIT_BYTES = 268_435_456;
export const DEFAULT_COMPLETIONS_PER_TURN = 4096;
export const DEFAULT_WORKER_BLOCK_MS = 100;

function notYet(): never {
  throw new AssertionError("the port sets this before anything is started");
}

/**
 * What the sockets, listeners, connects and files of a port on a kernel's own interface share: the owners of
 * operations, the totals, the way to a turn. A port's own core adds what it gives the kernel addresses of.
 */
export abstract class KernelCore<Owner extends OperationOwner = OperationOwner> {
  readonly slots = new OperationSlots<Owner>();
  readonly counters: PortCounters = newPortCounters();
  isClosing = false;
  /** Open files on which nothing is outstanding: they do not keep the event loop alive. */
  idleFileCount = 0;
  /** Set by the port: makes sure that a turn comes. */
  askForTurn: () => void = notYet;
  /** Set by the port. */
  startTimer: (delayMs: number, onExpired: () => void) => PortTimer = notYet;
  /** Set by the port: runs a job in a turn. */
  post: (job: () => void) => void = notYet;
  /** Set by the port: runs at the end of this turn. */
  atTurnEnd: (task: () => void) => void = notYet;
  /** Room for socket addresses that the kernel reads. */
  abstract readonly addressBlocks: BlockPool;
  abstract readonly arena: Arena;
  readonly #reserve: (byteCount: number) => FixedMemory;
  readonly #parts: { release(): void }[] = [];
  readonly #pools = new Map<string, BlockPool>();

  /** `reserve` gives zeroed memory for a pool of blocks; throws PortError. */
  constructor(reserve: (byteCount: number) => FixedMemory) {
    this.#reserve = reserve;
  }

  /** Has a part released with the rest. */
  protected keep<Part extends { release(): void }>(part: Part): Part {
    this.#parts.push(part);
    return part;
  }

  /** `what` a block of the pool is, for people who look for one that did not come back. */
  protected keepPool(what: string, blockBytes: number, limit: number): BlockPool {
    const pool = this.keep(new BlockPool(this.#reserve, blockBytes, limit));
    this.#pools.set(what, pool);
    return pool;
  }

  protected keepAddressBlocks(): BlockPool {
    return this.keepPool("socket address", SOCKADDR_BYTES, ADDRESS_BLOCKS);
  }

  /** Throws when the port is closing: nothing new is started then. */
  refuseWhenClosing(operation: string): void {
    if (this.isClosing) throw new PortError(operation, Errno.ESHUTDOWN, "the port is closing");
  }

  /** Gives back all that was kept. Only when nothing is outstanding. */
  release(): void {
    assert(this.slots.usedCount === 0, "every owner of operations is gone");
    for (const [what, pool] of this.#pools) assert(pool.usedCount === 0, `every ${what} is back`);
    this.releaseParts();
  }

  /** What was kept first goes first: a ring has to be closed before the memory goes that it knows. */
  protected releaseParts(): void {
    for (const part of this.#parts.splice(0)) part.release();
  }
}
