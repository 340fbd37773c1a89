import { assert } from "../../base/assert.ts";
import { KernelSocket } from "../kernel/kernel-socket.ts";
import { Errno } from "../port-error.ts";
import { GATHER_PIECES, type SendQueue } from "../send-queue.ts";
import { unknownAddress, type SocketAddress } from "../socket-address.ts";
import * as k from "./constants.ts";
import { GATHER_HEADER_BYTES, writePieces } from "./gather-block.ts";
import { OperationKind } from "./operation-kind.ts";
import { writeAddress } from "./ring.ts";
import type { UringCore } from "./uring-core.ts";

/** A socket whose receive, send and close are requests of the ring. */
export class UringSocket extends KernelSocket<UringCore> {
  readonly #fd: number;
  protected override readonly slot: number;
  readonly #generation: number;
  #gatherBlock = -1;
  /** The kernel has a receive request of this socket. */
  #isArmed = false;
  /** Close waits for unsent bytes (SO_LINGER), which must not hold up this thread. */
  readonly #closeMayBlock: boolean;
  #remote: SocketAddress | undefined;

  constructor(core: UringCore, fd: number, closeMayBlock: boolean, remote?: SocketAddress) {
    super(core);
    this.#fd = fd;
    this.#closeMayBlock = closeMayBlock;
    this.#remote = remote;
    this.slot = core.slots.take(this);
    this.#generation = core.slots.generationOf(this.slot);
  }

  protected override findLocal(): SocketAddress | undefined {
    return this.core.socketCalls.localAddress(this.#fd);
  }

  /** Asked of the kernel when first read; 0.0.0.0 port 0 when the peer was gone by then. */
  override get remote(): SocketAddress {
    if (this.#remote === undefined && this.hasHandle) {
      this.#remote = this.core.socketCalls.remoteAddress(this.#fd);
    }
    return this.#remote ?? unknownAddress;
  }

  protected override submitReceive(): void {
    this.#isArmed = true;
    this.core.ring.prepare(
      OperationKind.RECEIVE,
      this.slot,
      this.#generation,
      k.IORING_OP_RECV,
      k.IOSQE_BUFFER_SELECT,
      this.core.hasMultishotReceive ? k.IORING_RECV_MULTISHOT : 0,
      this.#fd,
      0,
      0,
      0,
      0,
    );
  }

  protected override cancelReceive(): void {
    if (!this.#isArmed) return; // Inside the last completion of the request; its handler ends it.
    this.core.ring.prepareCancel(OperationKind.CANCEL, OperationKind.RECEIVE, this.slot, this.#generation);
  }

  /**
   * MSG_WAITALL is not used: the kernel would then keep a send until all of it is taken, and a slow
   * reader's progress would neither be seen nor give its memory back until the end.
   */
  protected override submitSend(queue: SendQueue): void {
    const pieceCount = Math.min(queue.pieceCount, GATHER_PIECES);
    const block = pieceCount === 1 ? -1 : this.core.gatherBlocks.take();
    this.#gatherBlock = block;
    let opcode = k.IORING_OP_SEND;
    let address = 0;
    let length = 1;
    if (block < 0) {
      const start = queue.startAt(0);
      address = queue.chunkAt(0).address + start;
      length = queue.endAt(0) - start;
      queue.freeze(1);
    } else {
      opcode = k.IORING_OP_SENDMSG;
      address = this.core.gatherBlocks.addressOf(block);
      this.#fillGatherBlock(queue, block, pieceCount);
      queue.freeze(pieceCount);
    }
    this.core.ring.prepare(
      OperationKind.SEND,
      this.slot,
      this.#generation,
      opcode,
      0,
      0,
      this.#fd,
      address,
      length,
      0,
      k.MSG_NOSIGNAL,
    );
  }

  #fillGatherBlock(queue: SendQueue, block: number, pieceCount: number): void {
    const { gatherBlocks } = this.core;
    const { words } = gatherBlocks;
    const header = gatherBlocks.wordOf(block);
    // struct msghdr: name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, flags 48. The
    // rest of it stays zero.
    writeAddress(words, header + 4, gatherBlocks.addressOf(block) + GATHER_HEADER_BYTES);
    words[header + 6] = pieceCount;
    writePieces(gatherBlocks, block, queue, pieceCount);
  }

  protected override cancelSend(): void {
    this.core.ring.prepareCancel(OperationKind.CANCEL, OperationKind.SEND, this.slot, this.#generation);
  }

  /** Directly: through the ring a shutdown always goes to a helper thread of the kernel. */
  protected override endSending(): void {
    this.core.socketCalls.shutdown(this.#fd);
  }

  protected override resetOnClose(): void {
    this.core.socketCalls.setLinger(this.#fd, 0);
  }

  protected override closeHandle(): void {
    this.core.ring.prepare(
      OperationKind.CLOSE,
      this.slot,
      this.#generation,
      k.IORING_OP_CLOSE,
      this.#closeMayBlock ? k.IOSQE_ASYNC : 0,
      0,
      this.#fd,
      0,
      0,
      0,
      0,
    );
  }

  override complete(kind: number, result: number, flags: number): void {
    switch (kind) {
      case OperationKind.RECEIVE:
        this.#onReceive(result, flags);
        break;
      case OperationKind.SEND:
        if (this.#gatherBlock >= 0) this.core.gatherBlocks.giveBack(this.#gatherBlock);
        this.#gatherBlock = -1;
        this.afterSend(result);
        break;
      case OperationKind.CLOSE:
        // Other errors of close(2) come after the descriptor is gone.
        assert(result !== -Errno.EBADF, "the descriptor was open when it was closed");
        this.afterClose();
        break;
      default:
        assert(false, `a socket has no operation of kind ${kind}`);
    }
  }

  #onReceive(result: number, flags: number): void {
    if ((flags & k.IORING_CQE_F_MORE) === 0) this.#isArmed = false;
    if ((flags & k.IORING_CQE_F_BUFFER) !== 0) {
      const id = flags >>> k.IORING_CQE_BUFFER_SHIFT;
      const { receiveBuffers } = this.core;
      receiveBuffers.lentCount++;
      try {
        const start = id * receiveBuffers.bufferBytes;
        if (result > 0) this.deliver(receiveBuffers.bytes, start, start + result);
      } finally {
        receiveBuffers.recycle(id);
        if (!this.#isArmed) this.#onReceiveEnded(result);
      }
      return;
    }
    if (!this.#isArmed) this.#onReceiveEnded(result);
  }

  /** The kernel's request has ended with `result`. */
  #onReceiveEnded(result: number): void {
    const core = this.core;
    let mayRepeat = result > 0 || result === -Errno.EINTR || result === -Errno.EAGAIN;
    if (result === -Errno.ENOBUFS) {
      mayRepeat = true;
      if (this.isOpen) core.counters.receiveBufferShortages++;
    } else if (result === -Errno.EINVAL && this.isOpen && core.hasMultishotReceive) {
      mayRepeat = true;
      core.hasMultishotReceive = false; // Before Linux 6.0: one buffer per request.
    }
    this.afterReceive(result, mayRepeat);
  }
}
