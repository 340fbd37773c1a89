import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { describe, it } from "node:test";
import { HandSocket } from "../../../test/support/hand-port.ts";
import { upgradeHeaders, type WebClient, WebGate } from "../../../test/support/web-gate.ts";
import { clientFrame, closeFrame } from "../../../test/support/websocket-frames.ts";
import { slotOf } from "../../engine/index.ts";
import { DisconnectCode, PacketType } from "../../protocol/codes.ts";
import { encodePacketBytes } from "../../protocol/packet-encoder.ts";
import { Opcode } from "../../websocket/index.ts";
import { GateSettingsError } from "./gate-settings.ts";

/** The code of the Disconnect packet among those that were not read yet; undefined: there is none. */
function disconnectCode(client: WebClient): string | undefined {
  const packet = client.read().find(({ type }) => type === PacketType.DISCONNECT);
  return packet?.type === PacketType.DISCONNECT ? DisconnectCode[packet.body.code] : undefined;
}

function types(client: WebClient): PacketType[] {
  return client.read().map(({ type }) => type);
}

describe("Gate.acceptWebSocket", () => {
  it("answers 101 with the protocol, and says Hello in a message", () => {
    const world = new WebGate();
    const client = world.connect();
    assert.equal(client.status, 101);
    assert.match(client.response, /\r\nSec-WebSocket-Protocol: portico\.v1\r\n/);
    assert.match(client.response, /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/);
    assert.deepEqual(types(client), [PacketType.HELLO]);
    assert.equal(world.gate.sessionCount, 1);
    assert.equal(world.gate.counters.webSockets, 1);
  });

  it("hears what came right behind the request", () => {
    const world = new WebGate();
    const ping = encodePacketBytes(PacketType.PING, { nonce: 7 });
    const client = world.connect({}, clientFrame({ opcode: Opcode.BINARY, payload: ping }));
    assert.deepEqual(types(client), [PacketType.HELLO, PacketType.PONG]);
  });

  it("turns away what is no upgrade of its own, each with its status", () => {
    const world = new WebGate();
    for (const [headers, status] of [
      [{ "sec-websocket-protocol": undefined }, 400],
      [{ "sec-websocket-protocol": "portico.v2, chat" }, 400],
      [{ "sec-websocket-version": "8" }, 426],
      [{ upgrade: "h2c" }, 426],
      [{ "sec-websocket-key": "short" }, 400],
      [{ origin: "https://evil.example" }, 403],
      [{ origin: "null" }, 403],
    ] as const) {
      const client = world.connect(headers);
      assert.equal(client.status, status, JSON.stringify(headers));
      assert.match(client.response, /\r\nConnection: close\r\n/);
      assert.deepEqual(client.socket.calls.at(-1), "shutdown", "the connection is ended");
      client.end();
    }
    assert.equal(world.gate.sessionCount, 0);
    assert.equal(world.http.sessionCount, 0);
  });

  it("lets pages of the listed origins in, and programs that name none", () => {
    const world = new WebGate({ websocket: { origins: ["https://other.example"] } });
    assert.equal(world.connect({ origin: "https://other.example" }).status, 101);
    assert.equal(world.connect({ origin: undefined }).status, 101);
    assert.equal(world.connect().status, 403);
    world.gate.reload({ websocket: { origins: [] } });
    assert.equal(world.connect().status, 101);
    assert.equal(world.connect({ origin: "https://other.example" }).status, 403);
    for (const websocket of [{ origins: ["other.example"] }, { messageBytes: 10 }]) {
      assert.throws(() => world.gate.reload({ websocket }), GateSettingsError);
    }
  });

  it("counts with TCP for the limit of connections, and answers 503 when it is reached", () => {
    const world = new WebGate({ limits: { connections: 2 } });
    world.connectTcp();
    const first = world.connect();
    assert.equal(first.status, 101);
    const second = world.connect();
    assert.equal(second.status, 503);
    assert.match(second.response, /\r\nRetry-After: \d+\r\n/);
    assert.equal(world.gate.counters.disconnects.SERVER_FULL, 1);
    first.hangUp(closeFrame(1000));
    assert.equal(world.gate.sessionCount, 1);
    assert.equal(world.connect().status, 101);
  });

  it("keeps the sessions of both services apart", () => {
    const world = new WebGate({ limits: { connections: 4 } });
    world.connectTcp();
    world.connect();
    const slots = world.gate.inspector
      .sessions({ search: "", slowOnly: false, sort: "age", limit: 10 })
      .sessions.map(({ session }) => slotOf(session));
    assert.deepEqual(slots, [0, 4]);
  });

  it("tells whoever is banned, and ends the connection at once", () => {
    const world = new WebGate();
    const ban = { cidr: "127.0.0.0/8", untilMs: world.port.clock.wallMs() + 5000, reason: "spam" };
    const before = world.connect();
    before.read();
    world.port.turn(() => world.hub.broadcast({ type: "serverRules", lockdown: 0, addressBans: [ban] }));
    assert.equal(disconnectCode(before), "BANNED");
    assert.equal(before.closeCode, DisconnectCode.BANNED);
    const after = world.connect();
    assert.equal(disconnectCode(after), "BANNED");
    assert.equal(after.closeCode, DisconnectCode.BANNED);
  });

  it("disconnects who does not log in in time", () => {
    const world = new WebGate({ timeouts: { handshakeMs: 3000 } });
    const client = world.connect();
    client.read();
    world.port.advance(2500);
    assert.equal(client.closeCode, undefined);
    world.port.advance(1000);
    assert.equal(disconnectCode(client), "HANDSHAKE_TIMEOUT");
    assert.equal(client.closeCode, DisconnectCode.HANDSHAKE_TIMEOUT);
  });

  it("pings who is silent, as over TCP, and ends who does not answer", async () => {
    const world = new WebGate({ timeouts: { pingMs: 1000, pongMs: 500 } });
    const [client, mute] = [await world.guest("mina"), await world.guest("joon")];
    world.port.advance(1200);
    for (const each of [client, mute]) assert.deepEqual(types(each), [PacketType.PING]);
    world.port.advance(100);
    client.send(PacketType.PONG, { nonce: 0 });
    world.port.advance(600);
    assert.deepEqual(types(client), []);
    assert.equal(disconnectCode(mute), "HEARTBEAT_TIMEOUT");
    assert.equal(mute.closeCode, DisconnectCode.HEARTBEAT_TIMEOUT);
  });
});

describe("packets over WebSocket", () => {
  const ping = (nonce: number): Uint8Array => encodePacketBytes(PacketType.PING, { nonce });

  it("come one or several in a message, and in fragments", () => {
    const world = new WebGate();
    const client = world.connect();
    client.read();
    client.sendMessage(Buffer.concat([ping(1), ping(2), ping(3)]));
    assert.deepEqual(types(client), Array.from({ length: 3 }).fill(PacketType.PONG));
    const two = Buffer.concat([ping(4), ping(5)]);
    client.receive(
      clientFrame({ opcode: Opcode.BINARY, payload: two.subarray(0, 5), fin: false }),
      clientFrame({ opcode: Opcode.PING, payload: "in between" }),
      clientFrame({ opcode: Opcode.CONTINUATION, payload: two.subarray(5) }),
    );
    assert.deepEqual(types(client), [PacketType.PONG, PacketType.PONG]);
    assert.deepEqual(
      client.control.map(({ opcode, payload }) => [opcode, String(payload)]),
      [[Opcode.PONG, "in between"]],
    );
  });

  it("must be whole: what is not is answered with Disconnect and the same close code", () => {
    const cut = ping(300);
    const tooLarge = Buffer.alloc(70_000);
    tooLarge.writeUInt16LE(20_000);
    for (const [payload, code] of [
      [cut.subarray(0, cut.length - 1), "INVALID_HEADER"],
      [cut.subarray(0, 1), "INVALID_HEADER"],
      [Buffer.concat([cut, cut.subarray(0, 3)]), "INVALID_HEADER"],
      [new Uint8Array(), "INVALID_HEADER"],
      [Uint8Array.of(3, 0, 0, 0), "INVALID_HEADER"],
      [tooLarge.subarray(0, 20_000), "PACKET_TOO_LARGE"],
    ] as const) {
      const world = new WebGate();
      const client = world.connect();
      client.read();
      client.sendMessage(payload);
      assert.equal(disconnectCode(client), code);
      assert.equal(client.closeCode, DisconnectCode[code]);
      client.hangUp(closeFrame(DisconnectCode[code]));
      assert.equal(world.gate.sessionCount, 0);
      assert.equal(world.gate.counters.disconnects[code], 1);
    }
  });

  it("go in binary messages: a text is answered with 1003, behind Disconnect", () => {
    const world = new WebGate();
    const client = world.connect();
    client.read();
    client.sendMessage(Buffer.from("hello"), Opcode.TEXT);
    assert.equal(disconnectCode(client), "PROTOCOL_ERROR");
    assert.equal(client.closeCode, 1003);
  });

  it("are not heard any more once one of a message has ended the session", () => {
    const world = new WebGate({ limits: { invalidPackets: 1 } });
    const client = world.connect();
    client.read();
    const unreadable = Uint8Array.of(5, 0, PacketType.PING & 0xff, PacketType.PING >> 8, 0xff);
    client.sendMessage(Buffer.concat([ping(1), unreadable, ping(2)]));
    assert.deepEqual(types(client), [PacketType.PONG, PacketType.ERROR_NOTICE, PacketType.DISCONNECT]);
    assert.equal(client.closeCode, DisconnectCode.PROTOCOL_ERROR);
  });

  it("leave what breaks the protocol of WebSocket to its own close codes, and count it", () => {
    for (const [frame, closeCode, name] of [
      [clientFrame({ opcode: Opcode.BINARY, payload: ping(1), key: undefined }), 1002, "PROTOCOL_ERROR"],
      [clientFrame({ opcode: Opcode.BINARY, payload: ping(1), rsv: 4 }), 1002, "PROTOCOL_ERROR"],
      [clientFrame({ opcode: Opcode.TEXT, payload: "\xff" }), 1007, "PROTOCOL_ERROR"],
      [clientFrame({ opcode: Opcode.BINARY, payload: Buffer.alloc(70_000) }), 1009, "PACKET_TOO_LARGE"],
    ] as const) {
      const world = new WebGate();
      const client = world.connect();
      client.read();
      client.receive(frame);
      assert.deepEqual(types(client), []);
      assert.equal(client.closeCode, closeCode);
      client.end();
      assert.equal(world.gate.counters.disconnects[name], 1);
      const [ending] = world.gate.inspector.disconnects();
      assert.deepEqual([ending?.code, ending?.transport], [name, "websocket"]);
      assert.equal(world.gate.sessionCount, 0);
    }
  });

  it("are compressed where that was agreed to, and only there", async () => {
    const world = new WebGate({ websocket: { deflate: true } });
    const offer = { "sec-websocket-extensions": "permessage-deflate; client_max_window_bits" };
    const [plain, deflating] = [await world.guest("mina"), await world.guest("joon", offer)];
    world.port.turn(() => {
      for (let offset = 11; offset < 41; offset++) {
        world.hub.publish({
          type: "message",
          roomId: 1,
          offset,
          timeMs: 1,
          sender: "sora",
          text: "the same again",
          kind: "text",
          target: 0,
          replyTo: 0,
          publisher: 0,
          requestId: 0,
        });
      }
    });
    for (const client of [plain, deflating]) {
      const offsets = client
        .read()
        .map((packet) => packet.type === PacketType.MESSAGE_NOTICE && packet.body.offset);
      assert.deepEqual(
        offsets,
        Array.from({ length: 30 }, (_, index) => BigInt(index + 11)),
      );
      assert.equal(client.packetCounts.at(-1), 30, "one message has the whole run");
    }
    assert.deepEqual([plain.deflatedCount, deflating.deflatedCount], [0, 1]);
  });
});

describe("the end of a gate with WebSockets", () => {
  it("tells them SHUTDOWN with its close code, refuses new ones, and waits until they have ended", async () => {
    const world = new WebGate();
    const [client, mute] = [world.connect(), world.connect()];
    for (const each of [client, mute]) each.read();
    let isStopped = false;
    const stopped = world.gate.stop(1000).then(() => {
      isStopped = true;
    });
    const settle = (): Promise<void> =>
      new Promise((resolve) => {
        setImmediate(resolve);
      });
    await settle();
    world.port.turn();
    await settle();
    const late = world.connect();
    assert.equal(late.status, 503);
    assert.match(late.response, /\r\nRetry-After: \d+\r\n/);
    for (const each of [client, mute]) {
      assert.equal(disconnectCode(each), "SHUTDOWN");
      assert.equal(each.closeCode, DisconnectCode.SHUTDOWN);
    }
    client.hangUp(closeFrame(DisconnectCode.SHUTDOWN));
    await settle();
    assert.equal(isStopped, false, "one has not answered");
    // Its close frame does not come: the close timeout passes, then the drain timeout.
    world.port.advance(10_000);
    assert.match(mute.socket.calls.at(-1) ?? "", /^(close|abort)$/);
    mute.end();
    await stopped;
    late.end();
    assert.deepEqual([world.gate.sessionCount, world.gate.counters.webSockets], [0, 0]);
    world.sendBuffers.trim();
    assert.equal(world.sendBuffers.usedCount, 0);
  });

  it("does nothing with a connection that has ended meanwhile", () => {
    const world = new WebGate();
    const socket = new HandSocket();
    world.port.turn(() => {
      const session = world.http.adopt(socket, true);
      assert.ok(session !== undefined);
      session.abort();
      const request = { method: "GET", url: "/ws", httpVersion: "1.1", headers: upgradeHeaders };
      world.gate.acceptWebSocket(request as unknown as IncomingMessage, session, new Uint8Array());
    });
    assert.deepEqual(socket.calls, ["startReceiving", "abort"]);
    assert.equal(world.gate.sessionCount, 0);
  });
});
