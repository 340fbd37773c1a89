import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import {
  ModerateRequest_Action as Action,
  RoomAccess,
  RoomKind,
  RoomListRequest_Scope as Scope,
  RoomRole,
} from "../../src/protocol/generated/portico/v1/portico_pb.js";
import type { RequestPacketType } from "../../src/protocol/packets.ts";
import { cast, createRoom, join, ok } from "../support/chat-scenes.ts";
import type { ChatTestClient } from "../support/chat-test-client.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

const UNKNOWN_ROOM = 4000;
const UNKNOWN_MEMORY_ROOM = 1_000_004_000;

/** Everything that can be asked about a room by its id, and of its name. */
function requestsAbout(roomId: number, name: string): [RequestPacketType, object][] {
  const text = { text: "hi", clientMessageId: "same" };
  const one = { roomId, offset: 1, clientMessageId: "same" };
  return [
    [PacketType.JOIN_ROOM_REQUEST, { name }],
    [PacketType.JOIN_ROOM_REQUEST, { name, password: "some password" }],
    [PacketType.JOIN_ROOM_REQUEST, { name, position: { epoch: "e", offset: 1 } }],
    [PacketType.LEAVE_ROOM_REQUEST, { roomId }],
    [PacketType.LEAVE_ROOM_REQUEST, { roomId, giveUp: true }],
    [PacketType.PUBLISH_REQUEST, { roomId, ...text }],
    [PacketType.EDIT_MESSAGE_REQUEST, { ...one, text: "hi" }],
    [PacketType.DELETE_MESSAGE_REQUEST, one],
    [PacketType.REACT_REQUEST, { ...one, reaction: "👍" }],
    [PacketType.MARK_READ_REQUEST, { roomId, offset: 1 }],
    [PacketType.UPDATE_ROOM_REQUEST, { roomId, topic: "t" }],
    [PacketType.UPDATE_ROOM_REQUEST, { roomId, name: "other" }],
    [PacketType.UPDATE_ROOM_REQUEST, { roomId, password: "some password" }],
    [PacketType.DELETE_ROOM_REQUEST, { roomId }],
    [PacketType.MEMBER_LIST_REQUEST, { roomId }],
    [PacketType.USER_LIST_REQUEST, { roomId }],
    [PacketType.INVITE_REQUEST, { roomId, name: "joon" }],
    [PacketType.INVITE_REQUEST, { roomId, name: "nobody" }],
    [PacketType.SET_ROLE_REQUEST, { roomId, name: "joon", role: RoomRole.OWNER }],
    [PacketType.MODERATE_REQUEST, { roomId, name: "mina", action: Action.BAN }],
    [PacketType.HISTORY_REQUEST, { roomId }],
    [PacketType.HISTORY_REQUEST, { roomId, around: 1 }],
    [PacketType.HISTORY_REQUEST, { roomId, fromTimeMs: 1 }],
    [PacketType.SEARCH_REQUEST, { roomId, query: "first" }],
    [PacketType.SANCTION_LIST_REQUEST, { roomId }],
  ];
}

async function assertHidden(who: ChatTestClient, roomId: number, name: string): Promise<void> {
  const isInMemory = roomId >= 1_000_000_000;
  const unknown = requestsAbout(isInMemory ? UNKNOWN_MEMORY_ROOM : UNKNOWN_ROOM, "none-such");
  for (const [index, [type, body]] of requestsAbout(roomId, name).entries()) {
    const hidden = await who.request(type, body);
    const none = await who.request(type, unknown[index]?.[1] ?? {});
    const what = `${PacketType[type]} ${JSON.stringify(body)}`;
    assert.deepEqual({ ...hidden, requestId: 0 }, { ...none, requestId: 0 }, what);
    assert.ok(!("code" in hidden) || hidden.code !== ErrorCode.OK, what);
  }
  const before = who.inbox.length;
  who.send(PacketType.TYPING, { roomId });
  who.send(PacketType.TYPING, { roomId: UNKNOWN_ROOM });
  await who.sync();
  assert.equal(who.inbox.length, before, "typing has no answer, there or nowhere");
}

for (const backend of testBackends) {
  describe(`hidden rooms on ${backend}`, () => {
    for (const kind of ["LOGGED", "MEMORY"] as const) {
      it(`a private room is as none to others, whatever they ask (${kind})`, async (test) => {
        const server = await startTestServer(test, backend);
        const { mina, joon, sora, gina } = await cast(server, {
          mina: "account",
          joon: "account",
          sora: "account",
          gina: "guest",
        });
        const roomId = await createRoom(mina, "cellar", {
          kind: RoomKind[kind],
          access: RoomAccess.PRIVATE,
          topic: "first wine",
        });
        await ok(mina.publish(roomId, "first bottle"));
        for (const who of [joon, gina]) await assertHidden(who, roomId, "cellar");

        await ok(mina.request(PacketType.INVITE_REQUEST, { roomId, name: "sora" }));
        await ok(join(sora, "cellar"));
        await ok(sora.request(PacketType.LEAVE_ROOM_REQUEST, { roomId, giveUp: true }));
        await assertHidden(sora, roomId, "cellar");

        await ok(mina.request(PacketType.INVITE_REQUEST, { roomId, name: "joon" }));
        await ok(join(joon, "cellar"));
        await ok(mina.request(PacketType.MODERATE_REQUEST, { roomId, name: "joon", action: Action.BAN }));
        await joon.take(PacketType.ROOM_CLOSED_NOTICE);
        await assertHidden(joon, roomId, "cellar");
      });
    }

    it("others' conversations are as none, and have no name to join", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, sora, gina } = await cast(server, {
        joon: "account",
        mina: "account",
        sora: "account",
        gina: "guest",
      });
      const { roomId } = await ok(mina.whisper("joon", "first secret"));
      for (const who of [sora, gina]) await assertHidden(who, roomId, "none");
      for (const name of ["@1:2", "@2:1", `@${roomId}`]) {
        const answer = await join(sora, name);
        assert.equal(ErrorCode[answer.code], "NAME_INVALID");
      }
    });

    it("lists, searches and names of others show nothing of a private room", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
      const secret = "cellar-door-47";
      const roomId = await createRoom(mina, secret, { access: RoomAccess.PRIVATE, topic: "pinot" });
      await ok(mina.publish(roomId, "the pinot is for joon alone"));
      const open = await ok(joon.request(PacketType.ROOM_LIST_REQUEST, { scope: Scope.OPEN }));
      assert.ok(!open.rooms.some(({ name }) => name === secret));
      const prefix = secret.slice(0, 3);
      const found = await ok(joon.request(PacketType.ROOM_LIST_REQUEST, { scope: Scope.OPEN, prefix }));
      assert.deepEqual(found.rooms, []);
      const hits = await ok(joon.request(PacketType.SEARCH_REQUEST, { query: "pinot" }));
      assert.deepEqual(hits.hits, []);
      await joon.sync();
      const heard = JSON.stringify(joon.inbox, (_, value: unknown) =>
        typeof value === "bigint" ? String(value) : value,
      );
      assert.ok(!heard.includes("pinot") && !heard.includes(secret));
      assert.equal(
        ErrorCode[(await joon.request(PacketType.CREATE_ROOM_REQUEST, { name: secret, kind: 1 })).code],
        "ROOM_EXISTS",
        "that a name is taken cannot be hidden",
      );
    });

    it("a room that becomes private is hidden from those who are not in it", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon, sora } = await cast(server, { mina: "account", joon: "account", sora: "account" });
      const roomId = await createRoom(mina, "tea");
      await ok(join(joon, "tea"));
      await ok(join(sora, "tea"));
      await ok(sora.request(PacketType.LEAVE_ROOM_REQUEST, { roomId, giveUp: true }));
      await ok(mina.request(PacketType.UPDATE_ROOM_REQUEST, { roomId, access: RoomAccess.PRIVATE }));
      await assertHidden(sora, roomId, "tea");
      await ok(joon.publish(roomId, "we two"));
      await ok(joon.request(PacketType.LEAVE_ROOM_REQUEST, { roomId }));
      await ok(join(joon, "tea"));
    });
  });
}
