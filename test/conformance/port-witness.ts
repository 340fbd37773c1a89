import assert from "node:assert/strict";
import type {
  CompletionPort,
  PortListener,
  PortSocket,
  SocketEvents,
} from "../../src/engine/completion-port.ts";
import { SendBufferPool } from "../../src/engine/memory/send-buffer-pool.ts";
import { errnoName } from "../../src/engine/port-error.ts";
import { SendQueue } from "../../src/engine/send-queue.ts";
import type { SocketAddress } from "../../src/engine/socket-address.ts";
import type { ConnectOptions, ListenOptions } from "../../src/engine/socket-options.ts";
import type { PortEnvironment } from "./environments.ts";

/** A send queue that remembers how many pieces each send took. */
class WatchedQueue extends SendQueue {
  readonly takenPieces: number[] = [];

  override freeze(pieceCount: number): void {
    this.takenPieces.push(pieceCount);
    super.freeze(pieceCount);
  }
}

/**
 * One socket's events, held against the contract: nothing inside a call of the port, one terminal
 * completion for each operation, nothing after the close. Breaches go to the world's list, because
 * an exception inside an event would end the process of the suite.
 */
export class Witness implements SocketEvents {
  readonly socket: PortSocket;
  readonly queue = new WatchedQueue();
  readonly receivedParts: Buffer[] = [];
  receivedBytes = 0;
  /** False for large transfers: bytes are checked by `onBytes` and not kept. */
  keepsBytes = true;
  /** What receiving ended with, each time. */
  readonly receiveEnds: number[] = [];
  /** What each send ended with. */
  readonly sendEnds: number[] = [];
  /** The order of terminal completions, in words. */
  readonly history: string[] = [];
  isReceiving = false;
  isSending = false;
  isClosing = false;
  isClosed = false;
  onBytes: (bytes: Uint8Array, start: number, end: number) => void = () => {};
  onEnd: (result: number) => void = () => {};
  onSendEnd: (result: number) => void = () => {};
  readonly #world: PortWorld;
  readonly #pool: SendBufferPool;

  constructor(world: PortWorld, pool: SendBufferPool, socket: PortSocket) {
    this.#world = world;
    this.#pool = pool;
    this.socket = socket;
    world.witnesses.push(this);
    this.#call(() => socket.open(this));
  }

  #call(run: () => void): void {
    this.#world.callDepth++;
    try {
      run();
    } finally {
      this.#world.callDepth--;
    }
  }

  #expect(holds: boolean, rule: string): void {
    if (!holds) this.#world.problems.push(rule);
  }

  #outsideCalls(event: string): void {
    this.#expect(this.#world.callDepth === 0, `${event} came inside a call of the port`);
    this.#expect(!this.isClosed, `${event} came after onClosed`);
  }

  get received(): Buffer {
    return Buffer.concat(this.receivedParts);
  }

  startReceiving(): void {
    this.isReceiving = true;
    this.#call(() => this.socket.startReceiving());
  }

  stopReceiving(): void {
    this.#call(() => this.socket.stopReceiving());
  }

  /** Queues a copy of `bytes` and sends when nothing is being sent. `isApart`: a piece of its own. */
  write(bytes: Uint8Array, isApart = false): void {
    for (let at = 0; at < bytes.byteLength; at += 65_535) {
      const part = bytes.subarray(at, at + 65_535);
      const chunk = this.#pool.open(part.byteLength + 1);
      const start = chunk.writtenBytes;
      chunk.bytes.set(part, start);
      this.#pool.close(part.byteLength + (isApart ? 1 : 0));
      this.queue.push(chunk, start, start + part.byteLength);
    }
    this.pump();
  }

  /** Sends what is queued, unless something is being sent. */
  pump(): void {
    if (this.isSending || this.isClosing || this.queue.isEmpty) return;
    this.isSending = true;
    this.#call(() => this.socket.send(this.queue));
  }

  shutdown(): void {
    this.#call(() => this.socket.shutdown());
  }

  close(isAbort = false): void {
    this.isClosing = true;
    this.#call(() => this.socket.close(isAbort));
  }

  onReceived(bytes: Uint8Array, start: number, end: number): void {
    this.#outsideCalls("onReceived");
    this.#expect(this.isReceiving, "onReceived came while nothing was receiving");
    this.#expect(
      start < end && end <= bytes.byteLength,
      "onReceived brings at least one byte, inside its buffer",
    );
    this.receivedBytes += end - start;
    if (this.keepsBytes) this.receivedParts.push(Buffer.from(bytes.subarray(start, end)));
    this.onBytes(bytes, start, end);
  }

  onReceiveEnded(result: number): void {
    this.#outsideCalls("onReceiveEnded");
    this.#expect(this.isReceiving, "a receive has exactly one terminal completion");
    this.#expect(result <= 0, "a receive ends with 0 or an errno");
    this.isReceiving = false;
    this.receiveEnds.push(result);
    this.history.push(result === 0 ? "fin" : `receive ${errnoName(result)}`);
    this.onEnd(result);
  }

  onSent(result: number): void {
    this.#outsideCalls("onSent");
    this.#expect(this.isSending, "a send has exactly one terminal completion");
    this.#expect(
      result !== 0 && result <= this.queue.byteCount,
      "a send takes at least one byte, and no more than it was given",
    );
    this.isSending = false;
    this.sendEnds.push(result);
    if (result > 0) this.queue.consume(result);
    else this.history.push(`send ${errnoName(result)}`);
    this.onSendEnd(result);
    if (result > 0) this.pump();
  }

  onClosed(): void {
    this.#outsideCalls("onClosed");
    this.#expect(this.isClosing || this.#world.isClosing, "a socket is closed only when asked to");
    this.#expect(!this.isReceiving && !this.isSending, "onClosed comes after all other terminal completions");
    this.isClosed = true;
    this.history.push("closed");
    this.queue.clear();
  }
}

/** A connected pair. */
export interface Pair {
  readonly client: Witness;
  readonly server: Witness;
}

/** A listener whose connections become witnesses. */
export interface WatchedListener {
  readonly listener: PortListener;
  readonly accepted: Witness[];
  readonly failures: number[];
  closedCount: number;
}

/** One test's ports, sockets and findings. */
export class PortWorld {
  readonly env: PortEnvironment;
  readonly serverPool: SendBufferPool;
  readonly clientPool: SendBufferPool;
  readonly witnesses: Witness[] = [];
  readonly problems: string[] = [];
  callDepth = 0;
  /** The ports are being closed, and with them every socket. */
  isClosing = false;

  constructor(env: PortEnvironment) {
    this.env = env;
    this.serverPool = new SendBufferPool(env.server.arena);
    this.clientPool = new SendBufferPool(env.client.arena);
  }

  async listen(
    address: SocketAddress = this.env.listenAddress,
    options: ListenOptions = {},
  ): Promise<WatchedListener> {
    const accepted: Witness[] = [];
    const failures: number[] = [];
    const listener = await this.env.settled(
      this.env.server.listen(address, options, {
        onAccepted: (socket) => {
          if (this.callDepth > 0) this.problems.push("onAccepted came inside a call of the port");
          accepted.push(new Witness(this, this.serverPool, socket));
        },
        onAcceptFailed: (result) => void failures.push(result),
        onListenerClosed: () => void watched.closedCount++,
      }),
    );
    const watched: WatchedListener = { listener, accepted, failures, closedCount: 0 };
    return watched;
  }

  /** Connects from the client's port; rejects with the errno's name. */
  async connect(address: SocketAddress, options: ConnectOptions = {}): Promise<Witness> {
    let connected: Witness | undefined;
    let failure = 0;
    let endings = 0;
    this.callDepth++;
    this.env.client.connect(address, options, {
      onConnected: (socket) => {
        endings++;
        if (this.callDepth > 0) this.problems.push("onConnected came inside a call of the port");
        connected = new Witness(this, this.clientPool, socket);
      },
      onConnectFailed: (result) => {
        endings++;
        if (this.callDepth > 0) this.problems.push("onConnectFailed came inside a call of the port");
        failure = result;
      },
    });
    this.callDepth--;
    await this.env.until(() => endings > 0, "the connect ends");
    assert.equal(endings, 1, "a connect ends once");
    if (connected === undefined) throw new Error(errnoName(failure));
    return connected;
  }

  /** A connected pair through a listener of its own, both ends receiving unless told otherwise. */
  async pair(
    settings: { receiving?: boolean; listen?: ListenOptions; connect?: ConnectOptions } = {},
  ): Promise<Pair> {
    const { listener, accepted } = await this.listen(this.env.listenAddress, settings.listen);
    const client = await this.connect(listener.address, settings.connect);
    await this.env.until(() => accepted.length === 1, "the server accepts");
    const server = accepted[0] as Witness;
    if (settings.receiving ?? true) {
      client.startReceiving();
      server.startReceiving();
    }
    return { client, server };
  }

  /** Closes the sockets and waits for the end of each. */
  async closeAll(...witnesses: readonly Witness[]): Promise<void> {
    for (const witness of witnesses) witness.close();
    await this.env.until(() => witnesses.every((witness) => witness.isClosed), "every socket closes");
  }

  /** Ends the ports and checks that nothing is left of anything. */
  async end(): Promise<void> {
    this.isClosing = true;
    await this.env.close();
    assert.deepEqual(this.problems, []);
    for (const witness of this.witnesses) assert.ok(witness.isClosed, "onClosed came");
    for (const port of [this.env.server, this.env.client]) checkAtRest(port);
    for (const pool of [this.serverPool, this.clientPool]) {
      pool.trim();
      assert.equal(pool.usedCount, 0, "every chunk is back in its pool");
    }
  }
}

/** Nothing of a port is outstanding. */
export function checkAtRest(port: CompletionPort): void {
  assert.equal(port.counters.outstandingOperations, 0, "every operation had its terminal completion");
  assert.equal(port.counters.openSockets, 0, "every descriptor is closed");
  assert.equal(port.counters.openFiles, 0, "every file is closed");
}

/** Bytes that say where in the stream they are, so that any loss, repeat or swap shows. */
export function patternAt(position: number): number {
  return (Math.imul(position, 0x9e3779b1) >>> 24) ^ (position & 0xff);
}

/** `byteCount` bytes of the pattern from `position` on. */
export function pattern(position: number, byteCount: number): Uint8Array {
  const bytes = new Uint8Array(byteCount);
  for (let index = 0; index < byteCount; index++) bytes[index] = patternAt(position + index);
  return bytes;
}

/** Makes the witness check what it receives against the pattern instead of keeping it. */
export function expectPattern(world: PortWorld, witness: Witness): void {
  witness.keepsBytes = false;
  let position = 0;
  witness.onBytes = (bytes, start, end) => {
    for (let index = start; index < end; index++, position++) {
      if (bytes[index] === patternAt(position)) continue;
      world.problems.push(`the byte at ${position} is not the one that was sent`);
      witness.onBytes = () => {};
      return;
    }
  };
}
