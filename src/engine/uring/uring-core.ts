import { newPortCounters } from "../port-counters.ts";
import { assert, AssertionError } from "../../base/assert.ts";
import type { PortCounters, PortTimer } from "../completion-port.ts";
import { BlockPool } from "../memory/block-pool.ts";
import { OperationSlots } from "../operation-slots.ts";
import { Errno, PortError } from "../port-error.ts";
import { SOCKADDR_BYTES } from "../sockaddr.ts";
import { BufferRing } from "./buffer-ring.ts";
import * as k from "./constants.ts";
import { GATHER_BLOCK_BYTES } from "./gather-block.ts";
import { Mapping } from "./mapping.ts";
import type { OperationOwner } from "./operation-kind.ts";
import { Ring } from "./ring.ts";
import { SocketCalls } from "./socket-calls.ts";
import type { SystemCalls } from "./system-calls.ts";
import { UringArena } from "./uring-arena.ts";

/** Files that may be being opened at once; above, EAGAIN. */
const OPENING_FILES = 64;

/** How a port is made. Every number has a default that suits a server of thousands of connections. */
export interface UringPortOptions {
  /** The most memory the send-buffer arena hands out, bytes, a multiple of 4096. Default 256 MiB. */
  readonly arenaLimitBytes?: number;
  /** Receive buffers, a power of two up to 32,768. Default 1024. */
  readonly receiveBufferCount?: number;
  /** Bytes in one receive buffer; what one `onReceived` brings at most. Default 4096. */
  readonly receiveBufferBytes?: number;
  /** Sends of several pieces that may be outstanding at once; others send their first piece. Default 1024. */
  readonly gatherBlocks?: number;
  /** Requests that leave with one system call, a power of two. Default 4096. */
  readonly submissionEntries?: number;
  /** Completions the kernel keeps in shared memory, a power of two. Default 16,384. */
  readonly completionEntries?: number;
  /** Completions dispatched in one turn at most. Default 4096. */
  readonly completionsPerTurn?: number;
  /** Empty turns before the main thread sleeps. Default 0: more cost processor time and won nothing. */
  readonly spinTurns?: number;
  /**
   * In a worker thread that blocks in `run()`: how long at most, ms, before the thread's own timers,
   * messages and termination get a chance. Default 100.
   */
  readonly workerBlockMs?: number;
  /** For tests of older kernels: what to leave unused although the kernel has it. */
  readonly without?: { readonly setups?: number; readonly multishot?: boolean };
}

function notYet(): never {
  throw new AssertionError("the port sets this before anything is started");
}

/**
 * What sockets, listeners and connects share: the ring, the memory the kernel is given addresses of,
 * the owners of operations, the totals.
 */
export class UringCore {
  readonly ring: Ring;
  readonly arena: UringArena;
  readonly receiveBuffers: BufferRing;
  readonly gatherBlocks: BlockPool;
  readonly addressBlocks: BlockPool;
  readonly pathBlocks: BlockPool;
  readonly slots = new OperationSlots<OperationOwner>();
  readonly socketCalls: SocketCalls;
  readonly counters: PortCounters = newPortCounters();
  /** The kernel knows multishot accept and receive; cleared by the first that is refused. */
  hasMultishotAccept: boolean;
  hasMultishotReceive: boolean;
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

  constructor(calls: SystemCalls, options: UringPortOptions) {
    this.hasMultishotAccept = options.without?.multishot !== true;
    this.hasMultishotReceive = this.hasMultishotAccept;
    const undo: (() => void)[] = [];
    try {
      this.ring = new Ring(calls, {
        submissionEntries: options.submissionEntries ?? 4096,
        completionEntries: options.completionEntries ?? 16_384,
        skipSetups: options.without?.setups ?? 0,
      });
      undo.push(() => this.ring.close());
      this.receiveBuffers = new BufferRing(
        calls,
        this.ring,
        options.receiveBufferCount ?? 1024,
        options.receiveBufferBytes ?? 4096,
      );
      undo.push(() => this.receiveBuffers.release());
      this.arena = new UringArena(calls, options.arenaLimitBytes ?? 256 * 1024 * 1024);
      undo.push(() => this.arena.release());
      const mapBlocks = (byteCount: number): Mapping => Mapping.anonymous(calls, byteCount);
      this.gatherBlocks = new BlockPool(mapBlocks, GATHER_BLOCK_BYTES, options.gatherBlocks ?? 1024);
      undo.push(() => this.gatherBlocks.release());
      this.addressBlocks = new BlockPool(mapBlocks, SOCKADDR_BYTES, 65_536);
      undo.push(() => this.addressBlocks.release());
      this.pathBlocks = new BlockPool(mapBlocks, k.PATH_MAX, OPENING_FILES);
      undo.push(() => this.pathBlocks.release());
      this.socketCalls = new SocketCalls(calls);
    } catch (error) {
      for (const step of undo.toReversed()) step();
      throw error;
    }
  }

  /** Throws when the port is closing: nothing new is started then. */
  refuseWhenClosing(operation: string): void {
    if (this.isClosing) throw new PortError(operation, Errno.ESHUTDOWN, "the port is closing");
  }

  /** Gives back the ring and all memory. Only when nothing is in flight. */
  release(): void {
    assert(this.slots.usedCount === 0, "every owner of operations is gone");
    assert(this.receiveBuffers.lentCount === 0, "every receive buffer is back");
    assert(this.gatherBlocks.usedCount === 0, "every list of pieces is back");
    assert(this.addressBlocks.usedCount === 0, "every address block is back");
    assert(this.pathBlocks.usedCount === 0, "every path's block is back");
    this.ring.close();
    this.receiveBuffers.release();
    this.arena.release();
    this.gatherBlocks.release();
    this.addressBlocks.release();
    this.pathBlocks.release();
    this.socketCalls.release();
  }
}
