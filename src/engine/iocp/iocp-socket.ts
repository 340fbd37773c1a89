import { assert } from "../../base/assert.ts";
import { KernelSocket } from "../kernel/kernel-socket.ts";
import { Errno } from "../port-error.ts";
import type { SendQueue } from "../send-queue.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { IocpCore } from "./iocp-core.ts";
import { OperationKind, type IocpOwner } from "./operation-kind.ts";
import type { WindowsSocket } from "./winsock.ts";

/** Buffers full that one socket may bring before others have their turn. */
const RECEIVES_IN_A_ROW = 4;

/**
 * A socket. Receiving is an empty receive, which completes when something is there and holds no memory,
 * and then real ones that do not wait, into one buffer of the port.
 */
export class IocpSocket extends KernelSocket<IocpCore> implements IocpOwner {
  readonly #socket: WindowsSocket;
  protected override readonly slot: number;
  #sendBlock = -1;
  /** The empty receive that is outstanding; −1: none. */
  #receiveBlock = -1;
  /** Close waits for unsent bytes (SO_LINGER), which must not hold up this thread. */
  readonly #closeMayBlock: boolean;
  override readonly remote: SocketAddress;

  constructor(core: IocpCore, socket: WindowsSocket, closeMayBlock: boolean, remote: SocketAddress) {
    super(core);
    this.#socket = socket;
    this.#closeMayBlock = closeMayBlock;
    this.remote = remote;
    this.slot = core.slots.take(this);
  }

  protected override findLocal(): SocketAddress | undefined {
    return this.core.winsock.localAddress(this.#socket.handle);
  }

  protected override submitReceive(): void {
    const { overlapped, queue, winsock } = this.core;
    const block = this.core.begin(this, OperationKind.RECEIVE, this.slot);
    this.#receiveBlock = block;
    if (block >= 0) queue.started(block, winsock.awaitReceive(this.#socket, overlapped.addressOf(block)));
  }

  protected override submitSend(queue: SendQueue): void {
    const { overlapped, winsock, sendLimitBytes } = this.core;
    const block = this.core.begin(this, OperationKind.SEND, this.slot);
    this.#sendBlock = block;
    if (block < 0) return;
    const result = winsock.send(this.#socket, queue, sendLimitBytes, overlapped.addressOf(block));
    this.core.queue.started(block, result);
  }

  protected override cancelReceive(): void {
    this.#cancel(this.#receiveBlock);
  }

  protected override cancelSend(): void {
    this.#cancel(this.#sendBlock);
  }

  /** An operation that has completed meanwhile is not there to be cancelled, which is no error. */
  #cancel(block: number): void {
    if (block >= 0) this.core.winsock.cancel(this.#socket, this.core.overlapped.addressOf(block));
  }

  protected override endSending(): void {
    this.core.winsock.shutdown(this.#socket);
  }

  protected override resetOnClose(): void {
    this.core.winsock.resetOnClose(this.#socket);
  }

  protected override closeHandle(isAborted: boolean): void {
    const core = this.core;
    if (!this.#closeMayBlock || isAborted) {
      core.winsock.close(this.#socket);
      core.post(() => this.afterClose());
      return;
    }
    core.poolCallCount++;
    core.winsock.closeSlowly(this.#socket, () => {
      core.poolCallCount--;
      core.post(() => this.afterClose());
    });
  }

  override complete(kind: number, result: number): void {
    if (kind === OperationKind.RECEIVE) {
      this.#receiveBlock = -1;
      this.#onReadable(result);
    } else {
      assert(kind === OperationKind.SEND, `a socket has no operation of kind ${kind}`);
      this.#sendBlock = -1;
      this.afterSend(result);
    }
  }

  failureOf(kind: number, overlappedAddress: number): number {
    const operation = kind === OperationKind.SEND ? "send" : "receive";
    return this.core.winsock.failureOf(this.#socket, overlappedAddress, operation);
  }

  #onReadable(result: number): void {
    let ended = result < 0 ? result : -Errno.EAGAIN;
    try {
      if (result >= 0 && this.isReceiving) ended = this.#receive();
    } finally {
      this.afterReceive(ended, ended === -Errno.EAGAIN || ended === -Errno.EINTR);
    }
  }

  /** Delivers what is there; gives what comes after it: 0 for the end, −EAGAIN for "later". */
  #receive(): number {
    const { winsock } = this.core;
    const { received } = winsock;
    for (let left = RECEIVES_IN_A_ROW; left > 0; left--) {
      const byteCount = winsock.receive(this.#socket);
      if (byteCount <= 0) return byteCount;
      this.deliver(received, 0, byteCount);
      if (!this.isReceiving || byteCount < received.byteLength) break;
    }
    return -Errno.EAGAIN;
  }
}
