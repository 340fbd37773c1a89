import { PACKET_HEADER_BYTES, readPacketSize } from "../protocol/packet-framer.ts";
import { browserEnvironment } from "./browser-environment.ts";
import type { ClientEnvironment, ClientTimer } from "./environment.ts";
import type { Transport, TransportConnection, TransportEvents } from "./transport.ts";

/** What the client offers and the server must choose. */
export const WEBSOCKET_PROTOCOL = "portico.v1";

/** Codes that a client may close with (RFC 6455 section 7.4): no error, and its own for what it cannot read. */
const NORMAL_CLOSURE = 1000;
const BAD_MESSAGE = 4000;

/** What is needed of a WebSocket (WHATWG WebSockets): a browser's, Node's, or a test's own. */
export interface WebSocketLike {
  binaryType: string;
  /** Bytes that were given to `send` and not yet to the network. */
  readonly bufferedAmount: number;
  /** What the server chose; empty: nothing. */
  readonly protocol: string;
  addEventListener(type: "open" | "message" | "close", listener: (event: WebSocketLikeEvent) => void): void;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

/** The parts of the WebSocket's events that are read. */
export interface WebSocketLikeEvent {
  /** Of a message. */
  readonly data?: unknown;
  /** Of a close (RFC 6455 section 7.4). */
  readonly code?: number;
  readonly reason?: string;
}

export interface WebSocketTransportOptions {
  /** "wss://chat.example.org/ws". In a page: `webSocketUrl(location.href)`. */
  readonly url: string;
  /** Opens a socket. Default: the runtime's own WebSocket. What it throws ends the attempt. */
  readonly open?: (url: string, protocol: string) => WebSocketLike;
  /** Bytes that may wait to be sent; above, the connection is given up. Default 1 MiB. */
  readonly bufferLimitBytes?: number;
  /** Time for the server to answer a close. Default 5000 ms. */
  readonly closeTimeoutMs?: number;
  /** For the timer of that. Default: the runtime's. */
  readonly environment?: ClientEnvironment;
}

/**
 * Packets over WebSocket: binary messages of one or several whole packets each (docs/PROTOCOL.md). One
 * message for each packet that is sent.
 */
export class WebSocketTransport implements Transport {
  readonly address: string;
  readonly #options: WebSocketTransportOptions;

  constructor(options: WebSocketTransportOptions) {
    this.#options = options;
    this.address = options.url;
  }

  connect(events: TransportEvents): TransportConnection {
    return new WebSocketTransportConnection(this.#options, events);
  }
}

/** Where a page's own server listens: the page's address with the scheme of WebSocket and the path `/ws`. */
export function webSocketUrl(pageUrl: string): string {
  const url = new URL("/ws", pageUrl);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

/** One attempt and what becomes of it. */
class WebSocketTransportConnection implements TransportConnection {
  readonly #options: WebSocketTransportOptions;
  readonly #environment: ClientEnvironment;
  readonly #events: TransportEvents;
  readonly #socket: WebSocketLike | undefined;
  /** "ended": the last event was told; the socket may still be closing. */
  #phase: "connecting" | "open" | "closing" | "ended" = "connecting";
  #timer: ClientTimer | undefined;

  constructor(options: WebSocketTransportOptions, events: TransportEvents) {
    this.#options = options;
    this.#environment = options.environment ?? browserEnvironment;
    this.#events = events;
    try {
      const socket = (options.open ?? openWebSocket)(options.url, WEBSOCKET_PROTOCOL);
      socket.binaryType = "arraybuffer";
      socket.addEventListener("open", () => this.#onOpen(socket));
      socket.addEventListener("message", ({ data }) => this.#onMessage(data));
      socket.addEventListener("close", ({ code, reason }) => this.#onClose(code, reason));
      this.#socket = socket;
    } catch (error) {
      // A bad address, or one that this page may not connect to.
      this.#endLater(error instanceof Error ? error.message : String(error));
    }
  }

  send(packet: Uint8Array): boolean {
    const socket = this.#socket;
    if (this.#phase !== "open" || socket === undefined) return false;
    const limitBytes = this.#options.bufferLimitBytes ?? 1024 * 1024;
    if (socket.bufferedAmount + packet.byteLength > limitBytes) {
      this.#giveUp(`the server takes nothing: more than ${limitBytes} bytes wait to be sent`);
      return false;
    }
    // Packets are written into memory of their own, never into shared memory, which a WebSocket refuses.
    socket.send(packet as Uint8Array<ArrayBuffer>);
    return true;
  }

  close(): void {
    if (this.#phase === "connecting") this.abort();
    if (this.#phase !== "open") return;
    this.#phase = "closing";
    this.#socket?.close(NORMAL_CLOSURE);
    // A server that is gone answers no close, and browsers wait for it for longer than people do.
    const timeoutMs = this.#options.closeTimeoutMs ?? 5000;
    this.#timer = this.#environment.startTimer(timeoutMs, () => this.#end("the server did not answer"));
  }

  abort(): void {
    this.#giveUp(this.#phase === "connecting" ? "given up while connecting" : "given up");
  }

  /** The socket goes on closing by itself; nothing of it is heard any more. The end is told in a later turn. */
  #giveUp(why: string, code: number = NORMAL_CLOSURE): void {
    if (this.#phase === "ended") return;
    this.#socket?.close(code);
    this.#endLater(why);
  }

  #onOpen(socket: WebSocketLike): void {
    if (this.#phase !== "connecting") return;
    if (socket.protocol !== WEBSOCKET_PROTOCOL) {
      this.#giveUp(`${this.#options.url} does not speak ${WEBSOCKET_PROTOCOL}`);
      return;
    }
    this.#phase = "open";
    this.#events.onOpen();
  }

  #onMessage(data: unknown): void {
    if (!this.#isHeard()) return;
    if (!(data instanceof ArrayBuffer)) {
      this.#giveUp("the server sent a text message", BAD_MESSAGE);
      return;
    }
    const bytes = new Uint8Array(data);
    let start = 0;
    while (start < bytes.byteLength) {
      const end = endOfPacket(bytes, start);
      if (end === undefined) {
        this.#giveUp("the server sent a message that is not whole packets", BAD_MESSAGE);
        return;
      }
      this.#events.onPacket(bytes, start, end);
      if (!this.#isHeard()) return; // given up by what the packet said
      start = end;
    }
  }

  #onClose(code: number | undefined, reason: string | undefined): void {
    if (code === undefined || code === 1005 || code === 1006) {
      this.#end(
        this.#phase === "connecting"
          ? `connect ${this.#options.url}: no connection`
          : "the connection ended without a word",
      );
    } else {
      const words = reason === undefined || reason === "" ? "" : `: ${reason}`;
      this.#end(`the server closed the connection (${code})${words}`, code);
    }
  }

  #isHeard(): boolean {
    return this.#phase === "open" || this.#phase === "closing";
  }

  #endLater(why: string): void {
    this.#phase = "ended";
    this.#timer?.cancel();
    this.#environment.startTimer(0, () => this.#events.onClosed(why));
  }

  #end(why: string, closeCode?: number): void {
    if (this.#phase === "ended") return;
    this.#phase = "ended";
    this.#timer?.cancel();
    this.#events.onClosed(why, closeCode === undefined ? {} : { closeCode });
  }
}

/** Where the packet at `start` ends; undefined: it is none, or not all of it is there. */
function endOfPacket(bytes: Uint8Array, start: number): number | undefined {
  if (bytes.byteLength - start < PACKET_HEADER_BYTES) return undefined;
  const end = start + readPacketSize(bytes, start);
  return end < start + PACKET_HEADER_BYTES || end > bytes.byteLength ? undefined : end;
}

function openWebSocket(url: string, protocol: string): WebSocketLike {
  return new WebSocket(url, protocol);
}
