import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PacketType } from "../../src/protocol/codes.ts";
import { type HistoryResponse, RoomKind } from "../../src/protocol/generated/portico/v1/portico_pb.js";
import { cast, codeOf, createRoom, eventually, history, join, LOBBY, ok } from "../support/chat-scenes.ts";
import type { ChatTestClient } from "../support/chat-test-client.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

function offsetsOf({ messages }: HistoryResponse): number[] {
  return messages.map(({ offset }) => Number(offset));
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

async function sayMany(who: ChatTestClient, roomId: number, count: number, sizeBytes = 1): Promise<void> {
  for (let index = 0; index < count; index++) await ok(who.publish(roomId, "x".repeat(sizeBytes)));
}

for (const backend of testBackends) {
  for (const kind of ["LOGGED", "MEMORY"] as const) {
    it(`pages by offset, around and by time, in a ${kind} room on ${backend}`, async (test) => {
      const server = await startTestServer(test, backend);
      const { mina } = await cast(server, { mina: "account" });
      const roomId = await createRoom(mina, "tea", { kind: RoomKind[kind] });
      assert.deepEqual(offsetsOf(await ok(history(mina, roomId))), []);
      assert.deepEqual(offsetsOf(await ok(history(mina, roomId, { around: 5 }))), []);
      await sayMany(mina, roomId, 60);
      const read = (where: Parameters<typeof history>[2]) => ok(history(mina, roomId, where));
      const cases: [Parameters<typeof history>[2], number[], boolean][] = [
        [{}, range(1, 50), true],
        [{ after: 55 }, range(56, 60), false],
        [{ after: 50, limit: 10 }, range(51, 60), false],
        [{ after: 49, limit: 10 }, range(50, 59), true],
        [{ after: 60 }, [], false],
        [{ after: 2n ** 64n - 1n }, [], false],
        [{ before: 1 }, [], false],
        [{ before: 4 }, range(1, 3), false],
        [{ before: 61, limit: 3 }, range(58, 60), true],
        [{ before: 2n ** 64n - 1n, limit: 3 }, range(58, 60), true],
        [{ fromTimeMs: 1, limit: 2 }, range(1, 2), true],
        [{ fromTimeMs: 2n ** 64n - 1n }, [], false],
        [{ limit: 4_000_000_000 }, range(1, 60), false],
      ];
      for (const [where, offsets, more] of cases) {
        const page = await read(where);
        const what = JSON.stringify(where, (_, value: unknown) => String(value));
        assert.deepEqual(offsetsOf(page), offsets, what);
        assert.equal(page.more, more, what);
      }
      const start = await read({ around: 1, limit: 4 });
      assert.ok(start.more && offsetsOf(start).length >= 2);
      assert.deepEqual(offsetsOf(start), range(1, offsetsOf(start).length));
      const around = offsetsOf(await read({ around: 30, limit: 11 }));
      assert.equal(around.length, 11);
      assert.deepEqual(around, range(around[0] as number, (around[0] as number) + 10));
      assert.ok(around.includes(30) && around.includes(27) && around.includes(33), "in the middle");
      const some = (await read({ after: 19, limit: 1 })).messages[0];
      const fromThen = offsetsOf(await read({ fromTimeMs: some?.timeMs ?? 0n, limit: 200 }));
      assert.ok((fromThen[0] as number) <= 20 && fromThen.at(-1) === 60);
      const earlier = await read({ before: fromThen[0] as number, limit: 1 });
      assert.ok(
        earlier.messages.every(({ timeMs }) => timeMs < (some?.timeMs ?? 0n)),
        "and not before",
      );
    });
  }

  describe(`history on ${backend}`, () => {
    it("fits in packets, whichever way it is read", async (test) => {
      const limits = { packetBytes: 1100, textBytes: 500 };
      const server = await startTestServer(test, backend, { limits });
      const { mina } = await cast(server, { mina: "account" });
      const roomId = await createRoom(mina, "tea");
      await sayMany(mina, roomId, 20, 300);
      const page = await ok(history(mina, roomId, { around: 10, limit: 20 }));
      const offsets = offsetsOf(page);
      assert.ok(offsets.length >= 2 && offsets.length <= 3);
      assert.ok(offsets.includes(10), "the one asked for is in it");
      assert.equal(page.more, true);
      const first = await ok(history(mina, roomId, { fromTimeMs: 1, limit: 20 }));
      assert.equal(offsetsOf(first)[0], 1);
      assert.equal(first.more, true);
      const last = await ok(history(mina, roomId, { before: 21, limit: 20 }));
      assert.equal(offsetsOf(last).at(-1), 20);
      assert.equal(last.more, true);
    });

    it("finds words by their beginnings, all of them, the newest first, in pages", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina } = await cast(server, { mina: "account" });
      const roomId = await createRoom(mina, "tea");
      const other = await createRoom(mina, "coffee");
      for (const text of ["green leaves", "Greenland is cold", "cold tea", "안녕하세요 여러분", "Ünïcode"]) {
        await ok(mina.publish(roomId, text));
      }
      await ok(mina.publish(other, "green beans"));
      const search = async (query: string, fields: object = {}) => {
        const { hits } = await ok(mina.request(PacketType.SEARCH_REQUEST, { query, ...fields }));
        return hits.map(({ message }) => message?.text);
      };
      assert.deepEqual(await search("green"), ["green beans", "Greenland is cold", "green leaves"]);
      assert.deepEqual(await search("GREEN cold"), ["Greenland is cold"]);
      assert.deepEqual(await search("green", { roomId }), ["Greenland is cold", "green leaves"]);
      assert.deepEqual(await search("green", { roomId, before: 2 }), ["green leaves"]);
      assert.deepEqual(await search("안녕"), ["안녕하세요 여러분"]);
      assert.deepEqual(await search("unicode"), ["Ünïcode"]);
      assert.deepEqual(await search("reen"), []);
      const page = await ok(mina.request(PacketType.SEARCH_REQUEST, { query: "green", roomId, limit: 1 }));
      assert.equal(page.more, true);
      assert.equal(page.hits[0]?.room, "tea");
    });

    it("finds only what the user may read", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon, gina } = await cast(server, { mina: "account", joon: "account", gina: "guest" });
      const tea = await createRoom(mina, "tea");
      await ok(mina.publish(tea, "needle in tea"));
      await ok(mina.publish(LOBBY, "needle in the lobby"));
      await ok(mina.whisper("gina", "needle for gina"));
      const search = async (who: ChatTestClient) => {
        const { hits } = await ok(who.request(PacketType.SEARCH_REQUEST, { query: "needle" }));
        return hits.map(({ message }) => message?.text ?? "").toSorted();
      };
      assert.deepEqual(await search(joon), ["needle in the lobby"]);
      assert.deepEqual(await search(gina), ["needle for gina", "needle in the lobby"]);
      const there = joon.request(PacketType.SEARCH_REQUEST, { query: "needle", roomId: tea });
      assert.equal(await codeOf(there), "NOT_A_MEMBER");
      await ok(join(joon, "tea"));
      assert.deepEqual(await search(joon), ["needle in tea", "needle in the lobby"]);
      await ok(joon.request(PacketType.LEAVE_ROOM_REQUEST, { roomId: tea }));
      assert.deepEqual(await search(joon), ["needle in tea", "needle in the lobby"], "still a member");
      await ok(join(joon, "tea"));
      await ok(joon.request(PacketType.LEAVE_ROOM_REQUEST, { roomId: tea, giveUp: true }));
      assert.deepEqual(await search(joon), ["needle in the lobby"]);
    });

    it("takes hostile queries for what they are: words, or nothing", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina } = await cast(server, { mina: "account" });
      await ok(mina.publish(LOBBY, "plain text"));
      const search = (query: string) => mina.request(PacketType.SEARCH_REQUEST, { query });
      const hostile = [
        '"', '""', '"plain', "plain\"", "*", "plain*", "^plain", "plain OR nothing", "NOT plain", "NEAR(plain text)",
        "text : plain", "sender:mina", "{plain}", "(plain", "plain)", "-plain", "+plain", "plain'; DROP TABLE message",
        "%", "_", "\\", "a".repeat(256), "😀", "🙂 🙃", "\u0301", "-- plain", "plain AND", "AND", "'", "|", "plain|text",
        ", ".repeat(100), "p l a i n ".repeat(25), "\u202eplain", "[plain]", "rank", "plain text\u200b",
      ]; // prettier-ignore
      for (const query of hostile) {
        const answer = await search(query);
        assert.equal(await codeOf(answer), "OK", `${JSON.stringify(query)}: ${answer.detail}`);
        for (const { message } of answer.hits) assert.ok(message !== undefined);
      }
      assert.equal((await ok(search("plain OR nothing"))).hits.length, 0, "OR is a word");
      for (const query of ["", "   ", "x".repeat(257), "bell\u0007", "nul\u0000"]) {
        assert.equal(await codeOf(search(query)), "INVALID_PACKET", JSON.stringify(query));
      }
      const before = mina.request(PacketType.SEARCH_REQUEST, { query: "plain", before: 5 });
      assert.equal(await codeOf(before), "INVALID_PACKET", "before is of a room");
    });

    it("keeps so many of the newest messages, and so old ones, as the room is set to", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina } = await cast(server, { mina: "account" });
      const counted = await createRoom(mina, "tea");
      const aged = await createRoom(mina, "coffee");
      await sayMany(mina, counted, 20);
      await sayMany(mina, aged, 3);
      const update = (fields: object) => ok(mina.request(PacketType.UPDATE_ROOM_REQUEST, fields));
      await update({ roomId: counted, retentionCount: 5 });
      await update({ roomId: aged, retentionAgeMs: 1 });
      const look = async (roomId: number) => offsetsOf(await ok(history(mina, roomId, { limit: 200 })));
      await eventually(
        () => look(counted),
        (offsets) => offsets.length === 5,
        "what is too much goes",
      );
      await eventually(
        () => look(aged),
        (offsets) => offsets.length <= 1,
        "what is too old goes",
      );
      assert.deepEqual(await look(counted), range(16, 20));
      const state = await ok(join(mina, "tea"));
      assert.deepEqual([state.room?.firstOffset, state.room?.lastOffset], [16n, 20n]);
      assert.equal((await ok(mina.publish(counted, "on we go"))).offset, 21n, "offsets go on");
      assert.equal((await ok(mina.publish(aged, "on we go"))).offset, 4n);
    });
  });
}
