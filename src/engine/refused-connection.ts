import type { PortSocket, PortTimer, SocketEvents } from "./completion-port.ts";
import { ArenaExhaustedError } from "./memory/arena.ts";
import { SendQueue } from "./send-queue.ts";
import type { Service } from "./service.ts";

/** Time that a refused connection has to read why, milliseconds. */
const FAREWELL_MS = 1000;

/** Refused connections that are told why at the same time; above this they are reset at once. */
const FAREWELLS_AT_ONCE = 64;

const farewells = new WeakMap<Service, { count: number }>();

/** Ends a connection that does not become a session, after sending it `bytes` where there are any. */
export function refuse(service: Service, socket: PortSocket, bytes: Uint8Array | undefined): void {
  let state = farewells.get(service);
  if (state === undefined) {
    state = { count: 0 };
    farewells.set(service, state);
  }
  if (bytes === undefined || state.count >= FAREWELLS_AT_ONCE) {
    socket.open(silence);
    socket.close(true);
    return;
  }
  new RefusedConnection(service, socket, state).start(bytes);
}

const silence: SocketEvents = {
  onReceived: () => undefined,
  onReceiveEnded: () => undefined,
  onSent: () => undefined,
  onClosed: () => undefined,
};

class RefusedConnection implements SocketEvents {
  readonly #service: Service;
  readonly #socket: PortSocket;
  readonly #state: { count: number };
  readonly #queue = new SendQueue();
  #timer: PortTimer | undefined;
  /** What was outstanding when it was closed may still complete well: then nothing more is asked of it. */
  #isClosing = false;

  constructor(service: Service, socket: PortSocket, state: { count: number }) {
    this.#service = service;
    this.#socket = socket;
    this.#state = state;
  }

  start(bytes: Uint8Array): void {
    this.#state.count++;
    this.#socket.open(this);
    try {
      const pool = this.#service.sendBuffers;
      const chunk = pool.open(bytes.byteLength);
      const start = chunk.writtenBytes;
      chunk.bytes.set(bytes, start);
      pool.close(bytes.byteLength);
      this.#queue.push(chunk, start, start + bytes.byteLength);
    } catch (error) {
      if (!(error instanceof ArenaExhaustedError)) throw error;
      this.#close(true);
      return;
    }
    this.#timer = this.#service.port.startTimer(FAREWELL_MS, () => this.#close(true));
    this.#socket.startReceiving();
    this.#socket.send(this.#queue);
  }

  onReceived(): void {
    // Nothing a refused connection says is heard.
  }

  onReceiveEnded(): void {
    this.#close(false);
  }

  onSent(result: number): void {
    if (this.#isClosing) return;
    if (result < 0) {
      this.#close(true);
      return;
    }
    this.#queue.consume(result);
    if (this.#queue.isEmpty) this.#socket.shutdown();
    else this.#socket.send(this.#queue);
  }

  onClosed(): void {
    this.#timer?.cancel();
    this.#queue.clear();
    this.#state.count--;
  }

  #close(abort: boolean): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#socket.close(abort);
  }
}
