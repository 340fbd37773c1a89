import type { IncomingMessage } from "node:http";
import { Gate } from "../../src/chat/gate/gate.ts";
import type { GateSettingsInput } from "../../src/chat/gate/gate-settings.ts";
import type { HubLink } from "../../src/chat/bus/bus.ts";
import { InProcessBus } from "../../src/chat/bus/in-process-bus.ts";
import type { Command } from "../../src/chat/hub/command.ts";
import { SendBufferPool, Service, type Session } from "../../src/engine/index.ts";
import { PacketType } from "../../src/protocol/codes.ts";
import { decodeServerPacket, type ServerPacket } from "../../src/protocol/packet-decoder.ts";
import { encodePacketBytes } from "../../src/protocol/packet-encoder.ts";
import { readPacketSize } from "../../src/protocol/packet-framer.ts";
import type { ClientPacketType, PacketInit } from "../../src/protocol/packets.ts";
import { Opcode } from "../../src/websocket/index.ts";
import { FakeAccountStore } from "./fake-account-store.ts";
import { CountingHasher, LOBBY } from "./gate-world.ts";
import { HandPort, HandSocket } from "./hand-port.ts";
import { clientFrame, messageOf, type ServerFrame, ServerFrames } from "./websocket-frames.ts";

/** A request to become a WebSocket, as browsers make it. */
export const upgradeHeaders = {
  host: "chat.example",
  connection: "Upgrade",
  upgrade: "websocket",
  origin: "https://chat.example",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version": "13",
  "sec-websocket-protocol": "portico.v1",
};

/** A gate on a port moved by hand, and in place of HTTP a service whose connections are brought to it. */
export class WebGate {
  readonly port = new HandPort();
  readonly commands: Command[] = [];
  readonly hub: HubLink;
  readonly gate: Gate;
  readonly http: Service;
  readonly sendBuffers: SendBufferPool;

  constructor(settings: GateSettingsInput = {}) {
    const { port } = this;
    const bus = new InProcessBus((task) => port.atTurnEnd(task));
    this.hub = bus.attachHub((commands) => void this.commands.push(...commands));
    this.sendBuffers = new SendBufferPool(port.arena);
    this.gate = new Gate({
      port,
      bus,
      store: new FakeAccountStore(),
      hasher: new CountingHasher(),
      settings: { ...settings, login: { guests: true, ...settings.login } },
      sendBuffers: this.sendBuffers,
      epoch: "boot",
    });
    this.http = new Service({
      port,
      kind: "server",
      sendBuffers: this.sendBuffers,
      firstSlot: this.gate.settings.limits.connections,
      limits: { sendQueueBytes: this.gate.settings.limits.sendQueueBytes },
      createHandler: () => ({ onConnected() {}, onFrame() {}, onDisconnected() {} }),
    });
    port.turn();
  }

  /** A connection that asks to become a WebSocket, with other headers where given. */
  connect(headers: Record<string, string | undefined> = {}, head: Uint8Array = new Uint8Array()): WebClient {
    const socket = new HandSocket();
    this.port.turn(() => {
      const session = this.http.adopt(socket, true) as Session;
      const request = {
        method: "GET",
        url: "/ws",
        httpVersion: "1.1",
        headers: { ...upgradeHeaders, ...headers },
      };
      this.gate.acceptWebSocket(request as unknown as IncomingMessage, session, head);
    });
    return new WebClient(this.port, socket);
  }

  /** A connection over TCP. */
  connectTcp(): HandSocket {
    const socket = new HandSocket();
    this.port.turn(() => void this.gate.service.adopt(socket, true));
    return socket;
  }

  /** A client that is a guest in the lobby. */
  async guest(name: string, headers: Record<string, string | undefined> = {}): Promise<WebClient> {
    const client = this.connect(headers);
    client.send(PacketType.LOGIN_REQUEST, {
      requestId: 1,
      protocolVersion: 1,
      name,
      credential: { case: "guestKey", value: new Uint8Array(16).fill(name.length) },
    });
    // The login is a promise away.
    let command: Command | undefined;
    while (command === undefined) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      this.port.turn();
      command = this.commands.find(({ type }) => type === "signIn");
    }
    this.commands.length = 0;
    const { session } = command as Extract<Command, { readonly type: "signIn" }>;
    this.port.turn(() => this.hub.reply({ type: "signedIn", session, requestId: 1, lobby: LOBBY }));
    this.port.turn(() => this.hub.subscribe(1, LOBBY.id));
    client.read();
    return client;
  }
}

/** A browser, moved by hand. */
export class WebClient {
  readonly socket: HandSocket;
  readonly #port: HandPort;
  readonly #frames = new ServerFrames();
  #readBytes = 0;
  #head: string | undefined;
  /** Frames that are no messages. */
  readonly control: ServerFrame[] = [];
  /** For each message heard: how many packets it had. */
  readonly packetCounts: number[] = [];
  deflatedCount = 0;

  constructor(port: HandPort, socket: HandSocket) {
    this.#port = port;
    this.socket = socket;
  }

  /** The HTTP response up to the empty line, and behind it where it is no 101. */
  get response(): string {
    this.#flush();
    return this.socket.sent.toString("latin1", 0, this.#responseEnd);
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 (\d+) /.exec(this.response)?.[1]);
  }

  /** The code of the close frame that the server sent; undefined: none came. */
  get closeCode(): number | undefined {
    this.read();
    return this.control.find(({ opcode }) => opcode === Opcode.CLOSE)?.payload.readUInt16BE(0);
  }

  receive(...frames: readonly Uint8Array[]): void {
    this.#port.turn(() => this.socket.receive(Buffer.concat(frames)));
  }

  sendMessage(payload: Uint8Array, opcode: number = Opcode.BINARY): void {
    this.receive(clientFrame({ opcode, payload }));
  }

  send<Type extends ClientPacketType>(type: Type, body: PacketInit<Type>): void {
    this.sendMessage(encodePacketBytes(type, body));
  }

  /** The packets that came since the last time. */
  read(): ServerPacket[] {
    if (this.status !== 101) return [];
    const from = Math.max(this.#readBytes, this.#responseEnd);
    this.#readBytes = this.socket.sent.length;
    const packets: ServerPacket[] = [];
    for (const frame of this.#frames.add(this.socket.sent.subarray(from))) {
      if (frame.opcode >= Opcode.CLOSE) this.control.push(frame);
      else packets.push(...this.#packetsOf(frame));
    }
    return packets;
  }

  /** The peer's close frame, then its FIN, and the end of the connection. */
  hangUp(closeBytes: Uint8Array): void {
    this.receive(closeBytes);
    this.#flush();
    this.end();
  }

  /** The TCP connection ends. */
  end(): void {
    const { events } = this.socket;
    this.#port.turn(() => events.onReceiveEnded(0));
    this.#flush();
    this.#port.turn(() => events.onClosed());
  }

  get #responseEnd(): number {
    if (this.#head === undefined) {
      const end = this.socket.sent.indexOf("\r\n\r\n");
      this.#head = this.socket.sent.toString("latin1", 0, end < 0 ? 0 : end + 4);
    }
    return this.#head.startsWith("HTTP/1.1 101 ") ? this.#head.length : this.socket.sent.length;
  }

  #flush(): void {
    while (this.socket.isSending) this.#port.turn(() => this.socket.completeSend());
  }

  #packetsOf(frame: ServerFrame): ServerPacket[] {
    const { payload, wasDeflated } = messageOf(frame);
    if (wasDeflated) this.deflatedCount++;
    const packets: ServerPacket[] = [];
    for (let at = 0; at < payload.length; at += readPacketSize(payload, at)) {
      packets.push(decodeServerPacket(payload, at, at + readPacketSize(payload, at)));
    }
    this.packetCounts.push(packets.length);
    return packets;
  }
}
