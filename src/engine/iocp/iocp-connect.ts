import { assert } from "../../base/assert.ts";
import type { ConnectEvents } from "../completion-port.ts";
import { KernelConnect } from "../kernel/kernel-connect.ts";
import { Errno } from "../port-error.ts";
import { writeSockaddr } from "../kernel/sockaddr.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { ConnectOptions } from "../socket-options.ts";
import { AF_INET6 } from "./constants.ts";
import type { IocpCore } from "./iocp-core.ts";
import { IocpSocket } from "./iocp-socket.ts";
import { OperationKind, type IocpOwner } from "./operation-kind.ts";
import type { WindowsSocket } from "./winsock.ts";

/** A connection being made by ConnectEx. */
export class IocpConnect extends KernelConnect<IocpCore> implements IocpOwner {
  protected override readonly slot: number;
  #socket: WindowsSocket | undefined;
  #block = -1;

  constructor(core: IocpCore, address: SocketAddress, options: ConnectOptions, events: ConnectEvents) {
    super(core, address, options, events);
    this.slot = core.slots.take(this);
    this.start(options);
  }

  protected override submit(options: ConnectOptions, addressBlock: number): void {
    const { addressBlocks, overlapped, queue, winsock } = this.core;
    const socket = winsock.open(this.address.family, "connect");
    this.#socket = socket;
    winsock.applyOptions(socket.handle, options.socket ?? {});
    winsock.bindAnywhere(socket);
    const at = addressBlocks.byteOf(addressBlock);
    const length = writeSockaddr(addressBlocks.bytes, at, this.address, AF_INET6);
    const block = this.core.begin(this, OperationKind.CONNECT, this.slot);
    this.#block = block;
    if (block < 0) return;
    const address = addressBlocks.addressOf(addressBlock);
    queue.started(block, winsock.connect(socket, address, length, overlapped.addressOf(block)));
  }

  protected override cancelConnect(): void {
    if (this.#socket === undefined || this.#block < 0) return;
    this.core.winsock.cancel(this.#socket, this.core.overlapped.addressOf(this.#block));
  }

  failureOf(_kind: number, overlappedAddress: number): number {
    return this.core.winsock.failureOf(this.#made, overlappedAddress, "connect");
  }

  override complete(kind: number, result: number): void {
    assert(kind === OperationKind.CONNECT, `a connect has no operation of kind ${kind}`);
    this.#block = -1;
    this.afterConnect(result);
  }

  get #made(): WindowsSocket {
    assert(this.#socket !== undefined, "what connects has a socket");
    return this.#socket;
  }

  protected override finish(): number {
    const finished = this.core.winsock.finishConnect(this.#made);
    return finished >= 0 && this.#isWithItself ? -Errno.ECONNREFUSED : finished;
  }

  /**
   * A socket that is bound to the very port of this machine that it connects to meets itself (RFC 9293,
   * simultaneous open). It happens where nobody listens on a port of those that are given out freely.
   */
  get #isWithItself(): boolean {
    const local = this.core.winsock.localAddress(this.#made.handle);
    return local?.port === this.address.port && local.host === this.address.host;
  }

  protected override newSocket(): IocpSocket {
    return new IocpSocket(this.core, this.#made, this.closeMayBlock, this.address);
  }

  protected override dropSocket(): void {
    if (this.#socket !== undefined) this.core.winsock.close(this.#socket);
  }
}
