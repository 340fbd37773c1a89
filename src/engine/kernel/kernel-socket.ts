import { assert } from "../../base/assert.ts";
import type { PortSocket, SocketEvents } from "../completion-port.ts";
import type { KernelCore } from "./kernel-core.ts";
import type { OperationOwner } from "./operation-slots.ts";
import { Errno, PortError } from "../port-error.ts";
import type { SendQueue } from "../send-queue.ts";
import { unknownAddress, type SocketAddress } from "../socket-address.ts";

/**
 * new → open → closing → closingHandle → closed. `closing` waits for the terminal completions of the receive
 * and the send, because the kernel may touch their memory until then; `closingHandle` for the handle or
 * descriptor to be gone.
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
 * A connected socket of a port on a kernel's own interface: which operations it has outstanding, and in
 * which order it comes to its end. How the kernel is asked is the port's own. It is the base of the port's
 * socket rather than a part of it, because an object of its own would cost every idle connection its header
 * and a reference.
 */
export abstract class KernelSocket<Core extends KernelCore> implements PortSocket, OperationOwner {
  // What each send and its completion touch comes first, as in Session.
  protected readonly core: Core;
  #state: State = "new";
  #events: SocketEvents | undefined;
  /** The queue of the outstanding send. */
  #sending: SendQueue | undefined;
  #receiving: "no" | "yes" | "stopping" = "no";
  /** Closed by the port's end, of which the program may hear only later: its calls are answered. */
  #isClosedByPort = false;
  #local: SocketAddress | undefined;

  constructor(core: Core) {
    this.core = core;
    core.counters.openSockets++;
  }

  /** Taken by the socket when it is made; given back here, after the last completion. */
  protected abstract readonly slot: number;
  abstract readonly remote: SocketAddress;
  abstract complete(kind: number, result: number, detail: number): void;

  /** Asks the kernel to receive; `afterReceive` follows. */
  protected abstract submitReceive(): void;
  /** Asks the kernel to send the first pieces of `queue`, which it freezes; `afterSend` follows. */
  protected abstract submitSend(queue: SendQueue): void;
  /** Has the outstanding receive end soon, if the kernel still has it. */
  protected abstract cancelReceive(): void;
  /** The same for the outstanding send. */
  protected abstract cancelSend(): void;
  /** Ends the sending half. */
  protected abstract endSending(): void;
  /** Closing is to send a reset. */
  protected abstract resetOnClose(): void;
  /** Closes the handle; `afterClose` follows, in a later dispatch. Nothing else is outstanding. */
  protected abstract closeHandle(isAborted: boolean): void;
  /** The address of this end; undefined when the kernel does not know it any more. */
  protected abstract findLocal(): SocketAddress | undefined;

  get isClaimed(): boolean {
    return this.#state !== "new";
  }

  /** Asked of the kernel when first read; 0.0.0.0 port 0 when the connection was gone by then. */
  get local(): SocketAddress {
    if (this.#local === undefined && this.hasHandle) this.#local = this.findLocal();
    return this.#local ?? unknownAddress;
  }

  protected get isOpen(): boolean {
    return this.#state === "open";
  }

  protected get hasHandle(): boolean {
    return this.#state !== "closingHandle" && this.#state !== "closed";
  }

  /** Whether a receive that has ended is to be followed by another one. */
  protected get isReceiving(): boolean {
    return this.#state === "open" && this.#receiving === "yes";
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
    this.core.counters.outstandingOperations++;
    if (mayAsk) this.submitReceive();
    else this.core.post(() => this.afterReceive(-Errno.ECANCELED, false));
    this.core.askForTurn();
  }

  stopReceiving(): void {
    if (!this.#mayAsk("stopReceiving") || this.#receiving !== "yes") return;
    this.#receiving = "stopping";
    this.cancelReceive();
    this.core.askForTurn();
  }

  send(queue: SendQueue): void {
    const mayAsk = this.#mayAsk("send");
    assert(this.#sending === undefined, "one send is outstanding at a time");
    assert(!queue.isEmpty, "there is something to send");
    assert(queue.chunkAt(0).address !== 0, "what is sent lives in the port's arena");
    this.#sending = queue;
    this.core.counters.outstandingOperations++;
    if (mayAsk) this.submitSend(queue);
    else this.core.post(() => this.afterSend(-Errno.ECANCELED));
    this.core.askForTurn();
  }

  shutdown(): void {
    const mayAsk = this.#mayAsk("shutdown");
    assert(this.#sending === undefined, "no send is outstanding at a shutdown");
    if (mayAsk) this.endSending();
  }

  close(abort = false): void {
    if (this.#state !== "new" && this.#state !== "open") return;
    this.#become("closing");
    this.core.counters.outstandingOperations++;
    if (abort) this.resetOnClose();
    if (this.#receiving === "yes") this.cancelReceive();
    if (this.#sending !== undefined) this.cancelSend();
    this.#closeWhenQuiet(abort);
    this.core.askForTurn();
  }

  closeForPort(): void {
    this.#isClosedByPort = this.#state === "new" || this.#state === "open";
    this.close();
  }

  #closeWhenQuiet(isAborted = false): void {
    if (this.#state !== "closing" || this.#receiving !== "no" || this.#sending !== undefined) return;
    this.#become("closingHandle");
    this.closeHandle(isAborted);
  }

  /** Bytes have arrived. What comes once the socket is closing is dropped. */
  protected deliver(bytes: Uint8Array, start: number, end: number): void {
    if (this.#state !== "open") return;
    this.core.counters.receivedBytes += end - start;
    this.#events?.onReceived(bytes, start, end);
  }

  /**
   * A receive has ended with `result`. With `mayRepeat` the kernel is asked again if the program still wants
   * to receive; otherwise receiving has ended, which is told.
   */
  protected afterReceive(result: number, mayRepeat: boolean): void {
    let ended = result;
    if (this.#state !== "open") {
      ended = -Errno.ECANCELED;
    } else if (mayRepeat) {
      if (this.#receiving === "yes") {
        this.submitReceive();
        return;
      }
      ended = -Errno.ECANCELED;
    }
    this.#receiving = "no";
    this.core.counters.outstandingOperations--;
    try {
      this.#events?.onReceiveEnded(ended);
    } finally {
      this.#closeWhenQuiet();
    }
  }

  /** A send has ended with `result`. */
  protected afterSend(result: number): void {
    const queue = this.#sending;
    assert(queue !== undefined, "a send was outstanding");
    if ((result === -Errno.EINTR || result === -Errno.EAGAIN) && this.#state === "open") {
      this.submitSend(queue);
      return;
    }
    this.#sending = undefined;
    const { counters } = this.core;
    counters.outstandingOperations--;
    if (result > 0) counters.sentBytes += result;
    try {
      // Nothing sent is not progress, and repeating it could go on for ever.
      this.#events?.onSent(result === 0 ? -Errno.EPIPE : result);
    } finally {
      this.#closeWhenQuiet();
    }
  }

  /** The handle is gone. */
  protected afterClose(): void {
    if (this.#receiving !== "no" || this.#sending !== undefined) {
      // Asked for while the port was closing; the job that answers comes before this one.
      this.core.post(() => this.afterClose());
      return;
    }
    this.#become("closed");
    const { counters, slots } = this.core;
    slots.giveBack(this.slot);
    counters.outstandingOperations--;
    counters.openSockets--;
    this.#events?.onClosed();
  }
}
