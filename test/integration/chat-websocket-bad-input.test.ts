import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deflateRawSync } from "node:zlib";
import { DisconnectCode, ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import { decodeServerPacket, type ServerPacket } from "../../src/protocol/packet-decoder.ts";
import { encodePacketBytes } from "../../src/protocol/packet-encoder.ts";
import { readPacketSize } from "../../src/protocol/packet-framer.ts";
import { Opcode } from "../../src/websocket/index.ts";
import { admin, LOBBY, ok } from "../support/chat-scenes.ts";
import { ChatTestClient, until } from "../support/chat-test-client.ts";
import { LogKeeper, testBackends } from "../support/chat-test-server.ts";
import { RawWebSocket } from "../support/raw-web-socket.ts";
import { connectWeb, startWebChatServer, webGuest } from "../support/web-chat-server.ts";
import { clientFrame, closeFrame, fragmented, messageOf } from "../support/websocket-frames.ts";

/** The packets in the messages that a client heard. */
function packetsOf({ frames }: RawWebSocket): ServerPacket[] {
  return frames
    .filter(({ opcode }) => opcode === Opcode.BINARY)
    .flatMap((frame) => {
      const { payload } = messageOf(frame);
      const packets: ServerPacket[] = [];
      for (let at = 0; at < payload.length; at += readPacketSize(payload, at)) {
        packets.push(decodeServerPacket(payload, at, at + readPacketSize(payload, at)));
      }
      return packets;
    });
}

function disconnectOf(socket: RawWebSocket): string | undefined {
  const last = packetsOf(socket).at(-1);
  return last?.type === PacketType.DISCONNECT ? DisconnectCode[last.body.code] : undefined;
}

const ping = encodePacketBytes(PacketType.PING, { nonce: 1 });
const binary = (payload: Uint8Array): Buffer => clientFrame({ opcode: Opcode.BINARY, payload });
const deflate = ["Sec-WebSocket-Extensions: permessage-deflate"];

interface Misdeed {
  readonly what: string;
  readonly bytes: () => Uint8Array;
  readonly closeCode: number;
  /** The Disconnect packet before; undefined: what is wrong is no matter of packets. */
  readonly disconnect?: keyof typeof DisconnectCode;
  readonly headers?: readonly string[];
}

const misdeeds: readonly Misdeed[] = [
  {
    what: "a frame that is not masked",
    bytes: () => clientFrame({ opcode: Opcode.BINARY, payload: ping, key: undefined }),
    closeCode: 1002,
  },
  {
    what: "a reserved bit",
    bytes: () => clientFrame({ opcode: Opcode.BINARY, payload: ping, rsv: 2 }),
    closeCode: 1002,
  },
  {
    what: "compression that was not agreed to",
    bytes: () => clientFrame({ opcode: Opcode.BINARY, payload: ping, rsv: 4 }),
    closeCode: 1002,
  },
  { what: "a reserved opcode", bytes: () => clientFrame({ opcode: 3, payload: ping }), closeCode: 1002 },
  {
    what: "a fragmented ping",
    bytes: () => clientFrame({ opcode: Opcode.PING, fin: false }),
    closeCode: 1002,
  },
  {
    what: "a continuation of nothing",
    bytes: () => clientFrame({ opcode: Opcode.CONTINUATION, payload: ping }),
    closeCode: 1002,
  },
  {
    what: "a text that is not UTF-8",
    bytes: () => clientFrame({ opcode: Opcode.TEXT, payload: "\xc3\x28" }),
    closeCode: 1007,
  },
  {
    what: "a message above the limit",
    bytes: () => binary(Buffer.alloc(65_537)),
    closeCode: 1009,
  },
  {
    what: "a message above the limit, in fragments",
    bytes: () => fragmented(Opcode.BINARY, Buffer.alloc(70_000), 1000),
    closeCode: 1009,
  },
  {
    what: "a flood of fragments",
    bytes: () => fragmented(Opcode.BINARY, Buffer.alloc(20_000), 1).subarray(0, 7 * 5000),
    closeCode: 1008,
  },
  {
    what: "a flood of pings",
    bytes: () => Buffer.concat(Array.from({ length: 1000 }, () => clientFrame({ opcode: Opcode.PING }))),
    closeCode: 1008,
  },
  {
    what: "a flood of pongs",
    bytes: () => Buffer.concat(Array.from({ length: 1000 }, () => clientFrame({ opcode: Opcode.PONG }))),
    closeCode: 1008,
  },
  {
    what: "compressed bytes that are none",
    bytes: () => clientFrame({ opcode: Opcode.BINARY, payload: "\xff\xff\xff\xff", rsv: 4 }),
    closeCode: 1007,
    headers: deflate,
  },
  {
    what: "a little that decompresses to very much",
    bytes: () =>
      clientFrame({ opcode: Opcode.BINARY, payload: deflateRawSync(Buffer.alloc(40_000_000)), rsv: 4 }),
    closeCode: 1009,
    headers: deflate,
  },
  {
    what: "a text message",
    bytes: () => clientFrame({ opcode: Opcode.TEXT, payload: "hello" }),
    closeCode: 1003,
    disconnect: "PROTOCOL_ERROR",
  },
  {
    what: "half a packet",
    bytes: () => binary(ping.subarray(0, ping.length - 1)),
    closeCode: DisconnectCode.INVALID_HEADER,
    disconnect: "INVALID_HEADER",
  },
  {
    what: "an empty message",
    bytes: () => binary(new Uint8Array()),
    closeCode: DisconnectCode.INVALID_HEADER,
    disconnect: "INVALID_HEADER",
  },
  {
    what: "a packet above the limit",
    bytes: () => binary(Buffer.from("ff7fe903", "hex")),
    closeCode: DisconnectCode.PACKET_TOO_LARGE,
    disconnect: "PACKET_TOO_LARGE",
  },
  {
    what: "a flood of packets",
    bytes: () => Buffer.concat(Array.from({ length: 1000 }, () => binary(ping))),
    closeCode: DisconnectCode.FLOOD,
    disconnect: "FLOOD",
  },
  {
    what: "a flood of packets in one message",
    bytes: () => binary(Buffer.concat(Array.from({ length: 1000 }, () => ping))),
    closeCode: DisconnectCode.FLOOD,
    disconnect: "FLOOD",
  },
];

for (const backend of testBackends) {
  describe(`bad input over WebSocket on ${backend}`, () => {
    it("ends the connection that it came on, with its code, and no other", async (test) => {
      const log = new LogKeeper();
      const { chat, url, expectRest } = await startWebChatServer(test, backend, {
        log,
        rates: { packetsPerSecond: 50, packetsBurst: 200 },
        websocket: { deflate: true },
      });
      const { client: mina } = await webGuest(url, "mina");
      for (const { what, bytes, closeCode, disconnect, headers } of misdeeds) {
        const socket = await RawWebSocket.open(url, headers);
        await until(() => packetsOf(socket).length === 1, "Hello");
        socket.send(bytes());
        await until(() => socket.closeCode !== undefined, `${what}: the close frame`);
        assert.equal(socket.closeCode, closeCode, what);
        assert.equal(disconnectOf(socket), disconnect, what);
        socket.send(closeFrame(closeCode));
        await until(() => socket.isEnded, `${what}: the end`);
        assert.equal((await mina.publish(LOBBY, what)).code, ErrorCode.OK);
      }
      const kept = log.of("bad input").length;
      assert.ok(kept > 0 && kept <= misdeeds.length, "it is told, and not without end");
      const endings = chat.inspect.disconnects();
      assert.equal(endings.length, misdeeds.length);
      for (const { transport, code } of endings) {
        assert.equal(transport, "websocket");
        assert.notEqual(code, "NONE");
      }
      mina.destroy();
      await expectRest();
    });

    it("leaves nothing behind, wherever a connection breaks off", async (test) => {
      const { chat, url, expectRest } = await startWebChatServer(test, backend);
      const message = fragmented(Opcode.BINARY, Buffer.concat([ping, ping, ping]), 5);
      for (let length = 0; length <= message.length; length++) {
        const socket = await RawWebSocket.open(url);
        socket.send(message.subarray(0, length));
        if (length % 2 === 0) await until(() => packetsOf(socket).length >= 1, "Hello");
        socket.destroy();
      }
      await expectRest();
      assert.equal(chat.counters().service.sessionsOpened, 0, "all of them were HTTP's");
    });

    it("closes as the client wishes, with its own code", async (test) => {
      const { chat, url, expectRest } = await startWebChatServer(test, backend);
      const socket = await RawWebSocket.open(url);
      socket.send(Buffer.concat([binary(ping), closeFrame(1000, "done"), binary(ping)]));
      await until(() => socket.isEnded, "the end");
      assert.equal(socket.closeCode, 1000);
      assert.deepEqual(
        packetsOf(socket).map(({ type }) => type),
        [PacketType.HELLO, PacketType.PONG],
        "what came before is answered, what came after is not heard",
      );
      assert.deepEqual(chat.inspect.disconnects(), [], "nobody had logged in");
      await expectRest();
    });

    it("gives who says nothing no longer than over TCP", async (test) => {
      const { url, expectRest } = await startWebChatServer(test, backend, { timeouts: { handshakeMs: 300 } });
      const socket = await RawWebSocket.open(url);
      await until(() => socket.closeCode !== undefined, "the close frame");
      assert.equal(socket.closeCode, DisconnectCode.HANDSHAKE_TIMEOUT);
      assert.equal(disconnectOf(socket), "HANDSHAKE_TIMEOUT");
      // Neither its close frame nor its FIN comes: the server does not wait for ever.
      await until(() => socket.isEnded, "the end");
      await expectRest();
    });

    it("keeps banned addresses out, and those who are there", async (test) => {
      const { chat, url } = await startWebChatServer(test, backend);
      const root = await admin(chat, "root");
      const from = "127.0.0.9";
      const { client: mina, closing } = await webGuest(url, "mina", { from });
      const { client: joon } = await webGuest(url, "joon");
      const reason = "spam";
      await ok(root.request(PacketType.ADMIN_ADDRESS_REQUEST, { cidr: "127.0.0.8/29", reason }));
      assert.equal((await mina.take(PacketType.DISCONNECT)).reason, "your address is banned: spam");
      assert.equal((await closing).code, DisconnectCode.BANNED);
      const late = await connectWeb(url, { from });
      assert.equal((await late.client.take(PacketType.DISCONNECT)).code, DisconnectCode.BANNED);
      assert.equal((await late.closing).code, DisconnectCode.BANNED);
      assert.equal((await joon.publish(LOBBY, "I am elsewhere")).code, ErrorCode.OK);
    });

    it("does not let a reader that has stopped hold up anybody, not even the server's end", async (test) => {
      const { chat, url, http } = await startWebChatServer(test, backend, {
        limits: { sendQueueBytes: 131_072 },
      });
      const mina = await ChatTestClient.guest(chat.addresses.packets, "mina");
      const { client: joon } = await webGuest(url, "joon");
      joon.pause();
      const waiting = () => chat.inspect.totals().queuedBytes;
      // Until the kernel takes no more of it.
      for (let said = 0; waiting() === 0; said++) {
        assert.ok(said < 40_000);
        await ok(mina.publish(LOBBY, "x".repeat(4000)));
      }
      await chat.stop(5000);
      assert.deepEqual([chat.counters().connections, http.service.sessionCount], [0, 0]);
    });
  });
}
