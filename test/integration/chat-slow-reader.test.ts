import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ChatServer } from "../../src/chat/chat-server.ts";
import { ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import { RoomKind, SlowReader } from "../../src/protocol/generated/portico/v1/portico_pb.js";
import { again, cast, createRoom, join, ok } from "../support/chat-scenes.ts";
import { type ChatTestClient, until } from "../support/chat-test-client.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

const limits = { sendQueueBytes: 131_072 };
const TEXT = "x".repeat(4000);

/** Says `count` long things; the server takes so many at once of one session. */
async function talk(speaker: ChatTestClient, roomId: number, count: number): Promise<void> {
  for (let said = 0; said < count; said += 100) {
    const answers = Array.from({ length: Math.min(100, count - said) }, () => speaker.publish(roomId, TEXT));
    for (const { code } of await Promise.all(answers)) assert.equal(ErrorCode[code], "OK");
  }
}

/** An offset, and whether it was heard as a message or was in a gap. */
interface Heard {
  readonly offset: number;
  readonly isGap: boolean;
}

function readAll(reader: ChatTestClient, roomId: number): Heard[] {
  return reader.inbox.flatMap((packet): Heard[] => {
    if (packet.type === PacketType.MESSAGE_NOTICE && packet.body.roomId === roomId) {
      return [{ offset: Number(packet.body.offset), isGap: false }];
    }
    if (packet.type === PacketType.ROOM_GAP_NOTICE && packet.body.roomId === roomId) {
      const { fromOffset, toOffset } = packet.body;
      const length = Number(toOffset - fromOffset) + 1;
      return Array.from({ length }, (_, index) => ({ offset: Number(fromOffset) + index, isGap: true }));
    }
    return [];
  });
}

/** What a reader that was stopped heard, in all, after it read on. */
async function readOn(
  server: ChatServer,
  reader: ChatTestClient,
  speaker: ChatTestClient,
  roomId: number,
  last: number,
): Promise<Heard[]> {
  reader.resume();
  await until(() => reader.isEnded || (readAll(reader, roomId).at(-1)?.offset ?? 0) >= last, "all of it");
  assert.equal(reader.isEnded, false, "nobody is cut off");
  const next = await ok(speaker.publish(roomId, "new"));
  assert.equal(Number(next.offset), last + 1);
  await until(() => readAll(reader, roomId).at(-1)?.offset === last + 1, "what is new");
  assert.equal(server.counters().gate.disconnects.SLOW_READER ?? 0, 0);
  return readAll(reader, roomId);
}

for (const backend of testBackends) {
  describe(`slow readers on ${backend}`, () => {
    const count = 4000;

    async function scene(server: ChatServer, kind: RoomKind, slowReader: SlowReader) {
      const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
      const roomId = await createRoom(mina, "tea", { kind, slowReader });
      const { room } = await ok(join(joon, "tea"));
      assert.equal(room?.slowReader, slowReader);
      await mina.sync();
      return { mina, joon, roomId, epoch: room?.epoch ?? "" };
    }

    it("DISCONNECT: is cut off, comes back and resumes without a gap", async (test) => {
      const server = await startTestServer(test, backend, { limits });
      const { mina, joon, roomId, epoch } = await scene(server, RoomKind.LOGGED, SlowReader.DISCONNECT);
      joon.pause();
      let said = 0;
      while ((server.counters().gate.disconnects.SLOW_READER ?? 0) === 0) {
        await talk(mina, roomId, 200);
        said += 200;
        assert.ok(said < 40_000, "it is cut off");
      }
      joon.destroy();
      const back = await again(server, "joon");
      const joined = await ok(join(back, "tea", { position: { epoch, offset: 0 } }));
      assert.equal(joined.recovered, true);
      await until(() => readAll(back, roomId).length === said, "the replay");
      for (const [index, { offset }] of readAll(back, roomId).entries()) assert.equal(offset, index + 1);
    });

    for (const kind of ["LOGGED", "MEMORY"] as const) {
      it(`SKIP_TO_LATEST: what it could not take is left out, and it is told so (${kind})`, async (test) => {
        const server = await startTestServer(test, backend, { limits });
        const { mina, joon, roomId } = await scene(server, RoomKind[kind], SlowReader.SKIP_TO_LATEST);
        joon.pause();
        await talk(mina, roomId, count);
        joon.resume();
        // What is said while it catches up may be left out as well; the gap says so.
        await until(() => joon.heard(PacketType.ROOM_GAP_NOTICE).length > 0, "the gap");
        const { offset } = await ok(mina.publish(roomId, "new"));
        await until(() => readAll(joon, roomId).at(-1)?.offset === Number(offset), "what is new");
        assert.equal(joon.isEnded, false);
        const heard = readAll(joon, roomId);
        for (const [index, entry] of heard.entries()) assert.equal(entry.offset, index + 1, "heard or told");
        assert.ok(heard.some(({ isGap }) => isGap));
        assert.ok(joon.heard(PacketType.ROOM_GAP_NOTICE).length < count / 10, "many in one notice");
        assert.equal(heard.at(-1)?.isGap, false);
        assert.equal(server.counters().gate.disconnects.SLOW_READER ?? 0, 0);
      });
    }

    it("CATCH_UP: it is sent everything, as it reads", async (test) => {
      const server = await startTestServer(test, backend, { limits });
      const { mina, joon, roomId } = await scene(server, RoomKind.LOGGED, SlowReader.CATCH_UP);
      joon.pause();
      await talk(mina, roomId, count);
      const { sendBuffers } = server.counters();
      assert.ok(sendBuffers.usedBytes < 1_048_576, `${sendBuffers.usedBytes} bytes are held for it`);
      const heard = await readOn(server, joon, mina, roomId, count);
      for (const [index, entry] of heard.entries()) {
        assert.deepEqual(entry, { offset: index + 1, isGap: false });
      }
    });

    it("CATCH_UP in a room in memory skips", async (test) => {
      const server = await startTestServer(test, backend, { limits });
      const { mina, joon, roomId } = await scene(server, RoomKind.MEMORY, SlowReader.CATCH_UP);
      joon.pause();
      await talk(mina, roomId, count);
      joon.resume();
      await until(() => joon.heard(PacketType.ROOM_GAP_NOTICE).length > 0, "the gap");
      const { offset } = await ok(mina.publish(roomId, "new"));
      await until(() => readAll(joon, roomId).at(-1)?.offset === Number(offset), "what is new");
      for (const [index, entry] of readAll(joon, roomId).entries()) assert.equal(entry.offset, index + 1);
    });

    it("what a slow reader itself asks for is answered, and others do not wait for it", async (test) => {
      const server = await startTestServer(test, backend, { limits });
      const { mina, joon, roomId } = await scene(server, RoomKind.LOGGED, SlowReader.CATCH_UP);
      joon.pause();
      await talk(mina, roomId, count);
      const own = joon.publish(roomId, "I am still here");
      const first = await mina.take(PacketType.MESSAGE_NOTICE, ({ sender }) => sender === "joon");
      assert.equal(Number(first.offset), count + 1);
      joon.resume();
      assert.equal(Number((await ok(own)).offset), count + 1);
      await until(() => (readAll(joon, roomId).at(-1)?.offset ?? 0) >= count, "all of it");
      const others = readAll(joon, roomId).filter(({ offset }) => offset !== count + 1);
      for (const [index, { offset }] of others.entries()) assert.equal(offset, index + 1);
    });
  });
}
