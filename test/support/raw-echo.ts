import type { CompletionPort, PortSocket, SocketEvents } from "../../src/engine/completion-port.ts";
import { SendBufferPool } from "../../src/engine/memory/send-buffer-pool.ts";
import { SendQueue } from "../../src/engine/send-queue.ts";

/** Sends and records on one socket of a port, without sessions: for tests of ports. */
export class RawConnection implements SocketEvents {
  readonly socket: PortSocket;
  readonly queue = new SendQueue();
  readonly happened: string[] = [];
  receivedBytes = 0;
  received = "";
  isSending = false;
  isClosing = false;
  readonly closed = Promise.withResolvers<void>();
  readonly ended = Promise.withResolvers<number>();
  onBytes: (bytes: Uint8Array) => void = () => {};
  #isFlushAsked = false;
  #isEnding = false;
  readonly #port: CompletionPort;
  readonly #pool: SendBufferPool;

  constructor(port: CompletionPort, pool: SendBufferPool, socket: PortSocket) {
    this.#port = port;
    this.#pool = pool;
    this.socket = socket;
    socket.open(this);
  }

  /** Queues a copy of `bytes`; each call is a piece of its own when `isApart`. */
  write(bytes: Uint8Array, isApart = false): void {
    const chunk = this.#pool.open(bytes.length + 1);
    const start = chunk.writtenBytes;
    chunk.bytes.set(bytes, start);
    this.#pool.close(bytes.length + (isApart ? 1 : 0));
    this.queue.push(chunk, start, start + bytes.length);
    if (this.#isFlushAsked || this.isSending) return;
    this.#isFlushAsked = true;
    this.#port.requestFlush(this);
  }

  flush(): void {
    this.#isFlushAsked = false;
    if (this.isSending || this.isClosing || this.queue.isEmpty) return;
    this.isSending = true;
    this.socket.send(this.queue);
  }

  /** Closes once everything that is queued has been taken. */
  closeWhenSent(): void {
    this.#isEnding = true;
    if (!this.isSending && this.queue.isEmpty) this.close();
  }

  close(isAbort = false): void {
    this.isClosing = true;
    this.socket.close(isAbort);
  }

  onReceived(bytes: Uint8Array, start: number, end: number): void {
    this.receivedBytes += end - start;
    this.onBytes(bytes.subarray(start, end));
  }

  onReceiveEnded(result: number): void {
    this.happened.push(`receiveEnded ${result}`);
    this.ended.resolve(result);
  }

  onSent(result: number): void {
    this.isSending = false;
    if (result < 0) {
      this.happened.push(`sent ${result}`);
      return;
    }
    this.queue.consume(result);
    this.flush();
    if (this.#isEnding) this.closeWhenSent();
  }

  onClosed(): void {
    this.happened.push("closed");
    this.queue.clear();
    this.closed.resolve();
  }
}

/** A server that sends back what it gets. */
export async function openRawEcho(
  port: CompletionPort,
  options: { readonly host?: string; readonly onConnection?: (connection: RawConnection) => void } = {},
) {
  const pool = new SendBufferPool(port.arena);
  const connections = new Set<RawConnection>();
  const failures: number[] = [];
  const listenerClosed = Promise.withResolvers<void>();
  const host = options.host ?? "127.0.0.1";
  const listener = await port.listen(
    { family: host.includes(":") ? 6 : 4, host, port: 0 },
    {},
    {
      onAccepted(socket) {
        const connection = new RawConnection(port, pool, socket);
        connections.add(connection);
        connection.onBytes = (bytes) => connection.write(bytes);
        void connection.ended.promise.then(() => connection.closeWhenSent());
        void connection.closed.promise.then(() => connections.delete(connection));
        options.onConnection?.(connection);
        socket.startReceiving();
      },
      onAcceptFailed: (result) => failures.push(result),
      onListenerClosed: () => listenerClosed.resolve(),
    },
  );
  return { listener, pool, connections, failures, listenerClosed: listenerClosed.promise };
}
