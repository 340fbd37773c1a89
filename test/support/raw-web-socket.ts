import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Opcode } from "../../src/websocket/index.ts";
import { until } from "./chat-test-client.ts";
import { type ServerFrame, ServerFrames } from "./websocket-frames.ts";

/** A WebSocket that sends exactly the bytes it is told to, right or wrong. */
export class RawWebSocket {
  readonly frames: ServerFrame[] = [];
  isEnded = false;
  readonly #socket: Socket;
  readonly #reader = new ServerFrames();
  #head = "";

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => this.#onData(bytes));
    socket.on("error", () => undefined); // "close" follows
    socket.once("close", () => {
      this.isEnded = true;
    });
  }

  /** Opens one at "ws://HOST:PORT/PATH", with these header lines besides. */
  static async open(url: string, extra: readonly string[] = []): Promise<RawWebSocket> {
    const { hostname, port, pathname } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const made = new RawWebSocket(socket);
    await once(socket, "connect");
    const lines = [
      `GET ${pathname} HTTP/1.1`,
      `Host: ${hostname}:${port}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Protocol: portico.v1",
      ...extra,
    ];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    await until(() => made.isOpen || made.isEnded, "the answer to the upgrade");
    return made;
  }

  get isOpen(): boolean {
    return this.#head.startsWith("HTTP/1.1 101 ");
  }

  /** The code of the server's close frame; undefined: none came. */
  get closeCode(): number | undefined {
    return this.frames.find(({ opcode }) => opcode === Opcode.CLOSE)?.payload.readUInt16BE(0);
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Stops reading. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #onData(bytes: Buffer): void {
    let from = 0;
    if (!this.#head.endsWith("\r\n\r\n")) {
      const all = Buffer.concat([Buffer.from(this.#head, "latin1"), bytes]);
      const end = all.indexOf("\r\n\r\n");
      from = end < 0 ? bytes.length : end + 4 - this.#head.length;
      this.#head = all.toString("latin1", 0, end < 0 ? all.length : end + 4);
    }
    if (this.isOpen) this.frames.push(...this.#reader.add(bytes.subarray(from)));
  }
}
