import { assert } from "../../base/assert.ts";
import type { ConnectEvents, PortConnect } from "../completion-port.ts";
import { Errno, PortError } from "../port-error.ts";
import { writeSockaddr } from "../sockaddr.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { ConnectOptions } from "../socket-options.ts";
import { AF_INET6 } from "./constants.ts";
import type { IocpCore } from "./iocp-core.ts";
import { IocpSocket } from "./iocp-socket.ts";
import { OperationKind, type OperationOwner } from "./operation-kind.ts";
import type { WindowsSocket } from "./winsock.ts";

/** A connection being made. One that was cancelled in time never reports a connection. */
export class IocpConnect implements PortConnect, OperationOwner {
  readonly #core: IocpCore;
  readonly #events: ConnectEvents;
  readonly #address: SocketAddress;
  readonly #closeMayBlock: boolean;
  readonly #slot: number;
  #state: "connecting" | "cancelled" | "done" = "connecting";
  #socket: WindowsSocket | undefined;
  #addressBlock = -1;
  #block = -1;

  constructor(core: IocpCore, address: SocketAddress, options: ConnectOptions, events: ConnectEvents) {
    this.#core = core;
    this.#events = events;
    this.#address = address;
    this.#closeMayBlock = (options.socket?.lingerSeconds ?? 0) > 0;
    this.#slot = core.slots.take(this);
    core.counters.outstandingOperations++;
    try {
      this.#start(options);
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      const failed = error;
      core.post(() => this.#end(-failed.errno));
    }
    core.askForTurn();
  }

  #start(options: ConnectOptions): void {
    const { addressBlocks, overlapped, queue, winsock } = this.#core;
    const addressBlock = addressBlocks.take();
    if (addressBlock < 0) throw new PortError("connect", Errno.ENOBUFS, "too many at once");
    this.#addressBlock = addressBlock;
    const socket = winsock.open(this.#address.family, "connect");
    this.#socket = socket;
    winsock.applyOptions(socket.handle, options.socket ?? {});
    winsock.bindAnywhere(socket);
    const length = writeSockaddr(
      addressBlocks.bytes,
      addressBlocks.byteOf(addressBlock),
      this.#address,
      AF_INET6,
    );
    const block = this.#core.begin(this, OperationKind.CONNECT, this.#slot);
    this.#block = block;
    if (block < 0) return;
    const address = addressBlocks.addressOf(addressBlock);
    queue.started(block, winsock.connect(socket, address, length, overlapped.addressOf(block)));
  }

  cancel(): void {
    if (this.#state !== "connecting") return;
    this.#state = "cancelled";
    if (this.#socket !== undefined && this.#block >= 0) {
      this.#core.winsock.cancel(this.#socket, this.#core.overlapped.addressOf(this.#block));
    }
    this.#core.askForTurn();
  }

  closeForPort(): void {
    this.cancel();
  }

  failureOf(_kind: number, overlappedAddress: number): number {
    assert(this.#socket !== undefined, "a connect has a socket");
    return this.#core.winsock.failureOf(this.#socket, overlappedAddress, "connect");
  }

  complete(kind: number, result: number): void {
    assert(kind === OperationKind.CONNECT, `a connect has no operation of kind ${kind}`);
    this.#block = -1;
    this.#end(result);
  }

  #end(result: number): void {
    const core = this.#core;
    const socket = this.#socket;
    const wasCancelled = this.#state === "cancelled";
    this.#state = "done";
    if (this.#addressBlock >= 0) core.addressBlocks.giveBack(this.#addressBlock);
    core.slots.giveBack(this.#slot);
    core.counters.outstandingOperations--;
    let ended = wasCancelled ? -Errno.ECANCELED : result;
    if (ended >= 0 && socket !== undefined) ended = core.winsock.finishConnect(socket);
    if (ended >= 0 && socket !== undefined && this.#isWithItself(socket)) ended = -Errno.ECONNREFUSED;
    if (ended >= 0 && socket !== undefined) {
      core.counters.connected++;
      this.#events.onConnected(new IocpSocket(core, socket, this.#closeMayBlock, this.#address));
      return;
    }
    if (socket !== undefined) core.winsock.close(socket);
    this.#events.onConnectFailed(ended);
  }

  /**
   * A socket that is bound to the very port of this machine that it connects to meets itself (RFC 9293,
   * simultaneous open). It happens where nobody listens on a port of those that are given out freely.
   */
  #isWithItself(socket: WindowsSocket): boolean {
    const local = this.#core.winsock.localAddress(socket.handle);
    return local?.port === this.#address.port && local.host === this.#address.host;
  }
}
