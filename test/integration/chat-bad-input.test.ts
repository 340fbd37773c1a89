import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { ChatServer, ChatServerOptions } from "../../src/chat/chat-server.ts";
import { ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import { ChatTestClient, until } from "../support/chat-test-client.ts";
import { LogKeeper, startTestServer, type TestBackend, testBackends } from "../support/chat-test-server.ts";

const LOBBY = 1;

function packet(type: number, body: readonly number[] = [], size = 4 + body.length): Uint8Array {
  return Uint8Array.of(size & 0xff, size >>> 8, type & 0xff, type >>> 8, ...body);
}

/** A server with two users who talk all the time a third misbehaves, and notice nothing of it. */
class Scene {
  readonly server: ChatServer;
  readonly log: LogKeeper;
  readonly bad: ChatTestClient;
  readonly #speaker: ChatTestClient;
  readonly #listener: ChatTestClient;

  private constructor(server: ChatServer, log: LogKeeper, clients: readonly ChatTestClient[]) {
    this.server = server;
    this.log = log;
    [this.#speaker, this.#listener, this.bad] = clients as [ChatTestClient, ChatTestClient, ChatTestClient];
  }

  /** `isLoggedIn`: whether the one who misbehaves is. */
  static async open(
    test: TestContext,
    backend: TestBackend,
    isLoggedIn: boolean,
    options: Omit<ChatServerOptions, "packets"> = {},
  ): Promise<Scene> {
    const log = new LogKeeper();
    const server = await startTestServer(test, backend, { ...options, log });
    const { packets } = server.addresses;
    const speaker = await ChatTestClient.guest(packets, "speaker");
    const listener = await ChatTestClient.guest(packets, "listener");
    const bad = await (isLoggedIn ? ChatTestClient.guest(packets, "bad") : ChatTestClient.connect(packets));
    for (const client of isLoggedIn ? [speaker, listener, bad] : [speaker, listener]) {
      await client.sync();
      client.inbox.length = 0; // who joined
    }
    return new Scene(server, log, [speaker, listener, bad]);
  }

  /** The others still talk, and were told nothing but, at most, that the third has left. */
  async assertNobodyNoticed(): Promise<void> {
    assert.equal((await this.#speaker.publish(LOBBY, "still here")).code, ErrorCode.OK);
    assert.equal((await this.#listener.take(PacketType.MESSAGE_NOTICE)).text, "still here");
    for (const client of [this.#speaker, this.#listener]) {
      const heard = client.inbox.filter((sent) => sent.type !== PacketType.USER_LEFT_NOTICE);
      assert.deepEqual(heard, []);
    }
  }

  /** One line says who and why. */
  assertLogged(kind: string, user?: string): void {
    const lines = this.log.of("bad input", kind);
    assert.equal(lines.length, 1, `one line for ${kind}`);
    assert.equal(lines[0]?.fields.address, "127.0.0.1");
    assert.equal(lines[0]?.fields.user, user);
    assert.ok(typeof lines[0]?.fields.session === "number");
    assert.ok(typeof lines[0]?.fields.detail === "string");
  }
}

for (const backend of testBackends) {
  describe(`bad input on ${backend}`, () => {
    for (const size of [0, 1, 2, 3]) {
      it(`a header with size ${size}: INVALID_HEADER`, async (test) => {
        const scene = await Scene.open(test, backend, false);
        scene.bad.sendBytes(packet(PacketType.PING, [], size));
        assert.equal(await scene.bad.disconnectCode(), "INVALID_HEADER");
        scene.assertLogged("INVALID_HEADER");
        await scene.assertNobodyNoticed();
      });
    }

    it("a size above the limit: PACKET_TOO_LARGE, told before any body has come", async (test) => {
      const scene = await Scene.open(test, backend, true);
      scene.bad.sendBytes(Uint8Array.of(0x01, 0x40)); // 16,385
      assert.equal(await scene.bad.disconnectCode(), "PACKET_TOO_LARGE");
      scene.assertLogged("PACKET_TOO_LARGE", "bad");
      await scene.assertNobodyNoticed();
    });

    it("packets before the bad header are answered first", async (test) => {
      const scene = await Scene.open(test, backend, true);
      const { bad } = scene;
      const ping = packet(PacketType.PING, [0x08, 5]);
      bad.sendBytes(Uint8Array.of(...ping, ...packet(0, [], 3)));
      assert.equal((await bad.take(PacketType.PONG)).nonce, 5);
      assert.equal(await bad.disconnectCode(), "INVALID_HEADER");
    });

    it("an unknown type, and one that only servers send: UNKNOWN_TYPE, and the session goes on", async (test) => {
      const scene = await Scene.open(test, backend, true);
      for (const type of [0, 7777, 65_535, PacketType.HELLO, PacketType.MESSAGE_NOTICE]) {
        scene.bad.sendBytes(packet(type, [0x08, 1]));
        const answer = await scene.bad.take(PacketType.ERROR_NOTICE);
        assert.equal(answer.code, ErrorCode.UNKNOWN_TYPE);
        assert.equal(answer.packetType, type);
      }
      assert.equal((await scene.bad.publish(LOBBY, "hi")).code, ErrorCode.OK);
      scene.assertLogged("UNKNOWN_TYPE", "bad");
    });

    for (const [what, body] of [
      ["invalid protobuf", [0x08, 0x09, 0x22, 0x7f, 0x41]],
      ["an unfinished number", [0x08, 0xff, 0xff]],
      ["invalid UTF-8", [0x08, 0x09, 0x10, 0x01, 0x1a, 0x01, 0x61, 0x22, 0x02, 0xc3, 0x28]],
    ] as const) {
      it(`${what}: INVALID_PACKET, and PROTOCOL_ERROR at the tenth`, async (test) => {
        const scene = await Scene.open(test, backend, true);
        for (let count = 0; count < 10; count++) {
          scene.bad.sendBytes(packet(PacketType.PUBLISH_REQUEST, body));
          const answer = await scene.bad.take(PacketType.ERROR_NOTICE);
          assert.equal(answer.code, ErrorCode.INVALID_PACKET);
          assert.equal(answer.packetType, PacketType.PUBLISH_REQUEST);
        }
        assert.equal(await scene.bad.disconnectCode(), "PROTOCOL_ERROR");
        await until(() => scene.log.of("bad input in all").length === 1, "the summary");
        scene.assertLogged("INVALID_PACKET", "bad");
        assert.deepEqual(scene.log.of("bad input in all")[0]?.fields.counts, { INVALID_PACKET: 10 });
        await scene.assertNobodyNoticed();
      });
    }

    it("texts, names and ids that are not allowed, each with its code", async (test) => {
      const scene = await Scene.open(test, backend, true);
      const { bad } = scene;
      for (const text of ["", "   ", "x".repeat(4001), "é".repeat(2001), "bell \u0007", "\u0000"]) {
        assert.equal((await bad.publish(LOBBY, text)).code, ErrorCode.TEXT_INVALID);
        assert.equal((await bad.whisper("speaker", text)).code, ErrorCode.TEXT_INVALID);
      }
      for (const id of ["", "i".repeat(65), "\u0001"]) {
        assert.equal((await bad.publish(LOBBY, "hi", id)).code, ErrorCode.INVALID_PACKET);
      }
      assert.equal((await bad.publish(LOBBY, "x".repeat(4000))).code, ErrorCode.OK);
      assert.equal((await bad.publish(4_000_000_000, "hi")).code, ErrorCode.ROOM_NOT_FOUND);
      scene.assertLogged("TEXT_INVALID", "bad");
    });

    it("request id 0: INVALID_PACKET", async (test) => {
      const scene = await Scene.open(test, backend, true);
      scene.bad.send(PacketType.PUBLISH_REQUEST, { roomId: LOBBY, clientMessageId: "a", text: "hi" });
      assert.equal((await scene.bad.take(PacketType.PUBLISH_RESPONSE)).code, ErrorCode.INVALID_PACKET);
      await scene.assertNobodyNoticed();
    });

    it("requests before login: NOT_LOGGED_IN in the request's own response", async (test) => {
      const scene = await Scene.open(test, backend, false);
      const { bad } = scene;
      const { NOT_LOGGED_IN } = ErrorCode;
      assert.equal((await bad.publish(LOBBY, "hi")).code, NOT_LOGGED_IN);
      assert.equal((await bad.whisper("speaker", "hi")).code, NOT_LOGGED_IN);
      const room = { roomId: LOBBY };
      for (const [request, response, body] of [
        [PacketType.JOIN_ROOM_REQUEST, PacketType.JOIN_ROOM_RESPONSE, { name: "lobby" }],
        [PacketType.LEAVE_ROOM_REQUEST, PacketType.LEAVE_ROOM_RESPONSE, room],
        [PacketType.HISTORY_REQUEST, PacketType.HISTORY_RESPONSE, room],
        [PacketType.USER_LIST_REQUEST, PacketType.USER_LIST_RESPONSE, room],
        [PacketType.LOGOUT_REQUEST, PacketType.LOGOUT_RESPONSE, {}],
      ] as const) {
        const answer = await bad.ask(request, body, response);
        assert.equal(answer.code, NOT_LOGGED_IN);
      }
      scene.assertLogged("NOT_LOGGED_IN");
      await scene.assertNobodyNoticed();
    });

    it("too many packets: RATE_LIMITED with the time to wait, and FLOOD for who goes on", async (test) => {
      const rates = { packetsPerSecond: 5, packetsBurst: 20 };
      const scene = await Scene.open(test, backend, true, { rates });
      const { bad } = scene;
      for (let count = 0; count < 100; count++) {
        bad.send(PacketType.PUBLISH_REQUEST, {
          requestId: 1000 + count,
          roomId: 99,
          clientMessageId: "a",
          text: "hi",
        });
      }
      const limited = await bad.take(
        PacketType.PUBLISH_RESPONSE,
        ({ code }) => code === ErrorCode.RATE_LIMITED,
      );
      assert.ok(limited.retryAfterMs > 0 && limited.retryAfterMs <= 200);
      assert.equal(await bad.disconnectCode(), "FLOOD");
      assert.equal(scene.server.counters().gate.disconnects.FLOOD, 1);
      scene.assertLogged("FLOOD", "bad");
      scene.assertLogged("RATE_LIMITED", "bad");
      await scene.assertNobodyNoticed();
    });

    it("connecting again and again to misbehave fills no log", async (test) => {
      const scene = await Scene.open(test, backend, false);
      for (let count = 0; count < 60; count++) {
        const client = await ChatTestClient.connect(scene.server.addresses.packets);
        client.sendBytes(packet(0, [], 2));
        assert.equal(await client.disconnectCode(), "INVALID_HEADER");
      }
      const lines = scene.log.lines.filter(({ level }) => level !== "debug");
      assert.ok(lines.length <= 13, `${lines.length} lines`);
      await scene.assertNobodyNoticed();
    });

    it("says nothing of what was in a packet, in no log line", async (test) => {
      const scene = await Scene.open(test, backend, false);
      const { bad } = scene;
      await bad.register("secretive", "hush-hush-hush-hush");
      await bad.login("secretive", "wrong-wrong-wrong");
      await bad.login("secretive", "hush-hush-hush-hush");
      await bad.publish(LOBBY, "very private text");
      await bad.publish(LOBBY, "very private text \u0000");
      bad.sendBytes(packet(PacketType.LOGIN_REQUEST, [0x22, 0x7f, ...Buffer.from("hush-hush-hush-hush")]));
      await bad.take(PacketType.ERROR_NOTICE);
      bad.destroy();
      await until(() => scene.log.of("session ended").length > 0, "the end");
      const all = JSON.stringify(scene.log.lines);
      for (const secret of ["hush", "wrong-wrong", "very private"]) assert.ok(!all.includes(secret), secret);
    });

    it("bytes at random never bring the server down", async (test) => {
      const scene = await Scene.open(test, backend, false);
      let state = 12_345;
      const random = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 16;
      for (let round = 0; round < 40; round++) {
        const client = await ChatTestClient.connect(scene.server.addresses.packets);
        if (round % 2 === 0) await client.loginGuest(`fuzz${round}`);
        const types = Object.values(PacketType).filter((type) => typeof type === "number");
        for (let count = 0; count < 9; count++) {
          const body = Array.from({ length: random() % 40 }, () => random() & 0xff);
          client.sendBytes(packet(types[random() % types.length] as number, body));
        }
        client.sendBytes(Uint8Array.from({ length: random() % 200 }, () => random() & 0xff));
        client.destroy();
      }
      await until(() => scene.server.counters().connections === 3, "the end of all of them");
    });
  });
}
