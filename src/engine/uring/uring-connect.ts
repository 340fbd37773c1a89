import { assert } from "../../base/assert.ts";
import type { ConnectEvents, PortConnect } from "../completion-port.ts";
import { Errno, PortError } from "../port-error.ts";
import { writeSockaddr } from "../sockaddr.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { ConnectOptions } from "../socket-options.ts";
import * as k from "./constants.ts";
import { OperationKind, type OperationOwner } from "./operation-kind.ts";
import type { UringCore } from "./uring-core.ts";
import { UringSocket } from "./uring-socket.ts";

/** A connection being made. One that was cancelled in time never reports a connection. */
export class UringConnect implements PortConnect, OperationOwner {
  readonly #core: UringCore;
  readonly #events: ConnectEvents;
  readonly #address: SocketAddress;
  readonly #closeMayBlock: boolean;
  readonly #slot: number;
  readonly #generation: number;
  #state: "connecting" | "cancelled" | "done" = "connecting";
  #fd = -1;
  #addressBlock = -1;

  constructor(core: UringCore, address: SocketAddress, options: ConnectOptions, events: ConnectEvents) {
    this.#core = core;
    this.#events = events;
    this.#address = address;
    this.#closeMayBlock = (options.socket?.lingerSeconds ?? 0) > 0;
    this.#slot = core.slots.take(this);
    this.#generation = core.slots.generationOf(this.#slot);
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
    const { addressBlocks, socketCalls, ring } = this.#core;
    const block = addressBlocks.take();
    if (block < 0) throw new PortError("connect", Errno.ENOBUFS, "too many at once");
    this.#addressBlock = block;
    this.#fd = socketCalls.open(this.#address.family, "connect");
    socketCalls.applyOptions(this.#fd, options.socket ?? {});
    const length = writeSockaddr(addressBlocks.bytes, addressBlocks.byteOf(block), this.#address, k.AF_INET6);
    ring.prepare(
      OperationKind.CONNECT,
      this.#slot,
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

  cancel(): void {
    if (this.#state !== "connecting") return;
    this.#state = "cancelled";
    this.#core.ring.prepareCancel(OperationKind.CANCEL, OperationKind.CONNECT, this.#slot, this.#generation);
    this.#core.askForTurn();
  }

  closeForPort(): void {
    this.cancel();
  }

  complete(kind: number, result: number): void {
    assert(kind === OperationKind.CONNECT, `a connect has no operation of kind ${kind}`);
    const isRepeatable = result === -Errno.EINTR || result === -Errno.EAGAIN;
    // EAGAIN is a real answer for AF_INET too: no local port is free (connect(2)).
    this.#end(isRepeatable ? -Errno.EADDRNOTAVAIL : result);
  }

  #end(result: number): void {
    const core = this.#core;
    const wasCancelled = this.#state === "cancelled";
    this.#state = "done";
    if (this.#addressBlock >= 0) core.addressBlocks.giveBack(this.#addressBlock);
    core.slots.giveBack(this.#slot);
    core.counters.outstandingOperations--;
    if (result === 0 && !wasCancelled) {
      core.counters.connected++;
      this.#events.onConnected(new UringSocket(core, this.#fd, this.#closeMayBlock, this.#address));
      return;
    }
    if (this.#fd >= 0) core.socketCalls.close(this.#fd);
    this.#events.onConnectFailed(wasCancelled ? -Errno.ECANCELED : result);
  }
}
