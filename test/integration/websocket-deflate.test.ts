import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { SocketAddress } from "../../src/engine/index.ts";
import { roughFaults } from "../../src/engine/simulated/network-faults.ts";
import { defaultDeflateSettings } from "../../src/websocket/index.ts";
import { deflateMessage } from "../../src/websocket/message-deflate.ts";
import {
  type PortEnvironment,
  type PortSubject,
  simulatedSubject,
  uringSubject,
} from "../conformance/environments.ts";
import { WebSocketEcho } from "../support/websocket-echo.ts";
import { clientFrame, fragmented } from "../support/websocket-frames.ts";
import { WebSocketTestClient } from "../support/websocket-test-client.ts";

const seed = Number(process.env["PORTICO_SEED"] ?? 7692);

const offer = ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"];

const subjects: readonly PortSubject[] = [
  simulatedSubject("simulated", seed),
  simulatedSubject("simulated, rough", seed + 1, roughFaults),
  await uringSubject(),
];

for (const subject of subjects) {
  describe(`deflate on ${subject.name}, PORTICO_SEED=${seed}`, { skip: subject.skipReason }, () => {
    let env: PortEnvironment;
    let echo: WebSocketEcho;
    let address: SocketAddress;

    before(async () => {
      env = await subject.create();
      echo = new WebSocketEcho(env.server, { deflate: {}, messageLimitBytes: 262_144 });
      address = await env.settled(echo.listen(env.listenAddress));
    });

    after(async () => {
      assert.equal(echo.service.receiveBuffers.rentedBytes, 0, "every buffer is back");
      echo.service.sendBuffers.trim();
      assert.equal(echo.service.sendBuffers.usedCount, 0, "every chunk is free");
      await env.close();
    });

    async function connect(extra: readonly string[] = offer): Promise<WebSocketTestClient> {
      const client = new WebSocketTestClient(env.client);
      await env.settled(client.connect(address, extra));
      await env.until(() => client.isOpen, "the connection is open");
      return client;
    }

    async function close(client: WebSocketTestClient): Promise<void> {
      client.close(1000);
      await env.until(() => client.end !== undefined, "the server has ended the connection");
      assert.equal(client.closeFrame?.[1], 1000);
    }

    it("echoes messages of many sizes, compressed and fragmented, among some that are not", async () => {
      const client = await connect();
      const expected: string[] = [];
      for (const size of [0, 1, 255, 256, 1000, 65_535, 65_536, 200_000]) {
        const plain = Buffer.alloc(size, "The same again. ");
        const compressed = deflateMessage([plain], defaultDeflateSettings);
        client.send(clientFrame({ opcode: 1, rsv: 4, payload: compressed }));
        client.send(clientFrame({ opcode: 1, payload: plain }));
        const pieces = fragmented(1, compressed, 100);
        pieces[0] = (pieces[0] as number) | 0x40;
        client.send(pieces);
        for (let count = 0; count < 3; count++) expected.push(plain.toString("latin1"));
      }
      await env.until(() => client.heard.length >= expected.length, "every message came back");
      assert.ok(client.messages.every(([, payload], index) => payload === expected[index]));
      assert.deepEqual(
        client.compressed,
        expected.map((payload) => payload.length >= 256),
      );
      await close(client);
    });

    it("puts control frames between the fragments of a compressed message", async () => {
      const client = await connect();
      const compressed = deflateMessage([Buffer.alloc(1000, "abc")], defaultDeflateSettings);
      client.send(clientFrame({ opcode: 2, rsv: 4, fin: false, payload: compressed.subarray(0, 3) }));
      client.send(clientFrame({ opcode: 9, payload: "hello" }));
      client.send(clientFrame({ opcode: 0, payload: compressed.subarray(3) }));
      await env.until(() => client.heard.length >= 2, "both were answered");
      assert.deepEqual(client.heard, [
        ["pong", "hello"],
        ["binary", Buffer.alloc(1000, "abc").toString("latin1")],
      ]);
      await close(client);
    });

    it("declines what it cannot meet, and goes on without", async () => {
      const client = await connect([
        "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=8",
      ]);
      assert.ok(!client.head.includes("Extensions"));
      client.send(clientFrame({ opcode: 1, payload: "x".repeat(1000) }));
      await env.until(() => client.heard.length === 1, "it came back");
      assert.deepEqual(client.compressed, [false]);
      client.send(clientFrame({ opcode: 1, rsv: 4, payload: "x" }));
      await env.until(() => client.end !== undefined, "the server has ended the connection");
      assert.equal(client.closeFrame?.[1], 1002);
    });

    it("stops a bomb at the message limit", async () => {
      const client = await connect();
      const bomb = deflateMessage([Buffer.alloc(30_000_000)], defaultDeflateSettings);
      assert.ok(bomb.length < 65_536);
      client.send(clientFrame({ opcode: 2, rsv: 4, payload: bomb }));
      await env.until(() => client.end !== undefined, "the server has ended the connection");
      assert.equal(client.closeFrame?.[1], 1009);
    });
  });
}
