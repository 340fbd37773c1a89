import { assert } from "../../base/assert.ts";
import type { PortSocket, SocketEvents } from "../completion-port.ts";
import { Errno, PortError } from "../port-error.ts";
import { GATHER_PIECES, type SendQueue } from "../send-queue.ts";
import type { SocketAddress } from "../socket-address.ts";
import { BytePipe } from "./byte-pipe.ts";
import { PendingSend } from "./pending-send.ts";
import type { SimulatedHost } from "./simulated-host.ts";

/** What one `onReceived` brings at most. */
const RECEIVE_BYTES = 65_536;

/** `waiting`: connected as the kernels see it, but its program does not know yet. */
type State = "waiting" | "new" | "open" | "closing" | "closed";

const legal: Readonly<Record<State, readonly State[]>> = {
  waiting: ["new", "closed"],
  new: ["open", "closing", "closed"],
  open: ["closing", "closed"],
  closing: ["closed"],
  closed: [],
};

/** What one end of a new connection is made of. */
export interface SimulatedEnd {
  readonly host: SimulatedHost;
  readonly address: SocketAddress;
  /** Every close is a reset (SO_LINGER with 0 seconds). */
  readonly alwaysAborts: boolean;
}

/** One end of a simulated connection. */
export class SimulatedSocket implements PortSocket {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly #host: SimulatedHost;
  readonly #alwaysAborts: boolean;
  /** What comes from the peer. */
  readonly #inbox = new BytePipe();
  #peer: SimulatedSocket | undefined;
  #state: State = "waiting";
  #events: SocketEvents | undefined;
  #receiving: "no" | "yes" | "stopping" = "no";
  #isReceiveDue = false;
  #sending: PendingSend | undefined;
  #isShutDown = false;
  /** The errno with which the connection broke; 0 while it has not. */
  #brokenBy = 0;

  private constructor(end: SimulatedEnd, remote: SocketAddress) {
    this.#host = end.host;
    this.local = end.address;
    this.remote = remote;
    this.#alwaysAborts = end.alwaysAborts;
    end.host.sockets.add(this);
  }

  /** Both ends of a new connection. */
  static pair(near: SimulatedEnd, far: SimulatedEnd): readonly [SimulatedSocket, SimulatedSocket] {
    const nearSocket = new SimulatedSocket(near, far.address);
    const farSocket = new SimulatedSocket(far, near.address);
    nearSocket.#peer = farSocket;
    farSocket.#peer = nearSocket;
    return [nearSocket, farSocket];
  }

  get #other(): SimulatedSocket {
    assert(this.#peer !== undefined, "a connection has two ends");
    return this.#peer;
  }

  /** Sends the peer's host a message of the simulated kernel, behind all bytes that were sent. */
  transmitToPeer(arrive: () => void): void {
    this.#host.transmit(this.#other.#host, this.#other.#inbox, arrive);
  }

  /** The program is told of the socket now. */
  handOver(): void {
    this.#become("new");
    this.#host.counters.openSockets++;
  }

  /** False until `open` or `close` was called. */
  get isClaimed(): boolean {
    return this.#state !== "waiting" && this.#state !== "new";
  }

  #become(state: State): void {
    assert(legal[this.#state].includes(state), `a socket that is ${this.#state} does not become ${state}`);
    this.#state = state;
  }

  open(events: SocketEvents): void {
    if (this.#host.hasCrashed) return;
    if (this.#state !== "new" && this.#state !== "open") throw new PortError("open", Errno.EBADF);
    this.#become("open");
    this.#events = events;
  }

  /** False on a crashed host, whose program may run on for a moment but reaches nothing any more. */
  #mustBeOpen(operation: string): boolean {
    if (this.#host.hasCrashed) return false;
    if (this.#state === "open") return true;
    assert(this.#state !== "new", `open comes before ${operation}`);
    throw new PortError(operation, Errno.EBADF);
  }

  startReceiving(): void {
    if (!this.#mustBeOpen("startReceiving")) return;
    assert(this.#receiving === "no", "nothing is receiving when receiving is started");
    this.#receiving = "yes";
    this.#host.begin();
    const errno = this.#host.faultSource.failureOf("receive");
    if (errno > 0 && this.#brokenBy === 0) this.#break(errno);
    this.#receiveSoon();
  }

  stopReceiving(): void {
    if (!this.#mustBeOpen("stopReceiving") || this.#receiving !== "yes") return;
    this.#receiving = "stopping";
    this.#host.complete(this, () => {
      if (this.#receiving === "stopping") this.#endReceive(-Errno.ECANCELED);
    });
  }

  #receiveSoon(): void {
    const { arrivedBytes, isFinished } = this.#inbox;
    const isReady = arrivedBytes > 0 || isFinished || this.#brokenBy > 0;
    if (!isReady || this.#isReceiveDue || this.#receiving !== "yes") return;
    this.#isReceiveDue = true;
    this.#host.complete(this, () => {
      this.#isReceiveDue = false;
      if (this.#state === "open" && this.#receiving === "yes") this.#receive();
    });
  }

  #receive(): void {
    const available = Math.min(this.#inbox.arrivedBytes, RECEIVE_BYTES);
    if (available === 0) {
      if (this.#brokenBy > 0) this.#endReceive(-this.#brokenBy);
      else if (this.#inbox.isFinished) this.#endReceive(0);
      return;
    }
    const { faultSource, counters } = this.#host;
    const byteCount = faultSource.receivedBytes(available);
    // Somewhere inside the buffer, so that whoever takes its beginning for the bytes' is found out.
    const start = faultSource.below(16);
    const lent = new Uint8Array(start + byteCount + 8);
    this.#inbox.read(byteCount, lent, start);
    counters.receivedBytes += byteCount;
    this.#host.note("received", byteCount);
    this.transmitToPeer(() => this.#other.#trySend());
    try {
      this.#events?.onReceived(lent, start, start + byteCount);
    } finally {
      lent.fill(0xdd); // It was lent for the call: whoever kept it reads this.
      this.#receiveSoon();
    }
  }

  send(queue: SendQueue): void {
    if (!this.#mustBeOpen("send")) return;
    assert(this.#sending === undefined, "one send is outstanding at a time");
    assert(!queue.isEmpty, "there is something to send");
    assert(!this.#isShutDown, "nothing is sent after a shutdown");
    this.#host.begin();
    this.#sending = new PendingSend(queue, GATHER_PIECES, this.#host.faultSource.faults.windowBytes);
    this.#host.later(() => this.#trySend());
  }

  /** Takes what fits into the window; with none of it free, waits until the peer has read. */
  #trySend(): void {
    const sending = this.#sending;
    if (sending === undefined || sending.isTaken || this.#state !== "open") return;
    const { faultSource } = this.#host;
    const errno = this.#brokenBy > 0 ? Errno.EPIPE : faultSource.failureOf("send");
    if (errno > 0) {
      if (this.#brokenBy === 0) this.#break(errno);
      this.#failSend(sending, errno);
      return;
    }
    const peer = this.#other;
    const space = faultSource.faults.windowBytes - peer.#inbox.occupiedBytes;
    if (space <= 0) return;
    const byteCount = faultSource.sentBytes(Math.min(space, sending.byteCount));
    const bytes = sending.take(byteCount);
    peer.#inbox.occupy(byteCount);
    this.transmitToPeer(() => peer.#arrive(bytes));
    this.#host.complete(this, () => this.#endSend(byteCount));
  }

  #failSend(sending: PendingSend, errno: number): void {
    sending.isTaken = true;
    this.#host.complete(this, () => this.#endSend(-errno));
  }

  #arrive(bytes: Uint8Array): void {
    if (this.#state === "closing" || this.#state === "closed") {
      this.#resetPeer();
      return;
    }
    this.#inbox.arrive(bytes);
    this.#receiveSoon();
  }

  #onFin(): void {
    this.#inbox.isFinished = true;
    this.#receiveSoon();
  }

  shutdown(): void {
    if (!this.#mustBeOpen("shutdown")) return;
    assert(this.#sending === undefined, "no send is outstanding at a shutdown");
    this.#sendFin();
  }

  #sendFin(): void {
    if (this.#isShutDown || this.#brokenBy > 0) return;
    this.#isShutDown = true;
    this.transmitToPeer(() => this.#other.#onFin());
  }

  /** The connection breaks here; the peer sees a reset. */
  #break(errno: number): void {
    this.#brokenBy = errno;
    this.#resetPeer();
    this.#receiveSoon();
  }

  #resetPeer(): void {
    this.transmitToPeer(() => this.#other.#onReset());
  }

  #onReset(): void {
    if (this.#brokenBy > 0 || this.#state === "closed") return;
    this.#brokenBy = Errno.ECONNRESET;
    // Some kernels let the program read what has arrived, some do not.
    if (this.#host.faultSource.below(2) === 0) this.#inbox.discard();
    this.#receiveSoon();
    const sending = this.#sending;
    if (sending === undefined || sending.isTaken || this.#state !== "open") return;
    this.#failSend(sending, Errno.ECONNRESET);
  }

  close(abort = false): void {
    if (this.#host.hasCrashed) return;
    if (this.#state !== "new" && this.#state !== "open") return;
    this.#become("closing");
    this.#host.begin();
    // As TCP does: closing with unread bytes is a reset, not a FIN.
    if (!abort && !this.#alwaysAborts && this.#inbox.arrivedBytes === 0) this.#sendFin();
    else if (this.#brokenBy === 0) this.#resetPeer();
    this.#host.complete(this, () => this.#finish());
  }

  #finish(): void {
    this.#endReceive(-Errno.ECANCELED);
    this.#endSend(-Errno.ECANCELED);
    this.#become("closed");
    this.#host.end("closed", 0);
    this.#host.counters.openSockets--;
    this.#host.forgetSocket(this);
    this.#events?.onClosed();
  }

  /** Nobody will ever hear of this end again; the peer sees a reset. */
  vanish(): void {
    if (this.#state === "closed") return;
    this.#become("closed");
    this.#host.forgetSocket(this);
    this.#events = undefined;
    this.#sending = undefined;
    this.#resetPeer();
  }

  #endReceive(result: number): void {
    if (this.#receiving === "no") return;
    this.#receiving = "no";
    this.#host.end("receive ended", result);
    this.#events?.onReceiveEnded(result);
  }

  #endSend(result: number): void {
    if (this.#sending === undefined) return;
    this.#sending.check();
    this.#sending = undefined;
    this.#host.end("sent", result);
    if (result > 0) this.#host.counters.sentBytes += result;
    this.#events?.onSent(result);
  }
}
