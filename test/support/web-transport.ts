import type { IncomingMessage } from "node:http";
import type { ChatServer } from "../../src/chat/chat-server.ts";
import type { Transport, TransportConnection, TransportEvents } from "../../src/client/index.ts";
import {
  type CompletionPort,
  rawFramer,
  SendBufferPool,
  Service,
  type Session,
  type SocketAddress,
} from "../../src/engine/index.ts";
import { readPacketSize } from "../../src/protocol/packet-framer.ts";
import { Opcode } from "../../src/websocket/index.ts";
import { clientFrame, closeFrame, fragmented, messageOf, ServerFrames } from "./websocket-frames.ts";

const END_OF_HEAD = "\r\n\r\n";

/**
 * As much of an HTTP server as a WebSocket needs, for whole servers on a simulated port: it does nothing
 * but in the turns of that port, so that a seed gives the same run again.
 */
export class WebDoor {
  readonly service: Service;
  readonly #address: SocketAddress;
  #chat: ChatServer | undefined;

  /** `connections`: the chat's own limit, behind whose slots these lie. */
  constructor(options: {
    readonly port: CompletionPort;
    readonly sendBuffers: SendBufferPool;
    readonly address: SocketAddress;
    readonly connections: number;
    readonly sendQueueBytes: number;
  }) {
    const { port, sendBuffers, connections, sendQueueBytes } = options;
    this.#address = options.address;
    this.service = new Service({
      port,
      kind: "server",
      framer: rawFramer,
      sendBuffers,
      firstSlot: connections,
      limits: { sessions: 1024, sendQueueBytes, handshakeTimeoutMs: 5000 },
      createHandler: () => {
        let head = "";
        return {
          onConnected: () => undefined,
          onFrame: (session, bytes, start, end) => {
            head += Buffer.from(bytes.subarray(start, end)).toString("latin1");
            if (head.includes(END_OF_HEAD)) this.#enter(session, head);
          },
          onDisconnected: () => undefined,
        };
      },
    });
  }

  /** From now on connections are brought to this server. */
  async open(chat: ChatServer): Promise<void> {
    this.#chat = chat;
    await this.service.listen(this.#address);
  }

  close(): Promise<void> {
    return this.service.close();
  }

  #enter(session: Session, text: string): void {
    const end = text.indexOf(END_OF_HEAD);
    const [requestLine = "", ...lines] = text.slice(0, end).split("\r\n");
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(":")).toLowerCase(),
        line.slice(line.indexOf(":") + 2),
      ]),
    );
    const request = { method: "GET", url: requestLine.split(" ")[1], httpVersion: "1.1", headers };
    const head = Buffer.from(text.slice(end + END_OF_HEAD.length), "latin1");
    this.#chat?.acceptWebSocket(request as unknown as IncomingMessage, session, head);
  }
}

export interface WebTransportOptions {
  readonly port: CompletionPort;
  readonly address: SocketAddress;
  /** Offer compression. Default false. */
  readonly deflate?: boolean;
  /** Send messages in fragments of so many bytes. Default: whole. */
  readonly fragmentBytes?: number;
  /** For connecting, and again for the upgrade. Default 2,000. */
  readonly timeoutMs?: number;
}

/** A browser's way to the server, on any completion port. */
export class WebTransport implements Transport {
  readonly address: string;
  readonly #options: WebTransportOptions;
  readonly #sendBuffers: SendBufferPool;

  constructor(options: WebTransportOptions) {
    this.#options = options;
    this.address = `ws://${options.address.host}:${options.address.port}`;
    this.#sendBuffers = new SendBufferPool(options.port.arena);
  }

  connect(events: TransportEvents): TransportConnection {
    return new WebConnection(this.#options, this.#sendBuffers, events);
  }
}

class WebConnection implements TransportConnection {
  readonly #options: WebTransportOptions;
  readonly #events: TransportEvents;
  readonly #frames = new ServerFrames();
  #session: Session | undefined;
  #response = "";
  #isOpen = false;
  #isGivenUp = false;
  #isClosed = false;
  #closeCode: number | undefined;

  constructor(options: WebTransportOptions, sendBuffers: SendBufferPool, events: TransportEvents) {
    this.#options = options;
    this.#events = events;
    const { port, address, timeoutMs = 2000 } = options;
    const service = new Service({
      port,
      kind: "client",
      framer: rawFramer,
      sendBuffers,
      limits: { sessions: 1 },
      createHandler: () => ({
        onConnected: (session) => this.#onConnected(session),
        onFrame: (_session, bytes, start, end) => this.#onBytes(bytes.slice(start, end)),
        onDisconnected: (_session, reason) => this.#close(`the connection ended: ${reason}`),
      }),
    });
    service.connect(address, { timeoutMs }).catch((error: unknown) => this.#close(String(error)));
    const timer = port.startTimer(timeoutMs * 2, () => {
      if (!this.#isOpen) this.#session?.abort();
    });
    this.#cancelTimer = () => timer.cancel();
  }

  readonly #cancelTimer: () => void;

  send(packet: Uint8Array): boolean {
    if (!this.#isOpen || this.#closeCode !== undefined) return false;
    const { fragmentBytes } = this.#options;
    const frames =
      fragmentBytes === undefined
        ? clientFrame({ opcode: Opcode.BINARY, payload: packet })
        : fragmented(Opcode.BINARY, packet, fragmentBytes);
    return this.#session?.sendBytes(frames) ?? false;
  }

  close(): void {
    if (!this.#isOpen) this.abort();
    else if (this.#closeCode === undefined) {
      this.#closeCode = 1000;
      this.#session?.sendBytes(closeFrame(1000));
    }
  }

  abort(): void {
    this.#isGivenUp = true;
    if (this.#session !== undefined) this.#session.abort();
    else this.#options.port.post(() => this.#close("given up while connecting"));
  }

  #onConnected(session: Session): void {
    if (this.#isGivenUp) {
      session.abort();
      return;
    }
    this.#session = session;
    const lines = [
      "GET /ws HTTP/1.1",
      "Host: chat.example",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Origin: http://chat.example",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Protocol: portico.v1",
      ...(this.#options.deflate === true ? ["Sec-WebSocket-Extensions: permessage-deflate"] : []),
    ];
    session.sendBytes(Buffer.from(lines.join("\r\n") + END_OF_HEAD));
  }

  #onBytes(bytes: Uint8Array): void {
    if (this.#isOpen) {
      this.#hear(bytes);
      return;
    }
    this.#response += Buffer.from(bytes).toString("latin1");
    const end = this.#response.indexOf(END_OF_HEAD);
    if (end < 0) return;
    if (!this.#response.startsWith("HTTP/1.1 101 ")) {
      this.#session?.abort();
      return;
    }
    this.#isOpen = true;
    this.#events.onOpen();
    this.#hear(Buffer.from(this.#response.slice(end + END_OF_HEAD.length), "latin1"));
  }

  #hear(bytes: Uint8Array): void {
    for (const frame of this.#frames.add(bytes)) {
      if (this.#isClosed) return;
      if (frame.opcode === Opcode.BINARY) this.#hearPackets(messageOf(frame).payload);
      else if (frame.opcode === Opcode.CLOSE) this.#hearClose(frame.payload);
      else throw new Error(`the server sent a frame with opcode ${frame.opcode}`);
    }
  }

  #hearPackets(payload: Buffer): void {
    for (let at = 0; at < payload.length && !this.#isClosed; at += readPacketSize(payload, at)) {
      const end = at + readPacketSize(payload, at);
      if (end > payload.length) throw new Error("a message ended inside a packet");
      this.#events.onPacket(payload, at, end);
    }
  }

  #hearClose(payload: Buffer): void {
    const code = payload.length < 2 ? 1005 : payload.readUInt16BE(0);
    if (this.#closeCode === undefined) this.#session?.sendBytes(closeFrame(code));
    this.#closeCode ??= code;
  }

  #close(why: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#session = undefined;
    this.#cancelTimer();
    this.#events.onClosed(why, this.#closeCode === undefined ? {} : { closeCode: this.#closeCode });
  }
}
