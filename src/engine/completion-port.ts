import type { MessagePort } from "node:worker_threads";
import type { Clock } from "../base/clock.ts";
import type { Arena } from "./memory/arena.ts";
import type { FileEvents, FileOptions, PortFile } from "./port-file.ts";
import type { SendQueue } from "./send-queue.ts";
import type { SocketAddress } from "./socket-address.ts";
import type { ConnectOptions, ListenOptions } from "./socket-options.ts";

/** The kernels' interfaces that Portico runs on. */
export type Backend = "uring" | "iocp" | "libuv" | "simulated";

/**
 * A completion port: operations are started here and their completions come back as calls of the
 * events objects, in **turns**. One turn is:
 *
 * 1. collect what has completed, then dispatch it: the `…Events` methods, timers, posted jobs;
 * 2. run the tasks given to {@link atTurnEnd}, and those they add, until none is left;
 * 3. flush every target given to {@link requestFlush} once;
 * 4. hand what was submitted meanwhile to the kernel.
 *
 * Rules every port keeps, checked by `test/conformance`:
 *
 * - No events method runs inside a call of the port: completions come in a later dispatch.
 * - Every operation that was started has exactly one terminal completion, cancelled or not.
 * - Anything asked for outside a turn (from a promise, a message of another thread) starts a turn.
 * - Completions of one socket come in order; those of different sockets in any order.
 * - Results are ≥ 0, or a negative {@link Errno}.
 * - An exception thrown by an events method is a bug of the program and is not swallowed.
 */
export interface CompletionPort {
  readonly backend: Backend;
  /** Where bytes to be sent must live. */
  readonly arena: Arena;
  /** The time this port's timers go by. */
  readonly clock: Clock;
  readonly counters: PortCounters;

  /** Binds and listens; rejects with {@link PortError} (EADDRINUSE, EACCES, EADDRNOTAVAIL, …). */
  listen(address: SocketAddress, options: ListenOptions, events: AcceptEvents): Promise<PortListener>;

  /** Starts a connection; exactly one of the two `ConnectEvents` methods follows. */
  connect(address: SocketAddress, options: ConnectOptions, events: ConnectEvents): PortConnect;

  /**
   * Opens a file for writing at its end, making it when it is not there. Rejects with {@link PortError}
   * (ENOENT, EACCES, EISDIR, ENOSPC, …; ECANCELED when the port closed meanwhile).
   */
  openFile(path: string, options: FileOptions, events: FileEvents): Promise<PortFile>;

  /** Calls `onExpired` once, in a turn, `delayMs` (≥ 0) from now; later if the process is busy. */
  startTimer(delayMs: number, onExpired: () => void): PortTimer;

  /** Runs `job` in a turn. From this thread only; other threads use a {@link Mailbox}. */
  post(job: () => void): void;

  /** A way in for other threads: each message sent to the mailbox is a job of this port. */
  openMailbox(onMessage: (message: unknown) => void): Mailbox;

  /** Runs `task` once at the end of this turn, before sends are flushed. */
  atTurnEnd(task: () => void): void;

  /** Calls `target.flush()` once at the end of this turn. The target asks at most once per turn. */
  requestFlush(target: Flushable): void;

  /**
   * Serves the port in this thread until {@link close}. On the main thread the port has already
   * joined the runtime's event loop and this only waits; in a worker thread it blocks on the port
   * (uring, iocp), which saves wake-ups.
   */
  run(): Promise<void>;

  /**
   * Ends the port: refuses new operations, closes listeners, sockets, files and timers, and resolves when
   * every terminal completion has been delivered and all descriptors and memory are given back.
   */
  close(): Promise<void>;
}

/** Something that gathers what it has to send and sends it once per turn. */
export interface Flushable {
  flush(): void;
}

/** What a listener tells. */
export interface AcceptEvents {
  /** A connection; the handler calls `socket.open` or `socket.close` on it before the turn ends. */
  onAccepted(socket: PortSocket): void;
  /**
   * The kernel could not accept one (EMFILE, ENFILE, ENOBUFS, ECONNABORTED, …). The port goes on
   * accepting by itself, after a pause where the error would repeat at once.
   */
  onAcceptFailed(result: number): void;
  /** Terminal: the listener is closed and its descriptor gone. */
  onListenerClosed(): void;
}

/** A listening socket. */
export interface PortListener {
  /** The address in use, with the port the kernel chose. */
  readonly address: SocketAddress;
  /** Stops accepting; `onListenerClosed` follows. Calling it again does nothing. */
  close(): void;
}

/** What a connect tells: exactly one of these, once. */
export interface ConnectEvents {
  onConnected(socket: PortSocket): void;
  /** ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ECANCELED after `cancel`, … as a negative number. */
  onConnectFailed(result: number): void;
}

/** A connection being made. */
export interface PortConnect {
  /** Gives up; `onConnectFailed(-ECANCELED)` follows unless the connect has completed. */
  cancel(): void;
}

/** What an open socket tells. */
export interface SocketEvents {
  /**
   * Bytes [start, end) of `bytes` arrived. They are lent: valid only until this call returns. Until then
   * they are the receiver's alone, which may write into them; what is outside the range is not.
   */
  onReceived(bytes: Uint8Array, start: number, end: number): void;
  /**
   * Terminal completion of receiving: 0 when the peer has finished sending (FIN), −ECANCELED after
   * `stopReceiving` or `close`, −ECONNRESET and the like when the connection broke.
   */
  onReceiveEnded(result: number): void;
  /** Terminal completion of the outstanding send: bytes the kernel took (≥ 1, may be short), or < 0. */
  onSent(result: number): void;
  /** Terminal: every other operation has had its terminal completion and the descriptor is gone. */
  onClosed(): void;
}

/**
 * A connected socket. After `close` every method but `close` throws PortError EBADF; a socket object
 * is never used for a second connection, so a handle kept too long cannot touch a stranger.
 */
export interface PortSocket {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;

  /** Associates the socket with its events. Once. */
  open(events: SocketEvents): void;

  /** Starts receiving; nothing may be receiving now. */
  startReceiving(): void;

  /** Asks to stop; `onReceiveEnded(-ECANCELED)` follows, after which `startReceiving` is allowed. */
  stopReceiving(): void;

  /**
   * Sends the first pieces of `queue`, gathered, as many as the port takes at once (at most 64).
   * One send may be outstanding. The pieces stay referenced by the queue until `onSent`.
   */
  send(queue: SendQueue): void;

  /** Ends the sending half (FIN). No send may be outstanding, none may follow. No completion. */
  shutdown(): void;

  /**
   * Cancels what is outstanding and closes: terminal completions of the receive and the send that
   * are outstanding, then `onClosed`. `abort` sends a reset instead of a FIN and drops unsent bytes.
   * Calling it again does nothing.
   */
  close(abort?: boolean): void;
}

/** A running timer. */
export interface PortTimer {
  /** The timer will not expire. Calling it again, or after it expired, does nothing. */
  cancel(): void;
}

/** Receives messages of other threads. */
export interface Mailbox {
  /** Give this to a worker with `postMessage(address, address.transfer)`, then `openMailboxSender`. */
  address(): MailboxAddress;
  close(): void;
}

/** Plain data by which another thread reaches a mailbox; each address is for one sender. */
export interface MailboxAddress {
  readonly port: MessagePort;
  /** Descriptor to write to in order to wake a port that blocks outside the event loop; −1: none. */
  readonly wakeDescriptor: number;
  /** Comes with the descriptor: by it senders know that the descriptor is still the port's. */
  readonly wakeGate?: SharedArrayBuffer;
  /** What must be in the transfer list. */
  readonly transfer: readonly MessagePort[];
}

/** Running totals of a port since it was made; read for metrics, never written outside the port. */
export interface PortCounters {
  turns: number;
  completions: number;
  accepted: number;
  connected: number;
  receivedBytes: number;
  sentBytes: number;
  /** Sockets that are open or closing now. */
  openSockets: number;
  writtenBytes: number;
  /** Files that are open or closing now. */
  openFiles: number;
  /** Operations started whose terminal completion has not come. */
  outstandingOperations: number;
  /** Receives that had to wait for a buffer (the pool was empty). */
  receiveBufferShortages: number;
}
