import { assert } from "../../base/assert.ts";
import type { PortSocket, SocketEvents } from "../completion-port.ts";
import { Errno, PortError } from "../port-error.ts";
import { GATHER_PIECES, type SendQueue } from "../send-queue.ts";
import type { SocketAddress } from "../socket-address.ts";
import * as k from "./constants.ts";
import { OperationKind, type OperationOwner } from "./operation-kind.ts";
import { GATHER_HEADER_BYTES, writePieces } from "./gather-block.ts";
import { writeAddress } from "./ring.ts";
import type { UringCore } from "./uring-core.ts";

/**
 * new → open → closing → closingDescriptor → closed. `closing` waits for the terminal completions of
 * the receive and the send; `closingDescriptor` for that of the close.
 */
type State = "new" | "open" | "closing" | "closingDescriptor" | "closed";

const legal: Readonly<Record<State, readonly State[]>> = {
  new: ["open", "closing"],
  open: ["closing"],
  closing: ["closingDescriptor"],
  closingDescriptor: ["closed"],
  closed: [],
};

/** What a socket is told by: the completions of its receive, send and close. */
export class UringSocket implements PortSocket, OperationOwner {
  // What each send and its completion touch comes first, as in Session.
  readonly #core: UringCore;
  readonly #fd: number;
  readonly #slot: number;
  readonly #generation: number;
  #state: State = "new";
  #events: SocketEvents | undefined;
  /** The queue of the outstanding send. */
  #sending: SendQueue | undefined;
  #gatherBlock = -1;
  #receiving: "no" | "yes" | "stopping" = "no";
  /** The kernel has a receive request of this socket. */
  #isArmed = false;
  /** Close waits for unsent bytes (SO_LINGER), which must not hold up this thread. */
  readonly #closeMayBlock: boolean;
  /** Closed by the port's end, of which the program may hear only later: its calls are answered. */
  #isClosedByPort = false;
  #local: SocketAddress | undefined;
  #remote: SocketAddress | undefined;

  constructor(core: UringCore, fd: number, closeMayBlock: boolean, remote?: SocketAddress) {
    this.#core = core;
    this.#fd = fd;
    this.#closeMayBlock = closeMayBlock;
    this.#remote = remote;
    this.#slot = core.slots.take(this);
    this.#generation = core.slots.generationOf(this.#slot);
    core.counters.openSockets++;
  }

  /** False until `open` or `close` was called. */
  get isClaimed(): boolean {
    return this.#state !== "new";
  }

  get local(): SocketAddress {
    if (this.#local === undefined && this.#hasDescriptor) {
      this.#local = this.#core.socketCalls.localAddress(this.#fd);
    }
    return this.#local ?? unknownAddress;
  }

  /** Asked of the kernel when first read; 0.0.0.0 port 0 when the peer was gone by then. */
  get remote(): SocketAddress {
    if (this.#remote === undefined && this.#hasDescriptor) {
      this.#remote = this.#core.socketCalls.remoteAddress(this.#fd);
    }
    return this.#remote ?? unknownAddress;
  }

  get #hasDescriptor(): boolean {
    return this.#state === "new" || this.#state === "open" || this.#state === "closing";
  }

  #become(state: State): void {
    assert(legal[this.#state].includes(state), `a socket that is ${this.#state} does not become ${state}`);
    this.#state = state;
  }

  open(events: SocketEvents): void {
    if (this.#state !== "new" && this.#state !== "open") throw new PortError("open", Errno.EBADF);
    this.#become("open");
    this.#events = events;
  }

  /** Whether the kernel may be asked. Throws when the program should know that it may not. */
  #mayAsk(operation: string): boolean {
    if (this.#state === "open") return true;
    if (this.#isClosedByPort && this.#state !== "closed") return false;
    assert(this.#state !== "new", `open comes before ${operation}`);
    throw new PortError(operation, Errno.EBADF);
  }

  startReceiving(): void {
    const mayAsk = this.#mayAsk("startReceiving");
    assert(this.#receiving === "no", "nothing is receiving when receiving is started");
    this.#receiving = "yes";
    this.#core.counters.outstandingOperations++;
    if (mayAsk) this.#arm();
    else this.#core.post(() => this.#afterReceive(-Errno.ECANCELED));
    this.#core.askForTurn();
  }

  #arm(): void {
    this.#isArmed = true;
    this.#core.ring.prepare(
      OperationKind.RECEIVE,
      this.#slot,
      this.#generation,
      k.IORING_OP_RECV,
      k.IOSQE_BUFFER_SELECT,
      this.#core.hasMultishotReceive ? k.IORING_RECV_MULTISHOT : 0,
      this.#fd,
      0,
      0,
      0,
      0,
    );
  }

  stopReceiving(): void {
    if (!this.#mayAsk("stopReceiving") || this.#receiving !== "yes") return;
    this.#receiving = "stopping";
    this.#cancelReceive();
    this.#core.askForTurn();
  }

  #cancelReceive(): void {
    if (!this.#isArmed) return; // Inside the last completion of the request; its handler ends it.
    this.#core.ring.prepareCancel(OperationKind.CANCEL, OperationKind.RECEIVE, this.#slot, this.#generation);
  }

  send(queue: SendQueue): void {
    const mayAsk = this.#mayAsk("send");
    assert(this.#sending === undefined, "one send is outstanding at a time");
    assert(!queue.isEmpty, "there is something to send");
    assert(queue.chunkAt(0).address !== 0, "what is sent lives in the port's arena");
    this.#sending = queue;
    this.#core.counters.outstandingOperations++;
    if (mayAsk) this.#submitSend(queue);
    else this.#core.post(() => this.#onSend(-Errno.ECANCELED));
    this.#core.askForTurn();
  }

  /**
   * MSG_WAITALL is not used: the kernel would then keep a send until all of it is taken, and a slow
   * reader's progress would neither be seen nor give its memory back until the end.
   */
  #submitSend(queue: SendQueue): void {
    const pieceCount = Math.min(queue.pieceCount, GATHER_PIECES);
    const block = pieceCount === 1 ? -1 : this.#core.gatherBlocks.take();
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
      address = this.#core.gatherBlocks.addressOf(block);
      this.#fillGatherBlock(queue, block, pieceCount);
      queue.freeze(pieceCount);
    }
    this.#core.ring.prepare(
      OperationKind.SEND,
      this.#slot,
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
    const { gatherBlocks } = this.#core;
    const { words } = gatherBlocks;
    const header = gatherBlocks.wordOf(block);
    // struct msghdr: name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, flags 48. The
    // rest of it stays zero.
    writeAddress(words, header + 4, gatherBlocks.addressOf(block) + GATHER_HEADER_BYTES);
    words[header + 6] = pieceCount;
    writePieces(gatherBlocks, block, queue, pieceCount);
  }

  shutdown(): void {
    const mayAsk = this.#mayAsk("shutdown");
    assert(this.#sending === undefined, "no send is outstanding at a shutdown");
    // Directly: through the ring a shutdown always goes to a helper thread of the kernel.
    if (mayAsk) this.#core.socketCalls.shutdown(this.#fd);
  }

  close(abort = false): void {
    if (this.#state !== "new" && this.#state !== "open") return;
    this.#become("closing");
    this.#core.counters.outstandingOperations++;
    if (abort) this.#core.socketCalls.setLinger(this.#fd, 0);
    if (this.#receiving === "yes") this.#cancelReceive();
    if (this.#sending !== undefined) {
      this.#core.ring.prepareCancel(OperationKind.CANCEL, OperationKind.SEND, this.#slot, this.#generation);
    }
    this.#closeWhenQuiet();
    this.#core.askForTurn();
  }

  closeForPort(): void {
    this.#isClosedByPort = this.#state === "new" || this.#state === "open";
    this.close();
  }

  #closeWhenQuiet(): void {
    if (this.#state !== "closing" || this.#receiving !== "no" || this.#sending !== undefined) return;
    this.#become("closingDescriptor");
    this.#core.ring.prepare(
      OperationKind.CLOSE,
      this.#slot,
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

  complete(kind: number, result: number, flags: number): void {
    switch (kind) {
      case OperationKind.RECEIVE:
        this.#onReceive(result, flags);
        break;
      case OperationKind.SEND:
        this.#onSend(result);
        break;
      case OperationKind.CLOSE:
        this.#onClose(result);
        break;
      default:
        assert(false, `a socket has no operation of kind ${kind}`);
    }
  }

  #onReceive(result: number, flags: number): void {
    if ((flags & k.IORING_CQE_F_MORE) === 0) this.#isArmed = false;
    if ((flags & k.IORING_CQE_F_BUFFER) !== 0) {
      const id = flags >>> k.IORING_CQE_BUFFER_SHIFT;
      const { receiveBuffers } = this.#core;
      receiveBuffers.lentCount++;
      try {
        if (result > 0 && this.#state === "open") {
          this.#core.counters.receivedBytes += result;
          const start = id * receiveBuffers.bufferBytes;
          this.#events?.onReceived(receiveBuffers.bytes, start, start + result);
        }
      } finally {
        receiveBuffers.recycle(id);
        if (!this.#isArmed) this.#afterReceive(result);
      }
      return;
    }
    if (!this.#isArmed) this.#afterReceive(result);
  }

  /** The kernel's request has ended with `result`: ask again, or tell that receiving has ended. */
  #afterReceive(result: number): void {
    let ended = result;
    if (this.#state !== "open") {
      ended = -Errno.ECANCELED;
    } else if (result > 0 || isTransient(result)) {
      if (result === -Errno.ENOBUFS) this.#core.counters.receiveBufferShortages++;
      if (this.#receiving === "yes") {
        this.#arm();
        return;
      }
      ended = -Errno.ECANCELED;
    } else if (result === -Errno.EINVAL && this.#core.hasMultishotReceive) {
      this.#core.hasMultishotReceive = false; // Before Linux 6.0: one buffer per request.
      this.#afterReceive(-Errno.EAGAIN);
      return;
    }
    this.#receiving = "no";
    this.#core.counters.outstandingOperations--;
    try {
      this.#events?.onReceiveEnded(ended);
    } finally {
      this.#closeWhenQuiet();
    }
  }

  #onSend(result: number): void {
    const queue = this.#sending;
    assert(queue !== undefined, "a send was outstanding");
    if (this.#gatherBlock >= 0) this.#core.gatherBlocks.giveBack(this.#gatherBlock);
    this.#gatherBlock = -1;
    if ((result === -Errno.EINTR || result === -Errno.EAGAIN) && this.#state === "open") {
      this.#submitSend(queue);
      return;
    }
    this.#sending = undefined;
    const { counters } = this.#core;
    counters.outstandingOperations--;
    if (result > 0) counters.sentBytes += result;
    try {
      this.#events?.onSent(result);
    } finally {
      this.#closeWhenQuiet();
    }
  }

  #onClose(result: number): void {
    if (this.#receiving !== "no" || this.#sending !== undefined) {
      // Asked for while the port was closing; the job that answers comes before this one.
      this.#core.post(() => this.#onClose(result));
      return;
    }
    // Other errors of close(2) come after the descriptor is gone.
    assert(result !== -Errno.EBADF, "the descriptor was open when it was closed");
    this.#become("closed");
    const { counters, slots } = this.#core;
    slots.giveBack(this.#slot);
    counters.outstandingOperations--;
    counters.openSockets--;
    this.#events?.onClosed();
  }
}

/** Results of a receive after which the same receive is simply asked for again. */
function isTransient(result: number): boolean {
  return result === -Errno.ENOBUFS || result === -Errno.EINTR || result === -Errno.EAGAIN;
}

const unknownAddress: SocketAddress = { family: 4, host: "0.0.0.0", port: 0 };
