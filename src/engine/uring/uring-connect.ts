import { assert } from "../../base/assert.ts";
import type { ConnectEvents } from "../completion-port.ts";
import { KernelConnect } from "../kernel/kernel-connect.ts";
import { Errno } from "../port-error.ts";
import { writeSockaddr } from "../kernel/sockaddr.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { ConnectOptions } from "../socket-options.ts";
import * as k from "./constants.ts";
import { OperationKind } from "./operation-kind.ts";
import type { UringCore } from "./uring-core.ts";
import { UringSocket } from "./uring-socket.ts";

/** A connection being made by a request of the ring. */
export class UringConnect extends KernelConnect<UringCore> {
  protected override readonly slot: number;
  readonly #generation: number;
  #fd = -1;

  constructor(core: UringCore, address: SocketAddress, options: ConnectOptions, events: ConnectEvents) {
    super(core, address, options, events);
    this.slot = core.slots.take(this);
    this.#generation = core.slots.generationOf(this.slot);
    this.start(options);
  }

  protected override submit(options: ConnectOptions, block: number): void {
    const { addressBlocks, socketCalls, ring } = this.core;
    this.#fd = socketCalls.open(this.address.family, "connect");
    socketCalls.applyOptions(this.#fd, options.socket ?? {});
    const length = writeSockaddr(addressBlocks.bytes, addressBlocks.byteOf(block), this.address, k.AF_INET6);
    ring.prepare(
      OperationKind.CONNECT,
      this.slot,
      this.#generation,
      k.IORING_OP_CONNECT,
      0,
      0,
      this.#fd,
      addressBlocks.addressOf(block),
      0,
      length,
      0,
    );
  }

  protected override cancelConnect(): void {
    this.core.ring.prepareCancel(OperationKind.CANCEL, OperationKind.CONNECT, this.slot, this.#generation);
  }

  override complete(kind: number, result: number): void {
    assert(kind === OperationKind.CONNECT, `a connect has no operation of kind ${kind}`);
    const isRepeatable = result === -Errno.EINTR || result === -Errno.EAGAIN;
    // EAGAIN is a real answer for AF_INET too: no local port is free (connect(2)).
    this.afterConnect(isRepeatable ? -Errno.EADDRNOTAVAIL : result);
  }

  /** Nothing is missing. */
  protected override finish(): number {
    return 0;
  }

  protected override newSocket(): UringSocket {
    return new UringSocket(this.core, this.#fd, this.closeMayBlock, this.address);
  }

  protected override dropSocket(): void {
    if (this.#fd >= 0) this.core.socketCalls.close(this.#fd);
  }
}
