import { assert } from "../../base/assert.ts";
import { DEFAULT_ARENA_LIMIT_BYTES, KernelCore, type KernelPortOptions } from "../kernel/kernel-core.ts";
import type { BlockPool } from "../memory/block-pool.ts";
import { ReservedArena } from "../memory/reserved-arena.ts";
import { BufferRing } from "./buffer-ring.ts";
import * as k from "./constants.ts";
import { GATHER_BLOCK_BYTES } from "./gather-block.ts";
import { Mapping } from "./mapping.ts";
import { Ring } from "./ring.ts";
import { SocketCalls } from "./socket-calls.ts";
import type { SystemCalls } from "./system-calls.ts";

/** Files that may be being opened at once; above, EAGAIN. */
const OPENING_FILES = 64;

/** How a port is made. Every number has a default that suits a server of thousands of connections. */
export interface UringPortOptions extends KernelPortOptions {
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
  /** Empty turns before the main thread sleeps. Default 0: more cost processor time and won nothing. */
  readonly spinTurns?: number;
  /** For tests of older kernels: what to leave unused although the kernel has it. */
  readonly without?: { readonly setups?: number; readonly multishot?: boolean };
}

/** What sockets, listeners, connects and files share: the ring, and the memory it is given addresses of. */
export class UringCore extends KernelCore {
  readonly ring: Ring;
  override readonly arena: ReservedArena;
  readonly receiveBuffers: BufferRing;
  readonly gatherBlocks: BlockPool;
  override readonly addressBlocks: BlockPool;
  readonly pathBlocks: BlockPool;
  readonly socketCalls: SocketCalls;
  /** The kernel knows multishot accept and receive; cleared by the first that is refused. */
  hasMultishotAccept: boolean;
  hasMultishotReceive: boolean;

  constructor(calls: SystemCalls, options: UringPortOptions) {
    const map = (byteCount: number): Mapping => Mapping.anonymous(calls, byteCount);
    super(map);
    this.hasMultishotAccept = options.without?.multishot !== true;
    this.hasMultishotReceive = this.hasMultishotAccept;
    try {
      this.ring = this.keep(
        new Ring(calls, {
          submissionEntries: options.submissionEntries ?? 4096,
          completionEntries: options.completionEntries ?? 16_384,
          skipSetups: options.without?.setups ?? 0,
        }),
      );
      this.receiveBuffers = this.keep(
        new BufferRing(
          calls,
          this.ring,
          options.receiveBufferCount ?? 1024,
          options.receiveBufferBytes ?? 4096,
        ),
      );
      this.arena = this.keep(new ReservedArena(map, options.arenaLimitBytes ?? DEFAULT_ARENA_LIMIT_BYTES));
      this.gatherBlocks = this.keepPool("list of pieces", GATHER_BLOCK_BYTES, options.gatherBlocks ?? 1024);
      this.addressBlocks = this.keepAddressBlocks();
      this.pathBlocks = this.keepPool("path", k.PATH_MAX, OPENING_FILES);
      this.socketCalls = this.keep(new SocketCalls(calls));
    } catch (error) {
      this.releaseParts();
      throw error;
    }
  }

  override release(): void {
    assert(this.receiveBuffers.lentCount === 0, "every receive buffer is back");
    super.release();
  }
}
