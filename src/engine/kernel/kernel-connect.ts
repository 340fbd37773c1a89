import type { ConnectEvents, PortConnect, PortSocket } from "../completion-port.ts";
import type { KernelCore } from "./kernel-core.ts";
import type { OperationOwner } from "./operation-slots.ts";
import { Errno, PortError } from "../port-error.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { ConnectOptions } from "../socket-options.ts";

/**
 * A connection being made by a port on a kernel's own interface. One that was cancelled in time never
 * reports a connection. How the kernel is asked is the port's own.
 */
export abstract class KernelConnect<Core extends KernelCore> implements PortConnect, OperationOwner {
  protected readonly core: Core;
  protected readonly address: SocketAddress;
  /** Closing the socket waits for unsent bytes (SO_LINGER). */
  protected readonly closeMayBlock: boolean;
  readonly #events: ConnectEvents;
  #state: "connecting" | "cancelled" | "done" = "connecting";
  #addressBlock = -1;

  constructor(core: Core, address: SocketAddress, options: ConnectOptions, events: ConnectEvents) {
    this.core = core;
    this.address = address;
    this.closeMayBlock = (options.socket?.lingerSeconds ?? 0) > 0;
    this.#events = events;
  }

  /** Taken by the connect when it is made; given back here, after the last completion. */
  protected abstract readonly slot: number;
  abstract complete(kind: number, result: number, detail: number): void;

  /** Makes a socket and asks the kernel to connect it; `afterConnect` follows. Throws PortError. */
  protected abstract submit(options: ConnectOptions, addressBlock: number): void;
  /** Has the connect end soon, if the kernel still has it. */
  protected abstract cancelConnect(): void;
  /** Makes the socket that is connected ready for use: 0, or −errno when it is none after all. */
  protected abstract finish(): number;
  /** The socket, once it is ready. */
  protected abstract newSocket(): PortSocket;
  /** Closes the socket, if one was made. */
  protected abstract dropSocket(): void;

  /** To be called once, at the end of the constructor. */
  protected start(options: ConnectOptions): void {
    const { core } = this;
    core.counters.outstandingOperations++;
    try {
      const block = core.addressBlocks.take();
      if (block < 0) throw new PortError("connect", Errno.ENOBUFS, "too many at once");
      this.#addressBlock = block;
      this.submit(options, block);
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      const failed = error;
      core.post(() => this.afterConnect(-failed.errno));
    }
    core.askForTurn();
  }

  cancel(): void {
    if (this.#state !== "connecting") return;
    this.#state = "cancelled";
    this.cancelConnect();
    this.core.askForTurn();
  }

  closeForPort(): void {
    this.cancel();
  }

  /** The connect has ended: 0, or −errno. */
  protected afterConnect(result: number): void {
    const { core } = this;
    const wasCancelled = this.#state === "cancelled";
    this.#state = "done";
    if (this.#addressBlock >= 0) core.addressBlocks.giveBack(this.#addressBlock);
    core.slots.giveBack(this.slot);
    core.counters.outstandingOperations--;
    let ended = wasCancelled ? -Errno.ECANCELED : result;
    if (ended >= 0) ended = this.finish();
    if (ended >= 0) {
      core.counters.connected++;
      this.#events.onConnected(this.newSocket());
      return;
    }
    this.dropSocket();
    this.#events.onConnectFailed(ended);
  }
}
