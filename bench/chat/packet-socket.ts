import {
  type CompletionPort,
  errnoName,
  type Flushable,
  type PortSocket,
  type SendBufferPool,
  SendQueue,
  type SocketAddress,
  type SocketEvents,
} from "../../src/engine/index.ts";
import { encodePacketBytes } from "../../src/protocol/packet-encoder.ts";
import { PACKET_LIMIT_CEILING_BYTES, PacketFramer } from "../../src/protocol/packet-framer.ts";
import type { ClientPacketType, PacketInit } from "../../src/protocol/packets.ts";

/** What a packet socket tells. */
export interface PacketEvents {
  onOpen(): void;
  /** A whole packet at [start, end), lent until this call returns. */
  onPacket(bytes: Uint8Array, start: number, end: number): void;
  /** Terminal, once. */
  onEnded(why: string): void;
}

const framer = new PacketFramer(PACKET_LIMIT_CEILING_BYTES);

/**
 * A client's connection on the completion port itself, packet by packet. It can stop reading, which the
 * engine's sessions do only by themselves: that is what a slow reader is made of.
 */
export class PacketSocket implements SocketEvents, Flushable {
  readonly #port: CompletionPort;
  readonly #buffers: SendBufferPool;
  readonly #events: PacketEvents;
  readonly #queue = new SendQueue();
  #socket: PortSocket | undefined;
  #tail: Uint8Array | undefined;
  #isSending = false;
  #isFlushRequested = false;
  #isReading = true;
  #isClosed = false;

  constructor(port: CompletionPort, buffers: SendBufferPool, events: PacketEvents) {
    this.#port = port;
    this.#buffers = buffers;
    this.#events = events;
  }

  connect(address: SocketAddress): void {
    this.#port.connect(
      address,
      {},
      {
        onConnected: (socket) => {
          this.#socket = socket;
          socket.open(this);
          socket.startReceiving();
          if (this.#isClosed) socket.close(true);
          else this.#events.onOpen();
        },
        onConnectFailed: (result) => this.#end(`cannot connect: ${errnoName(-result)}`),
      },
    );
  }

  send<Type extends ClientPacketType>(type: Type, body: PacketInit<Type>): void {
    if (this.#socket === undefined || this.#isClosed) return;
    const bytes = encodePacketBytes(type, body);
    const chunk = this.#buffers.open(bytes.byteLength);
    const start = chunk.writtenBytes;
    chunk.bytes.set(bytes, start);
    this.#buffers.close(bytes.byteLength);
    this.#queue.push(chunk, start, chunk.writtenBytes);
    this.#requestFlush();
  }

  /** Stops or goes on reading. */
  setReading(isReading: boolean): void {
    if (this.#socket === undefined || this.#isClosed || isReading === this.#isReading) return;
    this.#isReading = isReading;
    if (isReading) this.#socket.startReceiving();
    else this.#socket.stopReceiving();
  }

  /** Ends the connection with a reset: as a cable that is pulled. */
  abort(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket?.close(true);
  }

  flush(): void {
    this.#isFlushRequested = false;
    if (this.#isSending || this.#queue.isEmpty || this.#socket === undefined || this.#isClosed) return;
    this.#isSending = true;
    this.#socket.send(this.#queue);
  }

  onSent(result: number): void {
    this.#isSending = false;
    if (result < 0) return;
    this.#queue.consume(result);
    if (!this.#queue.isEmpty) this.#requestFlush();
  }

  onReceived(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isClosed) return;
    let from = start;
    let to = end;
    let source = bytes;
    if (this.#tail !== undefined) {
      const joined = new Uint8Array(this.#tail.length + end - start);
      joined.set(this.#tail);
      joined.set(bytes.subarray(start, end), this.#tail.length);
      source = joined;
      from = 0;
      to = joined.length;
      this.#tail = undefined;
    }
    while (from < to && !this.#isClosed) {
      const length = framer.frameLength(source, from, to);
      if (length < 0) return this.abort();
      if (length === 0 || from + length > to) break;
      this.#events.onPacket(source, from, from + length);
      from += length;
    }
    if (from < to) this.#tail = source.slice(from, to);
  }

  onReceiveEnded(result: number): void {
    // Reading was stopped on purpose; it goes on, or the connection is closing.
    if (!this.#isReading || this.#isClosed) return;
    this.#isClosed = true;
    this.#socket?.close(true);
    this.#end(
      result === 0 ? "the server ended the connection" : `the connection broke: ${errnoName(-result)}`,
    );
  }

  onClosed(): void {
    this.#queue.clear();
    this.#end("closed");
  }

  #requestFlush(): void {
    if (this.#isFlushRequested || this.#isSending) return;
    this.#isFlushRequested = true;
    this.#port.requestFlush(this);
  }

  #end(why: string): void {
    if (this.#socket === undefined && this.#isClosed) return;
    this.#isClosed = true;
    this.#socket = undefined;
    this.#events.onEnded(why);
  }
}
