import { assert } from "../../base/assert.ts";
import type { PortSocket, SocketEvents } from "../completion-port.ts";
import { Errno, PortError } from "../port-error.ts";
import type { SendQueue } from "../send-queue.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { IocpCore } from "./iocp-core.ts";
import { OperationKind, type OperationOwner } from "./operation-kind.ts";
import type { WindowsSocket } from "./winsock.ts";

/** Buffers full that one socket may bring before others have their turn. */
const RECEIVES_IN_A_ROW = 4;

/**
 * new → open → closing → closingHandle → closed. `closing` waits for the completions of the receive and the
 * send, because Windows may touch their memory until then; `closingHandle` for the handle to be gone.
 */
type State = "new" | "open" | "closing" | "closingHandle" | "closed";

const legal: Readonly<Record<State, readonly State[]>> = {
  new: ["open", "closing"],
  open: ["closing"],
  closing: ["closingHandle"],
  closingHandle: ["closed"],
  closed: [],
};

/**
 * A socket. Receiving is an empty receive, which completes when something is there and holds no memory,
 * and then real ones that do not wait, into one buffer of the port.
 */
export class IocpSocket implements PortSocket, OperationOwner {
  readonly #core: IocpCore;
  readonly #socket: WindowsSocket;
  readonly #slot: number;
  #state: State = "new";
  #events: SocketEvents | undefined;
  /** The queue of the outstanding send. */
  #sending: SendQueue | undefined;
  #sendBlock = -1;
  #receiving: "no" | "yes" | "stopping" = "no";
  /** The empty receive that is outstanding; −1: none. */
  #receiveBlock = -1;
  /** Close waits for unsent bytes (SO_LINGER), which must not hold up this thread. */
  readonly #closeMayBlock: boolean;
  /** Closed by the port's end, of which the program may hear only later: its calls are answered. */
  #isClosedByPort = false;
  #local: SocketAddress | undefined;
  readonly remote: SocketAddress;

  constructor(core: IocpCore, socket: WindowsSocket, closeMayBlock: boolean, remote: SocketAddress) {
    this.#core = core;
    this.#socket = socket;
    this.#closeMayBlock = closeMayBlock;
    this.remote = remote;
    this.#slot = core.slots.take(this);
    core.counters.openSockets++;
  }

  /** False until `open` or `close` was called. */
  get isClaimed(): boolean {
    return this.#state !== "new";
  }

  get local(): SocketAddress {
    const hasHandle = this.#state !== "closingHandle" && this.#state !== "closed";
    if (this.#local === undefined && hasHandle) {
      this.#local = this.#core.winsock.localAddress(this.#socket.handle);
    }
    return this.#local ?? unknownAddress;
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

  /** Whether Windows may be asked. Throws when the program should know that it may not. */
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
    const { overlapped, queue, winsock } = this.#core;
    const block = this.#core.begin(this, OperationKind.RECEIVE, this.#slot);
    this.#receiveBlock = block;
    if (block >= 0) queue.started(block, winsock.awaitReceive(this.#socket, overlapped.addressOf(block)));
  }

  stopReceiving(): void {
    if (!this.#mayAsk("stopReceiving") || this.#receiving !== "yes") return;
    this.#receiving = "stopping";
    this.#cancel(this.#receiveBlock);
    this.#core.askForTurn();
  }

  /** An operation that has completed meanwhile is not there to be cancelled, which is no error. */
  #cancel(block: number): void {
    if (block >= 0) this.#core.winsock.cancel(this.#socket, this.#core.overlapped.addressOf(block));
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

  #submitSend(queue: SendQueue): void {
    const { overlapped, winsock, sendLimitBytes } = this.#core;
    const block = this.#core.begin(this, OperationKind.SEND, this.#slot);
    this.#sendBlock = block;
    if (block < 0) return;
    const result = winsock.send(this.#socket, queue, sendLimitBytes, overlapped.addressOf(block));
    this.#core.queue.started(block, result);
  }

  shutdown(): void {
    const mayAsk = this.#mayAsk("shutdown");
    assert(this.#sending === undefined, "no send is outstanding at a shutdown");
    if (mayAsk) this.#core.winsock.shutdown(this.#socket);
  }

  close(abort = false): void {
    if (this.#state !== "new" && this.#state !== "open") return;
    this.#become("closing");
    this.#core.counters.outstandingOperations++;
    if (abort) this.#core.winsock.resetOnClose(this.#socket);
    if (this.#receiving === "yes") this.#cancel(this.#receiveBlock);
    this.#cancel(this.#sendBlock);
    this.#closeWhenQuiet(abort);
    this.#core.askForTurn();
  }

  closeForPort(): void {
    this.#isClosedByPort = this.#state === "new" || this.#state === "open";
    this.close();
  }

  #closeWhenQuiet(abort = false): void {
    if (this.#state !== "closing" || this.#receiving !== "no" || this.#sending !== undefined) return;
    this.#become("closingHandle");
    const core = this.#core;
    if (!this.#closeMayBlock || abort) {
      core.winsock.close(this.#socket);
      core.post(() => this.#onClosed());
      return;
    }
    core.poolCallCount++;
    core.winsock.closeSlowly(this.#socket, () => {
      core.poolCallCount--;
      core.post(() => this.#onClosed());
    });
  }

  complete(kind: number, result: number): void {
    if (kind === OperationKind.RECEIVE) {
      this.#receiveBlock = -1;
      this.#onReadable(result);
    } else {
      assert(kind === OperationKind.SEND, `a socket has no operation of kind ${kind}`);
      this.#sendBlock = -1;
      this.#onSend(result);
    }
  }

  failureOf(kind: number, overlappedAddress: number): number {
    const operation = kind === OperationKind.SEND ? "send" : "receive";
    return this.#core.winsock.failureOf(this.#socket, overlappedAddress, operation);
  }

  /** Whether what arrives is to be delivered. */
  get #isWanted(): boolean {
    return this.#state === "open" && this.#receiving === "yes";
  }

  #onReadable(result: number): void {
    let ended = result < 0 ? result : -Errno.EAGAIN;
    try {
      if (result >= 0 && this.#isWanted) ended = this.#receive();
    } finally {
      this.#afterReceive(ended);
    }
  }

  /** Delivers what is there; gives what comes after it: 0 for the end, −EAGAIN for "later". */
  #receive(): number {
    const { winsock, counters } = this.#core;
    const { received } = winsock;
    for (let left = RECEIVES_IN_A_ROW; left > 0; left--) {
      const byteCount = winsock.receive(this.#socket);
      if (byteCount <= 0) return byteCount;
      counters.receivedBytes += byteCount;
      this.#events?.onReceived(received, 0, byteCount);
      if (!this.#isWanted || byteCount < received.byteLength) break;
    }
    return -Errno.EAGAIN;
  }

  /** A receive has ended with `result`: ask again, or tell that receiving has ended. */
  #afterReceive(result: number): void {
    let ended = result;
    if (this.#state !== "open") {
      ended = -Errno.ECANCELED;
    } else if (result === -Errno.EAGAIN || result === -Errno.EINTR) {
      if (this.#receiving === "yes") {
        this.#arm();
        return;
      }
      ended = -Errno.ECANCELED;
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
    if ((result === -Errno.EINTR || result === -Errno.EAGAIN) && this.#state === "open") {
      this.#submitSend(queue);
      return;
    }
    this.#sending = undefined;
    const { counters } = this.#core;
    counters.outstandingOperations--;
    if (result > 0) counters.sentBytes += result;
    try {
      this.#events?.onSent(result === 0 ? -Errno.EPIPE : result);
    } finally {
      this.#closeWhenQuiet();
    }
  }

  #onClosed(): void {
    if (this.#receiving !== "no" || this.#sending !== undefined) {
      // Asked for while the port was closing; the job that answers comes before this one.
      this.#core.post(() => this.#onClosed());
      return;
    }
    this.#become("closed");
    const { counters, slots } = this.#core;
    slots.giveBack(this.#slot);
    counters.outstandingOperations--;
    counters.openSockets--;
    this.#events?.onClosed();
  }
}

const unknownAddress: SocketAddress = { family: 4, host: "0.0.0.0", port: 0 };
