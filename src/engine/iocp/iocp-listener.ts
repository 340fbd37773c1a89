import { assert } from "../../base/assert.ts";
import type { AcceptEvents, PortListener, PortTimer } from "../completion-port.ts";
import { offerAccepted } from "../offer-accepted.ts";
import { Errno, PortError } from "../port-error.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { ListenOptions, SocketOptions } from "../socket-options.ts";
import type { IocpCore } from "./iocp-core.ts";
import { IocpSocket } from "./iocp-socket.ts";
import { OperationKind, type IocpOwner } from "./operation-kind.ts";
import type { WindowsSocket } from "./winsock.ts";

/** How long accepting pauses after an error that would repeat at once. */
const ACCEPT_PAUSE_MS = 100;

/** One of the listener's accepts: a socket without a connection, and room for the addresses of one. */
interface Acceptor {
  socket: WindowsSocket | undefined;
  addressBlock: number;
}

/**
 * A listening socket with several accepts waiting, each with its socket made beforehand. An accept that
 * has completed is followed by the next; one that failed in a way that would repeat, after a pause.
 */
export class IocpListener implements PortListener, IocpOwner {
  readonly address: SocketAddress;
  readonly #core: IocpCore;
  readonly #events: AcceptEvents;
  readonly #listener: WindowsSocket;
  readonly #slot: number;
  readonly #options: SocketOptions;
  readonly #acceptors: Acceptor[];
  #state: "listening" | "closing" | "closingHandle" | "closed" = "listening";
  /** Accepts that are outstanding. */
  #waitingCount = 0;
  #pause: PortTimer | undefined;

  /** Binds and listens at once; throws PortError. */
  constructor(core: IocpCore, address: SocketAddress, options: ListenOptions, events: AcceptEvents) {
    this.#core = core;
    this.#events = events;
    this.#options = options.socket ?? {};
    this.#listener = core.winsock.listen(address, options);
    const bound = core.winsock.localAddress(this.#listener.handle);
    if (bound === undefined) {
      core.winsock.close(this.#listener);
      throw new PortError("listen", Errno.EIO, "getsockname");
    }
    this.address = bound;
    this.#slot = core.slots.take(this);
    core.counters.outstandingOperations++;
    this.#acceptors = Array.from({ length: core.pendingAccepts }, () => ({
      socket: undefined,
      addressBlock: -1,
    }));
    this.#arm();
    core.askForTurn();
  }

  /** Whatever happened, a listener that is open has all its accepts waiting, or a pause running. */
  #arm(): void {
    for (const [index, acceptor] of this.#acceptors.entries()) {
      if (this.#state !== "listening" || this.#pause !== undefined) return;
      if (acceptor.socket !== undefined) continue;
      try {
        this.#startAccept(acceptor, index);
      } catch (error) {
        if (!(error instanceof PortError)) throw error;
        this.#release(acceptor);
        const failed = error;
        this.#startPause();
        // In a turn, and not inside the call that opened the listener.
        this.#core.post(() => this.#tellFailure(-failed.errno));
      }
    }
  }

  #startAccept(acceptor: Acceptor, index: number): void {
    const { acceptBlocks, overlapped, queue, winsock } = this.#core;
    const addressBlock = acceptBlocks.take();
    if (addressBlock < 0) throw new PortError("accept", Errno.ENOBUFS, "too many listeners");
    acceptor.addressBlock = addressBlock;
    const socket = winsock.open(this.#listener.family, "accept");
    acceptor.socket = socket;
    winsock.applyOptions(socket.handle, this.#options);
    const block = this.#core.begin(this, OperationKind.ACCEPT, this.#slot, index);
    this.#waitingCount++;
    if (block < 0) return;
    const output = acceptBlocks.addressOf(addressBlock);
    queue.started(block, winsock.accept(this.#listener, socket, output, overlapped.addressOf(block)));
  }

  #release(acceptor: Acceptor): void {
    if (acceptor.socket !== undefined) this.#core.winsock.close(acceptor.socket);
    acceptor.socket = undefined;
    this.#releaseBlock(acceptor);
  }

  #releaseBlock(acceptor: Acceptor): void {
    if (acceptor.addressBlock >= 0) this.#core.acceptBlocks.giveBack(acceptor.addressBlock);
    acceptor.addressBlock = -1;
  }

  close(): void {
    if (this.#state !== "listening") return;
    this.#state = "closing";
    this.#pause?.cancel();
    if (this.#waitingCount > 0) this.#core.winsock.cancel(this.#listener, 0);
    this.#closeWhenQuiet();
    this.#core.askForTurn();
  }

  closeForPort(): void {
    this.close();
  }

  #closeWhenQuiet(): void {
    if (this.#state !== "closing" || this.#waitingCount > 0) return;
    this.#state = "closingHandle";
    this.#core.winsock.close(this.#listener);
    this.#core.post(() => {
      this.#state = "closed";
      this.#core.slots.giveBack(this.#slot);
      this.#core.counters.outstandingOperations--;
      this.#events.onListenerClosed();
    });
  }

  failureOf(_kind: number, overlappedAddress: number): number {
    return this.#core.winsock.failureOf(this.#listener, overlappedAddress, "accept");
  }

  complete(kind: number, result: number, index: number): void {
    assert(kind === OperationKind.ACCEPT, `a listener has no operation of kind ${kind}`);
    const acceptor = this.#acceptors[index];
    assert(acceptor?.socket !== undefined, "an accept was outstanding");
    this.#waitingCount--;
    const { socket } = acceptor;
    let ended = result;
    if (ended >= 0 && this.#state === "listening") {
      ended = this.#core.winsock.finishAccept(this.#listener, socket);
    }
    try {
      if (ended >= 0 && this.#state === "listening") {
        const remote = this.#peerOf(acceptor);
        acceptor.socket = undefined;
        this.#releaseBlock(acceptor);
        this.#onAccepted(socket, remote);
      } else {
        this.#release(acceptor);
        if (this.#state === "listening") this.#onAcceptFailed(ended);
      }
    } finally {
      this.#arm();
      this.#closeWhenQuiet();
    }
  }

  #peerOf({ addressBlock }: Acceptor): SocketAddress {
    const { acceptBlocks, winsock } = this.#core;
    const output = acceptBlocks.addressOf(addressBlock);
    return winsock.acceptedPeer(output, acceptBlocks.bytes, acceptBlocks.byteOf(addressBlock));
  }

  #onAccepted(accepted: WindowsSocket, remote: SocketAddress): void {
    const core = this.#core;
    core.counters.accepted++;
    const socket = new IocpSocket(core, accepted, (this.#options.lingerSeconds ?? 0) > 0, remote);
    offerAccepted(this.#events, socket, core);
  }

  #onAcceptFailed(result: number): void {
    switch (-result) {
      case Errno.EINTR:
      case Errno.EAGAIN:
        return;
      case Errno.ECONNABORTED: // The peer gave up while it waited; the next one is waiting.
      case Errno.ENOTCONN:
      case Errno.ENETDOWN:
      case Errno.ENETUNREACH:
      case Errno.EHOSTUNREACH:
      case Errno.ETIMEDOUT:
        break;
      default:
        // EMFILE, ENOBUFS, ENOMEM: would fail again at once, as might what is not foreseen.
        this.#startPause();
    }
    this.#events.onAcceptFailed(result);
  }

  #tellFailure(result: number): void {
    if (this.#state === "listening") this.#events.onAcceptFailed(result);
  }

  #startPause(): void {
    this.#pause ??= this.#core.startTimer(ACCEPT_PAUSE_MS, () => {
      this.#pause = undefined;
      this.#arm();
    });
  }
}
