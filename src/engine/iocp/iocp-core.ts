import { assert, AssertionError } from "../../base/assert.ts";
import type { PortCounters, PortTimer } from "../completion-port.ts";
import { BlockPool } from "../memory/block-pool.ts";
import { OperationSlots } from "../operation-slots.ts";
import { newPortCounters } from "../port-counters.ts";
import { Errno, PortError } from "../port-error.ts";
import { SOCKADDR_BYTES } from "../sockaddr.ts";
import { CompletionQueue } from "./completion-queue.ts";
import { ACCEPT_ADDRESS_BYTES } from "./constants.ts";
import { IocpArena } from "./iocp-arena.ts";
import type { OperationOwner } from "./operation-kind.ts";
import { OverlappedPool } from "./overlapped-pool.ts";
import { VirtualMemory } from "./virtual-memory.ts";
import type { WindowsCalls } from "./windows-calls.ts";
import { Winsock } from "./winsock.ts";

/** Two addresses as AcceptEx writes them, rounded up to a multiple of 8. */
const ACCEPT_BLOCK_BYTES = Math.ceil((2 * ACCEPT_ADDRESS_BYTES) / 8) * 8;

/** How a port is made. Every number has a default that suits a server of thousands of connections. */
export interface IocpPortOptions {
  /** The most memory the send-buffer arena hands out, bytes, a multiple of 4096. Default 256 MiB. */
  readonly arenaLimitBytes?: number;
  /** What one `onReceived` brings at most, bytes; one such buffer serves all sockets. Default 65,536. */
  readonly receiveBufferBytes?: number;
  /** Operations that may be outstanding at once, two for each busy socket. Default 262,144; above, ENOBUFS. */
  readonly operations?: number;
  /** Accepts each listener has waiting. Default 16. */
  readonly pendingAccepts?: number;
  /** Bytes one send hands over at most, so that a slow reader's progress shows. Default 262,144. */
  readonly sendLimitBytes?: number;
  /** Completions dispatched in one turn at most. Default 4096. */
  readonly completionsPerTurn?: number;
  /**
   * In a worker thread that blocks in `run()`: how long at most, ms, before the thread's own timers,
   * messages and termination get a chance. Default 100.
   */
  readonly workerBlockMs?: number;
  /** Operations that complete at once bring a packet all the same; for tests. Default false. */
  readonly alwaysPackets?: boolean;
}

function notYet(): never {
  throw new AssertionError("the port sets this before anything is started");
}

/**
 * What sockets, listeners, connects and files share: the completion port, the memory that Windows is given
 * addresses of, the owners of operations, the totals.
 */
export class IocpCore {
  readonly calls: WindowsCalls;
  readonly overlapped: OverlappedPool;
  readonly queue: CompletionQueue;
  readonly arena: IocpArena;
  readonly addressBlocks: BlockPool;
  readonly acceptBlocks: BlockPool;
  readonly winsock: Winsock;
  readonly slots = new OperationSlots<OperationOwner>();
  readonly counters: PortCounters = newPortCounters();
  readonly pendingAccepts: number;
  readonly sendLimitBytes: number;
  isClosing = false;
  /** Open files on which nothing is outstanding: they do not keep the event loop alive. */
  idleFileCount = 0;
  /** Calls that run on threads of the pool: their ends come from the event loop, not from the port. */
  poolCallCount = 0;
  /** Set by the port: makes sure that a turn comes. */
  askForTurn: () => void = notYet;
  /** Set by the port. */
  startTimer: (delayMs: number, onExpired: () => void) => PortTimer = notYet;
  /** Set by the port: runs a job in a turn. */
  post: (job: () => void) => void = notYet;
  /** Set by the port: runs at the end of this turn. */
  atTurnEnd: (task: () => void) => void = notYet;
  readonly #undo: (() => void)[] = [];

  constructor(calls: WindowsCalls, options: IocpPortOptions) {
    this.calls = calls;
    this.pendingAccepts = options.pendingAccepts ?? 16;
    this.sendLimitBytes = options.sendLimitBytes ?? 262_144;
    assert(this.pendingAccepts > 0 && this.sendLimitBytes > 0, "something is accepted, something is sent");
    try {
      this.overlapped = this.#keep(
        new OverlappedPool((bytes) => VirtualMemory.committed(calls, bytes), options.operations ?? 262_144),
      );
      this.queue = this.#keep(
        new CompletionQueue(calls, this.overlapped, options.completionsPerTurn ?? 4096),
      );
      this.arena = this.#keep(new IocpArena(calls, options.arenaLimitBytes ?? 256 * 1024 * 1024));
      this.addressBlocks = this.#keepPool(SOCKADDR_BYTES, 65_536);
      this.acceptBlocks = this.#keepPool(ACCEPT_BLOCK_BYTES, 16_384);
      this.winsock = this.#keep(
        new Winsock(calls, this.queue, options.receiveBufferBytes ?? 65_536, options.alwaysPackets !== true),
      );
    } catch (error) {
      this.#releaseAll();
      throw error;
    }
  }

  #keep<T extends { release(): void }>(part: T): T {
    this.#undo.push(() => part.release());
    return part;
  }

  #keepPool(blockBytes: number, limit: number): BlockPool {
    const reserve = (byteCount: number): VirtualMemory => VirtualMemory.committed(this.calls, byteCount);
    return this.#keep(new BlockPool(reserve, blockBytes, limit));
  }

  /** Throws when the port is closing: nothing new is started then. */
  refuseWhenClosing(operation: string): void {
    if (this.isClosing) throw new PortError(operation, Errno.ESHUTDOWN, "the port is closing");
  }

  /**
   * An OVERLAPPED for an operation that is about to be started. When none is left it is −1, and the
   * operation completes with −ENOBUFS.
   */
  begin(owner: OperationOwner, kind: number, slot: number, detail = 0): number {
    const block = this.overlapped.take(kind, slot, this.slots.generationOf(slot), detail);
    if (block < 0) this.post(() => owner.complete(kind, -Errno.ENOBUFS, detail));
    return block;
  }

  /** Gives back the port and all memory. Only when nothing is outstanding. */
  release(): void {
    assert(this.slots.usedCount === 0, "every owner of operations is gone");
    assert(this.overlapped.usedCount === 0, "every OVERLAPPED is back");
    assert(this.addressBlocks.usedCount === 0, "every address block is back");
    assert(this.acceptBlocks.usedCount === 0, "every accept's block is back");
    assert(this.poolCallCount === 0, "every call has returned");
    this.#releaseAll();
  }

  #releaseAll(): void {
    for (const step of this.#undo.splice(0).toReversed()) step();
  }
}
