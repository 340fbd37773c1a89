import type { Flushable, PortSocket, SendChunk, SocketEvents } from "../../src/engine/index.ts";
import { errnoName, SendQueue } from "../../src/engine/index.ts";
import type { LoadRun } from "./load-run.ts";

/**
 * One connection of the generator, on the port's contract without the engine's sessions: no limits, no
 * timers, no framing but what the load counts, so that the generator costs less than any server.
 */
export abstract class LoadConnection implements SocketEvents, Flushable {
  protected readonly run: LoadRun;
  readonly #queue = new SendQueue();
  #socket: PortSocket | undefined;
  #sending = false;
  #flushRequested = false;

  constructor(run: LoadRun) {
    this.run = run;
  }

  /** The connection is up: say what must be said first, then call `run.isReady(this)`. */
  abstract start(): void;

  abstract onReceived(bytes: Uint8Array, start: number, end: number): void;

  /** Only the run calls this. */
  attach(socket: PortSocket): void {
    this.#socket = socket;
    socket.open(this);
    socket.startReceiving();
    this.start();
  }

  /** Ends the connection with a reset, which leaves no TIME_WAIT behind. */
  abort(): void {
    this.#socket?.close(true);
  }

  /** Queues written bytes; they leave at the end of the turn. */
  protected queueRange(chunk: SendChunk, start: number, end: number): void {
    this.#queue.push(chunk, start, end);
    this.#requestFlush();
  }

  /** Copies and queues; for what is sent rarely. */
  protected queueBytes(bytes: Uint8Array): void {
    const chunk = this.run.buffers.open(bytes.byteLength);
    const start = chunk.writtenBytes;
    chunk.bytes.set(bytes, start);
    this.run.buffers.close(bytes.byteLength);
    this.queueRange(chunk, start, chunk.writtenBytes);
  }

  flush(): void {
    this.#flushRequested = false;
    if (this.#sending || this.#queue.isEmpty || this.#socket === undefined || this.run.isClosing) return;
    this.#sending = true;
    this.#socket.send(this.#queue);
  }

  onSent(result: number): void {
    this.#sending = false;
    if (result < 0) {
      this.#ended("sending", result);
      return;
    }
    this.#queue.consume(result);
    if (!this.#queue.isEmpty) this.#requestFlush();
  }

  onReceiveEnded(result: number): void {
    this.#ended("receiving", result);
  }

  onClosed(): void {
    this.#queue.clear();
    this.run.onConnectionClosed();
  }

  #requestFlush(): void {
    if (this.#flushRequested || this.#sending) return;
    this.#flushRequested = true;
    this.run.port.requestFlush(this);
  }

  #ended(doing: string, result: number): void {
    if (this.run.isClosing) return;
    const how = result === 0 ? "the server ended the connection" : errnoName(-result);
    this.run.fail(new Error(`a connection was lost while ${doing}: ${how}`));
  }
}
