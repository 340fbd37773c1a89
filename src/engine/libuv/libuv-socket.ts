import type { Socket } from "node:net";
import { assert } from "../../base/assert.ts";
import type { PortSocket, SocketEvents } from "../completion-port.ts";
import { Errno, errnoFromName, PortError } from "../port-error.ts";
import { GATHER_PIECES, type SendQueue } from "../send-queue.ts";
import type { SocketAddress } from "../socket-address.ts";
import { addressFrom, type LibuvCore, type LibuvOwner } from "./libuv-core.ts";
import { setOwner, startReading, type NetOwner } from "./net-socket.ts";

/** `closing` waits for net.Socket's 'close', after which libuv has let go of every buffer. */
type State = "new" | "open" | "closing" | "closed";

const legal: Readonly<Record<State, readonly State[]>> = {
  new: ["open", "closing"],
  open: ["closing"],
  closing: ["closed"],
  closed: [],
};

/** A connected socket over net.Socket, which came paused. */
export class LibuvSocket implements PortSocket, NetOwner, LibuvOwner {
  readonly #core: LibuvCore;
  readonly #socket: Socket;
  /** Every close is a reset (SO_LINGER with 0 seconds). */
  readonly #alwaysAborts: boolean;
  #state: State = "new";
  #events: SocketEvents | undefined;
  #receiving: "no" | "yes" | "stopping" = "no";
  /** Bytes of the outstanding send; 0 when there is none. */
  #sendingBytes = 0;
  /** Made with the first send, so that a connection that is never sent to does without. */
  #onWritten: ((error?: Error | null) => void) | undefined;
  /** What a receive ends with that is started now: −1 nothing yet, 0 FIN, else the errno. */
  #endedWith = -1;
  /** net.Socket has closed, by itself or because it was told to. */
  #isGone = false;
  #local: SocketAddress | undefined;
  readonly remote: SocketAddress;

  constructor(core: LibuvCore, socket: Socket, alwaysAborts: boolean, remote?: SocketAddress) {
    this.#core = core;
    this.#socket = socket;
    this.#alwaysAborts = alwaysAborts;
    this.remote = remote ?? addressFrom(socket.remoteAddress, socket.remotePort);
    setOwner(socket, this);
    core.owners.add(this);
    core.counters.openSockets++;
  }

  /** False until `open` or `close` was called. */
  get isClaimed(): boolean {
    return this.#state !== "new";
  }

  /** Asked of the kernel when first read; 0.0.0.0 port 0 when the connection was gone by then. */
  get local(): SocketAddress {
    this.#local ??= addressFrom(this.#socket.localAddress, this.#socket.localPort);
    return this.#local;
  }

  #become(state: State): void {
    assert(legal[this.#state].includes(state), `a socket that is ${this.#state} does not become ${state}`);
    this.#state = state;
  }

  open(events: SocketEvents): void {
    if (this.#state === "closing" || this.#state === "closed") throw new PortError("open", Errno.EBADF);
    this.#become("open");
    this.#events = events;
  }

  #mustBeOpen(operation: string): void {
    if (this.#state === "open") return;
    assert(this.#state !== "new", `open comes before ${operation}`);
    throw new PortError(operation, Errno.EBADF);
  }

  startReceiving(): void {
    this.#mustBeOpen("startReceiving");
    assert(this.#receiving === "no", "nothing is receiving when receiving is started");
    this.#receiving = "yes";
    this.#core.begin();
    if (this.#endedWith >= 0) this.#core.post(() => this.#endReceive(-this.#endedWith));
    else startReading(this.#socket);
  }

  stopReceiving(): void {
    this.#mustBeOpen("stopReceiving");
    if (this.#receiving !== "yes") return;
    this.#receiving = "stopping";
    this.#socket.pause();
    this.#core.post(() => {
      if (this.#receiving === "stopping") this.#endReceive(-Errno.ECANCELED);
    });
  }

  send(queue: SendQueue): void {
    this.#mustBeOpen("send");
    assert(this.#sendingBytes === 0, "one send is outstanding at a time");
    assert(!queue.isEmpty, "there is something to send");
    const socket = this.#socket;
    const onWritten = (this.#onWritten ??= (error) => this.#onNetWritten(error));
    const pieceCount = Math.min(queue.pieceCount, GATHER_PIECES);
    queue.freeze(pieceCount);
    this.#core.begin();
    let byteCount = 0;
    for (let index = 0; index < pieceCount; index++) byteCount += queue.endAt(index) - queue.startAt(index);
    this.#sendingBytes = byteCount;
    if (this.#isGone || socket.destroyed) {
      const result = this.#endedWith > 0 ? -this.#endedWith : -Errno.EPIPE;
      this.#core.post(() => this.#endSend(result));
      return;
    }
    const last = pieceCount - 1;
    if (last > 0) socket.cork();
    for (let index = 0; index < last; index++) socket.write(pieceOf(queue, index));
    socket.write(pieceOf(queue, last), onWritten);
    if (last > 0) socket.uncork();
  }

  shutdown(): void {
    this.#mustBeOpen("shutdown");
    assert(this.#sendingBytes === 0, "no send is outstanding at a shutdown");
    this.#socket.end();
  }

  close(abort = false): void {
    if (this.#state !== "new" && this.#state !== "open") return;
    this.#become("closing");
    this.#core.begin();
    const socket = this.#socket;
    if (this.#isGone) this.#core.post(() => this.#finish());
    else if (!abort && !this.#alwaysAborts) socket.destroy();
    else if (socket.writableEnded && !socket.writableFinished && !socket.destroyed)
      this.#resetAfterShutdown();
    else if (!socket.destroyed) socket.resetAndDestroy();
  }

  /** libuv refuses a reset while the FIN is on its way, and net.Socket then never closes. */
  #resetAfterShutdown(): void {
    this.#socket.once("finish", () => {
      if (!this.#socket.destroyed) this.#socket.resetAndDestroy();
    });
  }

  closeForPort(): void {
    this.close();
  }

  onNetConnected(): void {
    assert(false, "a socket of the port is connected already");
  }

  onNetReceived(bytes: Uint8Array, byteCount: number): void {
    if (this.#state !== "open") return;
    assert(this.#receiving !== "no", "bytes come only while the socket is receiving");
    const { counters } = this.#core;
    counters.completions++;
    counters.receivedBytes += byteCount;
    this.#events?.onReceived(bytes, 0, byteCount);
  }

  onNetEnded(): void {
    if (this.#endedWith < 0) this.#endedWith = 0;
    if (this.#state === "open" && this.#receiving !== "no") this.#endReceive(0);
  }

  onNetFailed(error: NodeJS.ErrnoException): void {
    if (this.#state === "closing") {
      // The reset was refused: there will be no 'close'.
      this.#core.post(() => this.#finish());
      return;
    }
    this.#endedWith = errnoFromName(error.code);
    if (this.#receiving !== "no") this.#endReceive(-this.#endedWith);
  }

  onNetClosed(): void {
    this.#isGone = true;
    if (this.#state === "closing") {
      this.#finish();
      return;
    }
    // Broken, or finished in both directions. What is outstanding must not wait for a close.
    if (this.#endedWith < 0) this.#endedWith = Errno.ECONNRESET;
    if (this.#receiving !== "no") this.#endReceive(-this.#endedWith);
    if (this.#sendingBytes > 0) this.#endSend(this.#endedWith > 0 ? -this.#endedWith : -Errno.EPIPE);
  }

  #onNetWritten(error: Error | null | undefined): void {
    if (this.#sendingBytes === 0) return;
    if (error === null || error === undefined) {
      this.#endSend(this.#sendingBytes);
      return;
    }
    // While closing, the send ends with the rest; see onNetClosed.
    if (this.#state !== "open") return;
    const errno = errnoFromName((error as NodeJS.ErrnoException).code);
    const isOwnError = errno !== Errno.EIO && errno !== Errno.ECANCELED;
    if (isOwnError) this.#endSend(-errno);
    else this.#endSend(this.#endedWith > 0 ? -this.#endedWith : -Errno.EPIPE);
  }

  #endReceive(result: number): void {
    // A completion that was put off may have been overtaken by the close.
    if (this.#receiving === "no") return;
    this.#receiving = "no";
    this.#core.end();
    this.#events?.onReceiveEnded(result);
  }

  #endSend(result: number): void {
    if (this.#sendingBytes === 0) return;
    this.#sendingBytes = 0;
    this.#core.end();
    if (result > 0) this.#core.counters.sentBytes += result;
    this.#events?.onSent(result);
  }

  #finish(): void {
    if (this.#state !== "closing") return;
    this.#endReceive(-Errno.ECANCELED);
    this.#endSend(-Errno.ECANCELED);
    this.#become("closed");
    this.#core.end();
    this.#core.counters.openSockets--;
    this.#core.forget(this);
    this.#events?.onClosed();
  }
}

function pieceOf(queue: SendQueue, index: number): Uint8Array {
  return queue.chunkAt(index).bytes.subarray(queue.startAt(index), queue.endAt(index));
}
