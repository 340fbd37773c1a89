import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PacketType } from "../../src/protocol/codes.ts";
import {
  type MemberListResponse,
  ModerateRequest_Action as Action,
  RoomAccess,
  RoomKind,
  type RoomListEntry,
  type RoomListResponse,
  RoomListRequest_Scope as Scope,
  RoomRole,
} from "../../src/protocol/generated/portico/v1/portico_pb.js";
import { account, cast, codeOf, createRoom, join, joinAll, LOBBY, ok } from "../support/chat-scenes.ts";
import type { ChatTestClient } from "../support/chat-test-client.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

function list(who: ChatTestClient, scope: Scope, fields: object = {}) {
  return who.request(PacketType.ROOM_LIST_REQUEST, { ...fields, scope });
}

async function wholeList(who: ChatTestClient, scope: Scope, limit: number): Promise<RoomListEntry[]> {
  const rooms: RoomListEntry[] = [];
  for (let more = true; more;) {
    const page: RoomListResponse = await ok(list(who, scope, { after: rooms.at(-1)?.cursor ?? "", limit }));
    assert.ok(page.rooms.length > 0 && page.rooms.length <= limit);
    rooms.push(...page.rooms);
    more = page.more;
  }
  return rooms;
}

for (const backend of testBackends) {
  describe(`room lists on ${backend}`, () => {
    it("lists open rooms in pages, with who is in them now", async (test) => {
      const limits = { roomsPerSession: 40, roomsOwnedPerUser: 40 };
      const server = await startTestServer(test, backend, { limits });
      const { mina, joon, gina } = await cast(server, { mina: "account", joon: "account", gina: "guest" });
      const names = Array.from({ length: 20 }, (_, index) => `room-${String(index).padStart(2, "0")}`);
      for (const [index, name] of names.entries()) {
        await createRoom(mina, name, { kind: index % 5 === 4 ? RoomKind.MEMORY : RoomKind.LOGGED });
      }
      await createRoom(mina, "hidden", { access: RoomAccess.PRIVATE });
      await createRoom(mina, "hidden-too", { access: RoomAccess.PRIVATE, kind: RoomKind.MEMORY });
      await createRoom(mina, "vault", { access: RoomAccess.PASSWORD, password: "open sesame now" });
      await joinAll("room-03", joon, gina);
      for (const limit of [1, 7, 100]) {
        const rooms = await wholeList(gina, Scope.OPEN, limit);
        assert.deepEqual(
          rooms.map(({ name }) => name).toSorted(),
          ["lobby", ...names, "vault"],
          `by ${limit}`,
        );
        const third = rooms.find(({ name }) => name === "room-03");
        assert.equal(third?.memberCount, 3);
        assert.equal(rooms.find(({ name }) => name === "room-04")?.kind, RoomKind.MEMORY);
        assert.equal(rooms.find(({ name }) => name === "vault")?.access, RoomAccess.PASSWORD);
      }
      const some = await ok(list(joon, Scope.OPEN, { prefix: "ROOM-1" }));
      assert.deepEqual(some.rooms.map(({ name }) => name).toSorted(), names.slice(10));
    });

    it("cuts a list that does not fit in a packet", async (test) => {
      const limits = { packetBytes: 1100, textBytes: 300, roomsPerSession: 40, roomsOwnedPerUser: 40 };
      const server = await startTestServer(test, backend, { limits });
      const { mina } = await cast(server, { mina: "account" });
      for (let index = 0; index < 12; index++) {
        await createRoom(mina, `room-${index + 10}`, { topic: "t".repeat(250) });
      }
      const first = await ok(list(mina, Scope.OPEN, { limit: 100 }));
      assert.ok(first.more && first.rooms.length < 8);
      assert.equal((await wholeList(mina, Scope.OPEN, 100)).length, 13);
    });

    it("lists the user's own rooms with role, unread and mention counts", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon, gina } = await cast(server, { mina: "account", joon: "account", gina: "guest" });
      const tea = await createRoom(mina, "tea", { access: RoomAccess.PRIVATE });
      await ok(mina.request(PacketType.INVITE_REQUEST, { roomId: tea, name: "joon" }));
      await ok(join(joon, "tea"));
      await createRoom(mina, "coffee");
      await ok(joon.request(PacketType.LEAVE_ROOM_REQUEST, { roomId: tea }));
      await ok(mina.publish(tea, "one"));
      const last = await ok(mina.publish(tea, "two, @Joon!"));
      const rooms = await wholeList(joon, Scope.MINE, 1);
      const entry = rooms.find(({ roomId }) => roomId === tea);
      assert.ok(entry, "a private room too, although the session is not in it");
      assert.equal(entry.role, RoomRole.MEMBER);
      assert.equal(entry.lastOffset, 2n);
      assert.equal(entry.lastTimeMs, last.timeMs);
      assert.equal(entry.readOffset, 0n);
      assert.equal(entry.unreadCount, 2);
      assert.equal(entry.mentionCount, 1);
      assert.equal(entry.memberCount, 1);
      assert.ok(!rooms.some(({ name }) => name === "coffee"));
      const own = (await ok(list(mina, Scope.MINE))).rooms.find(({ roomId }) => roomId === tea);
      assert.equal(own?.role, RoomRole.OWNER);
      assert.equal(own?.unreadCount, 0, "one's own messages are not unread");
      await ok(join(gina, "coffee"));
      const ofGuest = (await ok(list(gina, Scope.MINE))).rooms.map(({ name }) => name);
      assert.deepEqual(ofGuest, ["coffee", "lobby"], "a guest's: those it is in");
      assert.deepEqual((await ok(list(gina, Scope.DIRECT))).rooms, []);
    });

    it("refuses what is no list", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina } = await cast(server, { mina: "account" });
      assert.equal(await codeOf(list(mina, Scope.UNSPECIFIED)), "INVALID_PACKET");
      assert.equal(await codeOf(list(mina, 9 as Scope)), "INVALID_PACKET");
      for (const after of ["no cursor", "\u0000", "9".repeat(200), "x".repeat(5000)]) {
        for (const scope of [Scope.OPEN, Scope.MINE, Scope.DIRECT]) {
          const code = await codeOf(list(mina, scope, { after }));
          assert.ok(code === "OK" || code === "INVALID_PACKET", `${code} for ${after.slice(0, 20)}`);
        }
      }
    });

    for (const kind of ["LOGGED", "MEMORY"] as const) {
      it(`lists members with role, presence and mute (${kind})`, async (test) => {
        const server = await startTestServer(test, backend);
        const { mina, joon, sora } = await cast(server, {
          mina: "account",
          joon: "account",
          sora: "account",
        });
        const roomId = await createRoom(mina, "tea", { kind: RoomKind[kind] });
        await joinAll("tea", joon, sora);
        await ok(mina.request(PacketType.SET_DISPLAY_NAME_REQUEST, { displayName: "Mina K." }));
        await ok(
          mina.request(PacketType.SET_ROLE_REQUEST, { roomId, name: "joon", role: RoomRole.MODERATOR }),
        );
        await ok(mina.request(PacketType.MODERATE_REQUEST, { roomId, name: "sora", action: Action.MUTE }));
        const answer = await ok(mina.request(PacketType.MEMBER_LIST_REQUEST, { roomId }));
        assert.equal(answer.total, 3);
        assert.deepEqual(
          answer.members.map(({ name, role, present }) => [name, role, present]),
          [
            ["joon", RoomRole.MODERATOR, true],
            ["mina", RoomRole.OWNER, true],
            ["sora", RoomRole.MEMBER, true],
          ],
        );
        assert.equal(answer.members[1]?.displayName, "Mina K.");
        assert.equal(answer.members[0]?.mutedUntilMs, 0n);
        assert.ok((answer.members[2]?.mutedUntilMs ?? 0n) > 0n);
        await ok(joon.request(PacketType.LEAVE_ROOM_REQUEST, { roomId }));
        const now = await ok(mina.request(PacketType.USER_LIST_REQUEST, { roomId }));
        assert.deepEqual(now.names, ["mina", "sora"]);
        const later = await ok(mina.request(PacketType.MEMBER_LIST_REQUEST, { roomId }));
        const left = later.members.find(({ name }) => name === "joon");
        assert.equal(left?.present, false, "a member all the same");
      });
    }

    it("lists members in pages, and of rooms one is in only", async (test) => {
      const server = await startTestServer(test, backend);
      const names = Array.from({ length: 12 }, (_, index) => `user-${index + 10}`);
      const clients = [];
      for (const name of names) clients.push(await account(server, name));
      const [owner, ...others] = clients as [ChatTestClient, ...ChatTestClient[]];
      const roomId = await createRoom(owner, "tea");
      await joinAll("tea", ...others.slice(0, -1));
      const seen: string[] = [];
      for (let more = true; more;) {
        const page: MemberListResponse = await ok(
          owner.request(PacketType.MEMBER_LIST_REQUEST, { roomId, after: seen.at(-1) ?? "", limit: 5 }),
        );
        assert.ok(page.members.length > 0 && page.members.length <= 5);
        seen.push(...page.members.map(({ name }) => name));
        more = page.more;
      }
      assert.deepEqual(seen, names.slice(0, -1));
      const outside = others.at(-1) as ChatTestClient;
      assert.equal(await codeOf(outside.request(PacketType.MEMBER_LIST_REQUEST, { roomId })), "NOT_A_MEMBER");
      const lobby = await ok(outside.request(PacketType.MEMBER_LIST_REQUEST, { roomId: LOBBY }));
      assert.equal(lobby.members.length, names.length);
    });
  });
}
