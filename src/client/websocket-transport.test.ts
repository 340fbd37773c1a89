import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DisconnectCode, PacketType } from "../protocol/codes.ts";
import { encodePacketBytes } from "../protocol/packet-encoder.ts";
import { browserEnvironment } from "./browser-environment.ts";
import { ChatClient } from "./chat-client.ts";
import { ManualEnvironment } from "./testing/manual-environment.ts";
import {
  type WebSocketLike,
  type WebSocketLikeEvent,
  WebSocketTransport,
  type WebSocketTransportOptions,
  webSocketUrl,
} from "./websocket-transport.ts";

class FakeSocket implements WebSocketLike {
  binaryType = "blob";
  bufferedAmount = 0;
  protocol = "";
  readonly sent: Uint8Array[] = [];
  readonly closes: (number | undefined)[] = [];
  readonly #listeners = new Map<string, ((event: WebSocketLikeEvent) => void)[]>();

  addEventListener(type: string, listener: (event: WebSocketLikeEvent) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    this.sent.push(data.slice());
  }

  close(code?: number): void {
    this.closes.push(code);
  }

  dispatch(type: "open" | "message" | "close", event: WebSocketLikeEvent = {}): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }

  open(protocol = "portico.v1"): void {
    this.protocol = protocol;
    this.dispatch("open");
  }

  message(...packets: readonly Uint8Array[]): void {
    this.dispatch("message", { data: Uint8Array.from(packets.flatMap((packet) => [...packet])).buffer });
  }
}

function ping(nonce: number): Uint8Array {
  return encodePacketBytes(PacketType.PING, { nonce }, 65_535);
}

function open(options: Partial<WebSocketTransportOptions> = {}) {
  const socket = new FakeSocket();
  const environment = new ManualEnvironment();
  const told: string[] = [];
  const transport = new WebSocketTransport({
    url: "ws://test/ws",
    open: (url, protocol) => {
      told.push(`open ${url} ${protocol}`);
      return socket;
    },
    environment,
    ...options,
  });
  const connection = transport.connect({
    onOpen: () => told.push("opened"),
    onPacket: (bytes, start, end) => told.push(`packet ${[...bytes.subarray(start, end)].join(" ")}`),
    onClosed: (why, { closeCode } = {}) =>
      told.push(`closed: ${why}${closeCode === undefined ? "" : ` [${closeCode}]`}`),
  });
  told.length = 0;
  return { socket, environment, told, connection };
}

describe("WebSocketTransport", () => {
  it("offers portico.v1 and takes array buffers", () => {
    const asked: string[] = [];
    const socket = new FakeSocket();
    const transport = new WebSocketTransport({
      url: "ws://test/ws",
      open: (...given) => {
        asked.push(...given);
        return socket;
      },
    });
    transport.connect({ onOpen: () => {}, onPacket: () => {}, onClosed: () => {} });
    assert.deepEqual(asked, ["ws://test/ws", "portico.v1"]);
    assert.equal(socket.binaryType, "arraybuffer");
    assert.equal(transport.address, "ws://test/ws");
  });

  it("cuts a message into its packets", () => {
    const { socket, told } = open();
    socket.open();
    socket.message(ping(1), ping(2));
    socket.message(ping(3));
    const expected = [1, 2, 3].map((nonce) => `packet ${[...ping(nonce)].join(" ")}`);
    assert.deepEqual(told, ["opened", ...expected]);
  });

  it("takes an empty message for no packet at all", () => {
    const { socket, told } = open();
    socket.open();
    socket.message();
    assert.deepEqual(told, ["opened"]);
  });

  for (const [what, bytes] of [
    ["half a header", [5, 0, 1]],
    ["a size below the header's", [3, 0, 1, 0]],
    ["a packet that reaches past the end", [9, 0, 1, 0, 0]],
  ] as const) {
    it(`gives up on ${what}, after the packets before it`, () => {
      const { socket, told, environment } = open();
      socket.open();
      socket.message(ping(1), Uint8Array.from(bytes));
      environment.advance(0);
      socket.message(ping(2));
      assert.equal(told.length, 3);
      assert.match(told[2] ?? "", /^closed: the server sent a message that is not whole packets$/);
      assert.deepEqual(socket.closes, [4000]);
    });
  }

  it("gives up on a text message", () => {
    const { socket, told, environment } = open();
    socket.open();
    socket.dispatch("message", { data: "hello" });
    environment.advance(0);
    assert.deepEqual(told, ["opened", "closed: the server sent a text message"]);
  });

  it("gives up on a server that chooses no protocol", () => {
    const { socket, told, environment } = open();
    socket.open("");
    environment.advance(0);
    assert.deepEqual(told, ["closed: ws://test/ws does not speak portico.v1"]);
    assert.deepEqual(socket.closes, [1000]);
  });

  it("sends each packet as a message of its own, and nothing before it is open or after the end", () => {
    const { socket, connection, told } = open();
    assert.equal(connection.send(ping(1)), false);
    socket.open();
    assert.equal(connection.send(ping(2)), true);
    socket.dispatch("close", { code: 1006, reason: "" });
    assert.equal(connection.send(ping(3)), false);
    assert.deepEqual(socket.sent, [ping(2)]);
    assert.deepEqual(told, ["opened", "closed: the connection ended without a word"]);
  });

  it("gives up when too much waits to be sent", () => {
    const { socket, connection, told, environment } = open({ bufferLimitBytes: 100 });
    socket.open();
    socket.bufferedAmount = 94;
    assert.equal(connection.send(ping(0)), true);
    socket.bufferedAmount = 98;
    assert.equal(connection.send(ping(0)), false);
    assert.deepEqual(told, ["opened"], "the end is told in a later turn");
    environment.advance(0);
    assert.deepEqual(told, [
      "opened",
      "closed: the server takes nothing: more than 100 bytes wait to be sent",
    ]);
  });

  it("closes, and tells the end when the socket does", () => {
    const { socket, connection, told, environment } = open();
    socket.open();
    connection.close();
    connection.close();
    assert.deepEqual(socket.closes, [1000]);
    socket.message(ping(1));
    socket.dispatch("close", { code: 1000 });
    socket.dispatch("close", { code: 1000 });
    environment.advance(60_000);
    assert.equal(told.length, 3);
    assert.equal(told[2], "closed: the server closed the connection (1000) [1000]");
    assert.equal(environment.timerCount, 0);
  });

  it("does not wait for ever for the answer to a close", () => {
    const { socket, connection, told, environment } = open();
    socket.open();
    connection.close();
    environment.advance(4999);
    assert.deepEqual(told, ["opened"]);
    environment.advance(1);
    socket.dispatch("close", { code: 1000 });
    assert.deepEqual(told, ["opened", "closed: the server did not answer"]);
  });

  for (const end of ["close", "abort"] as const) {
    it(`tells one end when ${end} is called while connecting`, () => {
      const { socket, connection, told, environment } = open();
      connection[end]();
      connection.abort();
      socket.open();
      socket.dispatch("close", { code: 1006 });
      environment.advance(10_000);
      assert.deepEqual(told, ["closed: given up while connecting"]);
      assert.deepEqual(socket.closes, [1000]);
    });
  }

  it("hears nothing more after an abort in the middle of a message", () => {
    const socket = new FakeSocket();
    const environment = new ManualEnvironment();
    const told: string[] = [];
    const transport = new WebSocketTransport({ url: "ws://test/ws", open: () => socket, environment });
    const connection = transport.connect({
      onOpen: () => {},
      onPacket: () => {
        told.push("packet");
        connection.abort();
      },
      onClosed: () => told.push("closed"),
    });
    socket.open();
    socket.message(ping(1), ping(2));
    environment.advance(0);
    assert.deepEqual(told, ["packet", "closed"]);
  });

  it("tells that nothing was reached", () => {
    const { socket, told } = open();
    socket.dispatch("close", { code: 1006 });
    assert.deepEqual(told, ["closed: connect ws://test/ws: no connection"]);
  });

  it("tells an address that the runtime refuses, in a later turn", () => {
    const { told, environment, connection } = open({
      open: () => {
        throw new SyntaxError("the URL is not valid");
      },
    });
    assert.equal(connection.send(ping(1)), false);
    connection.abort();
    assert.deepEqual(told, []);
    environment.advance(0);
    assert.deepEqual(told, ["closed: the URL is not valid"]);
  });

  it("takes the server's code from the close when there was no Disconnect", async () => {
    for (const [code, stateName] of [
      [DisconnectCode.SLOW_READER, "offline"],
      [DisconnectCode.BANNED, "closed"],
    ] as const) {
      const socket = new FakeSocket();
      const environment = new ManualEnvironment();
      const transport = new WebSocketTransport({ url: "ws://test/ws", open: () => socket, environment });
      const client = new ChatClient({ transport, environment });
      const connected = client.connect({ name: "mina", password: "correct horse" });
      const outcome = connected.catch(() => {});
      socket.open();
      socket.dispatch("close", { code, reason: "" });
      const { state } = client;
      assert.equal(state.name, stateName);
      assert.ok(state.name === "offline" || state.name === "closed");
      assert.equal(state.disconnectCode, DisconnectCode[code]);
      await client.close();
      await outcome;
    }
  });

  it("makes the page's address its own", () => {
    assert.equal(webSocketUrl("http://127.0.0.1:8080/?x=1#/room/lobby"), "ws://127.0.0.1:8080/ws");
    assert.equal(webSocketUrl("https://chat.example.org/some/page"), "wss://chat.example.org/ws");
  });
});

describe("browserEnvironment", () => {
  it("draws numbers below 1, and bytes", () => {
    for (let round = 0; round < 100; round++) {
      const number = browserEnvironment.random.next();
      assert.ok(number >= 0 && number < 1);
    }
    assert.equal(browserEnvironment.random.bytes(12).byteLength, 12);
  });

  it("starts timers, and cancels them", async () => {
    const expired: string[] = [];
    browserEnvironment.startTimer(0, () => expired.push("cancelled")).cancel();
    await new Promise<void>((resolve) => {
      browserEnvironment.startTimer(0, () => {
        expired.push("kept");
        resolve();
      });
    });
    assert.deepEqual(expired, ["kept"]);
    browserEnvironment.startTimer(2 ** 40, () => {}).cancel();
  });
});
