import { assert } from "../../base/assert.ts";
import {
  DEFAULT_ARENA_LIMIT_BYTES,
  DEFAULT_COMPLETIONS_PER_TURN,
  KernelCore,
  type KernelPortOptions,
} from "../kernel/kernel-core.ts";
import type { BlockPool } from "../memory/block-pool.ts";
import { ReservedArena } from "../memory/reserved-arena.ts";
import { Errno } from "../port-error.ts";
import { CompletionQueue } from "./completion-queue.ts";
import { ACCEPT_ADDRESS_BYTES } from "./constants.ts";
import type { IocpOwner } from "./operation-kind.ts";
import { OverlappedPool } from "./overlapped-pool.ts";
import { VirtualMemory } from "./virtual-memory.ts";
import type { WindowsCalls } from "./windows-calls.ts";
import { Winsock } from "./winsock.ts";

/** Two addresses as AcceptEx writes them, rounded up to a multiple of 8. */
const ACCEPT_BLOCK_BYTES = Math.ceil((2 * ACCEPT_ADDRESS_BYTES) / 8) * 8;

/** How a port is made. Every number has a default that suits a server of thousands of connections. */
export interface IocpPortOptions extends KernelPortOptions {
  /** What one `onReceived` brings at most, bytes; one such buffer serves all sockets. Default 65,536. */
  readonly receiveBufferBytes?: number;
  /** Operations that may be outstanding at once, two for each busy socket. Default 262,144; above, ENOBUFS. */
  readonly operations?: number;
  /** Accepts each listener has waiting. Default 16. */
  readonly pendingAccepts?: number;
  /** Bytes one send hands over at most, so that a slow reader's progress shows. Default 262,144. */
  readonly sendLimitBytes?: number;
  /** Operations that complete at once bring a packet all the same; for tests. Default false. */
  readonly alwaysPackets?: boolean;
}

/**
 * What sockets, listeners, connects and files share: the completion port, and the memory that Windows is
 * given addresses of.
 */
export class IocpCore extends KernelCore<IocpOwner> {
  readonly calls: WindowsCalls;
  readonly overlapped: OverlappedPool;
  readonly queue: CompletionQueue;
  override readonly arena: ReservedArena;
  override readonly addressBlocks: BlockPool;
  readonly acceptBlocks: BlockPool;
  readonly winsock: Winsock;
  readonly pendingAccepts: number;
  readonly sendLimitBytes: number;
  /** Calls that run on threads of the pool: their ends come from the event loop, not from the port. */
  poolCallCount = 0;

  constructor(calls: WindowsCalls, options: IocpPortOptions) {
    const commit = (byteCount: number): VirtualMemory => VirtualMemory.committed(calls, byteCount);
    super(commit);
    this.calls = calls;
    this.pendingAccepts = options.pendingAccepts ?? 16;
    this.sendLimitBytes = options.sendLimitBytes ?? 262_144;
    assert(this.pendingAccepts > 0 && this.sendLimitBytes > 0, "something is accepted, something is sent");
    try {
      this.overlapped = this.keep(new OverlappedPool(commit, options.operations ?? 262_144));
      const entries = options.completionsPerTurn ?? DEFAULT_COMPLETIONS_PER_TURN;
      this.queue = this.keep(new CompletionQueue(calls, this.overlapped, entries));
      this.arena = this.keep(
        new ReservedArena(
          (byteCount) => VirtualMemory.reserved(calls, byteCount),
          options.arenaLimitBytes ?? DEFAULT_ARENA_LIMIT_BYTES,
        ),
      );
      this.addressBlocks = this.keepAddressBlocks();
      this.acceptBlocks = this.keepPool("accept's block", ACCEPT_BLOCK_BYTES, 16_384);
      this.winsock = this.keep(
        new Winsock(calls, this.queue, options.receiveBufferBytes ?? 65_536, options.alwaysPackets !== true),
      );
    } catch (error) {
      this.releaseParts();
      throw error;
    }
  }

  /**
   * An OVERLAPPED for an operation that is about to be started. When none is left it is −1, and the
   * operation completes with −ENOBUFS.
   */
  begin(owner: IocpOwner, kind: number, slot: number, detail = 0): number {
    const block = this.overlapped.take(kind, slot, this.slots.generationOf(slot), detail);
    if (block < 0) this.post(() => owner.complete(kind, -Errno.ENOBUFS, detail));
    return block;
  }

  override release(): void {
    assert(this.overlapped.usedCount === 0, "every OVERLAPPED is back");
    assert(this.poolCallCount === 0, "every call has returned");
    super.release();
  }
}
