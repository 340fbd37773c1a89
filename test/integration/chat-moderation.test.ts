import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PacketType } from "../../src/protocol/codes.ts";
import {
  ModerateRequest_Action as Action,
  RoomClosedNotice_Cause as Cause,
  RoomKind,
  RoomRole,
} from "../../src/protocol/generated/portico/v1/portico_pb.js";
import {
  again,
  cast,
  codeOf,
  createRoom,
  edit,
  eventually,
  join,
  joinAll,
  LOBBY,
  ok,
  react,
  remove,
} from "../support/chat-scenes.ts";
import { ChatTestClient, until } from "../support/chat-test-client.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

const { KICK, MUTE, UNMUTE, BAN, UNBAN } = Action;

function moderate(who: ChatTestClient, roomId: number, name: string, action: Action, durationMs = 0) {
  const body = { roomId, name, action, durationMs, reason: "because" };
  return who.request(PacketType.MODERATE_REQUEST, body);
}

function setRole(who: ChatTestClient, roomId: number, name: string, role: RoomRole) {
  return who.request(PacketType.SET_ROLE_REQUEST, { roomId, name, role });
}

for (const backend of testBackends) {
  for (const kind of ["LOGGED", "MEMORY"] as const) {
    describe(`moderation of a ${kind.toLowerCase()} room on ${backend}`, () => {
      const settings = { kind: RoomKind[kind] };

      it("kick: out with every session, and free to come back", async (test) => {
        const server = await startTestServer(test, backend);
        const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
        const joonToo = await again(server, "joon");
        const roomId = await createRoom(mina, "tea", settings);
        await joinAll("tea", joon, joonToo);
        await ok(moderate(mina, roomId, "JOON", KICK));
        for (const session of [joon, joonToo]) {
          const closed = await session.take(PacketType.ROOM_CLOSED_NOTICE);
          assert.deepEqual([closed.roomId, closed.cause, closed.detail], [roomId, Cause.KICKED, "because"]);
          assert.equal(await codeOf(session.publish(roomId, "hi")), "NOT_A_MEMBER");
        }
        assert.ok((await mina.take(PacketType.USER_LEFT_NOTICE)).names.includes("joon"));
        await ok(join(joon, "tea"));
        await ok(joon.publish(roomId, "back"));
      });

      it("mute: nothing to be said, until it is over or taken back", async (test) => {
        const server = await startTestServer(test, backend);
        const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
        const roomId = await createRoom(mina, "tea", settings);
        await ok(join(joon, "tea"));
        const { offset } = await ok(joon.publish(roomId, "mine"));
        await ok(moderate(mina, roomId, "joon", MUTE));
        const told = await joon.take(PacketType.MUTED_NOTICE);
        assert.deepEqual([told.roomId, told.room, told.lifted, told.untilMs], [roomId, "tea", false, 0n]);
        assert.equal(told.by, "mina");
        const refused = await joon.publish(roomId, "hi");
        assert.deepEqual(
          [await codeOf(refused), refused.retryAfterMs],
          ["MUTED", 0],
          "until it is taken back",
        );
        for (const answer of [edit(joon, roomId, offset, "hi"), react(joon, roomId, offset, "👍")]) {
          assert.equal(await codeOf(answer), "MUTED");
        }
        await ok(remove(joon, roomId, offset)); // taking back is no speaking
        joon.send(PacketType.TYPING, { roomId });
        await ok(joon.publish(LOBBY, "elsewhere I may"));
        await ok(moderate(mina, roomId, "joon", UNMUTE));
        assert.equal((await joon.take(PacketType.MUTED_NOTICE)).lifted, true);
        await ok(joon.publish(roomId, "hi"));
        await ok(moderate(mina, roomId, "joon", MUTE, 1000));
        assert.ok((await joon.take(PacketType.MUTED_NOTICE)).untilMs > 0n);
        const timed = await joon.publish(roomId, "hi");
        assert.equal(await codeOf(timed), "MUTED");
        assert.ok(timed.retryAfterMs > 0 && timed.retryAfterMs <= 1000);
        const speak = () => codeOf(joon.publish(roomId, "hi"));
        await eventually(speak, (code) => code === "OK", "the end of the mute");
        await mina.sync();
        assert.deepEqual(mina.heard(PacketType.TYPING_NOTICE), []);
        assert.deepEqual(mina.heard(PacketType.MUTED_NOTICE), [], "it is nobody else's");
      });

      it("ban: out, and not in again until it is over or taken back", async (test) => {
        const server = await startTestServer(test, backend);
        const { mina, joon, gina } = await cast(server, { mina: "account", joon: "account", gina: "guest" });
        const roomId = await createRoom(mina, "tea", settings);
        await joinAll("tea", joon, gina);
        for (const [name, who] of [
          ["joon", joon],
          ["gina", gina],
        ] as const) {
          await ok(moderate(mina, roomId, name, BAN));
          assert.equal((await who.take(PacketType.ROOM_CLOSED_NOTICE)).cause, Cause.BANNED);
          const refused = await join(who, "tea");
          assert.deepEqual([await codeOf(refused), refused.retryAfterMs], ["BANNED", 0]);
        }
        const invitation = { roomId, name: "joon" };
        assert.equal(await codeOf(mina.request(PacketType.INVITE_REQUEST, invitation)), "BANNED");
        const sanctions = await ok(mina.request(PacketType.SANCTION_LIST_REQUEST, { roomId }));
        assert.deepEqual(
          sanctions.sanctions
            .toSorted((left, right) => left.subject.localeCompare(right.subject))
            .map(({ subject, banned, reason, by, untilMs }) => [subject, banned, reason, by, untilMs]),
          [
            ["gina", true, "because", "mina", 0n],
            ["joon", true, "because", "mina", 0n],
          ],
        );
        await ok(moderate(mina, roomId, "joon", UNBAN));
        await ok(join(joon, "tea"));
        await ok(moderate(mina, roomId, "joon", BAN, 1000));
        await joon.take(PacketType.ROOM_CLOSED_NOTICE);
        const timed = await join(joon, "tea");
        assert.equal(await codeOf(timed), "BANNED");
        assert.ok(timed.retryAfterMs > 0 && timed.retryAfterMs <= 1000);
        await eventually(
          () => codeOf(join(joon, "tea")),
          (code) => code === "OK",
          "the end of the ban",
        );
      });

      it("is for those of a lower role only; administrators have an owner's rights", async (test) => {
        const server = await startTestServer(test, backend);
        const parts = {
          mina: "account",
          joon: "account",
          sora: "account",
          bora: "account",
          root: "admin",
        } as const;
        const { mina, joon, sora, bora, root } = await cast(server, parts);
        const roomId = await createRoom(mina, "tea", settings);
        await joinAll("tea", joon, sora, bora, root);
        for (const name of ["joon", "sora"]) await ok(setRole(mina, roomId, name, RoomRole.MODERATOR));
        for (const action of [KICK, MUTE, BAN]) {
          assert.equal(await codeOf(moderate(bora, roomId, "joon", action)), "PERMISSION_DENIED");
          assert.equal(await codeOf(moderate(joon, roomId, "sora", action)), "PERMISSION_DENIED");
          assert.equal(await codeOf(moderate(joon, roomId, "mina", action)), "PERMISSION_DENIED");
          assert.equal(await codeOf(moderate(mina, roomId, "mina", action)), "PERMISSION_DENIED");
          assert.equal(await codeOf(moderate(mina, roomId, "root", action)), "PERMISSION_DENIED");
          assert.equal(await codeOf(moderate(mina, roomId, "nobody", action)), "USER_NOT_FOUND");
        }
        assert.equal(await codeOf(moderate(mina, roomId, "joon", Action.UNSPECIFIED)), "INVALID_PACKET");
        const long = { roomId, name: "joon", action: MUTE, reason: "x".repeat(257) };
        assert.equal(await codeOf(mina.request(PacketType.MODERATE_REQUEST, long)), "TEXT_INVALID");
        assert.equal(
          await codeOf(bora.request(PacketType.SANCTION_LIST_REQUEST, { roomId })),
          "PERMISSION_DENIED",
        );
        await ok(moderate(joon, roomId, "bora", MUTE));
        await ok(moderate(root, roomId, "mina", KICK));
        assert.equal((await mina.take(PacketType.ROOM_CLOSED_NOTICE)).cause, Cause.KICKED);
        assert.equal((await ok(join(mina, "tea"))).room?.role, RoomRole.OWNER, "a kick leaves the role");
      });

      it("slow mode: ordinary members speak once in its time, moderators always", async (test) => {
        const server = await startTestServer(test, backend);
        const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
        const roomId = await createRoom(mina, "tea", settings);
        await ok(join(joon, "tea"));
        const update = (slowModeMs: number) =>
          mina.request(PacketType.UPDATE_ROOM_REQUEST, { roomId, slowModeMs });
        await ok(update(60_000));
        const first = await ok(joon.publish(roomId, "one", "first"));
        const refused = await joon.publish(roomId, "two");
        assert.equal(await codeOf(refused), "SLOW_MODE");
        assert.ok(refused.retryAfterMs > 0 && refused.retryAfterMs <= 60_000);
        assert.equal((await ok(joon.publish(roomId, "one", "first"))).offset, first.offset, "sent again");
        await ok(joon.publish(LOBBY, "other rooms are others"));
        for (let count = 0; count < 3; count++) await ok(mina.publish(roomId, "owners may"));
        await ok(update(1000));
        await eventually(
          () => codeOf(joon.publish(roomId, "two")),
          (code) => code === "OK",
          "the time",
        );
        assert.equal(await codeOf(joon.publish(roomId, "three")), "SLOW_MODE");
        await ok(update(0));
        await ok(joon.publish(roomId, "three"));
      });
    });
  }

  describe(`moderation on ${backend}`, () => {
    it("nobody is kicked or banned from the lobby; administrators mute there", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon, root } = await cast(server, { mina: "account", joon: "account", root: "admin" });
      assert.equal(await codeOf(moderate(mina, LOBBY, "joon", MUTE)), "PERMISSION_DENIED");
      for (const action of [KICK, BAN]) {
        assert.equal(await codeOf(moderate(root, LOBBY, "joon", action)), "PERMISSION_DENIED");
      }
      await ok(moderate(root, LOBBY, "joon", MUTE));
      assert.equal(await codeOf(joon.publish(LOBBY, "hi")), "MUTED");
      await ok(mina.publish(LOBBY, "hi"));
    });

    it("a banned guest who is not signed in is found by name, to be let in again", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, gina } = await cast(server, { mina: "account", gina: "guest" });
      const roomId = await createRoom(mina, "tea");
      await ok(join(gina, "tea"));
      await ok(moderate(mina, roomId, "gina", BAN));
      gina.destroy();
      await until(() => server.counters().gate.signedIn === 1, "the guest to be gone");
      assert.equal(await codeOf(moderate(mina, roomId, "lina", UNBAN)), "USER_NOT_FOUND");
      await ok(moderate(mina, roomId, "GINA", UNBAN));
      assert.equal(await codeOf(moderate(mina, roomId, "gina", UNBAN)), "USER_NOT_FOUND", "that was it");
      const back = await ChatTestClient.guest(server.addresses.packets, "gina");
      await ok(join(back, "tea"));
    });

    it("bans and mutes of a room hold for those who are not signed in, and over the room's sleep", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon, sora } = await cast(server, { mina: "account", joon: "account", sora: "account" });
      const roomId = await createRoom(mina, "tea");
      await ok(join(sora, "tea"));
      joon.destroy();
      await ok(moderate(mina, roomId, "joon", BAN));
      await ok(moderate(mina, roomId, "sora", MUTE));
      for (const who of [mina, sora]) await ok(who.request(PacketType.LEAVE_ROOM_REQUEST, { roomId }));
      const back = await again(server, "joon");
      assert.equal(await codeOf(join(back, "tea")), "BANNED");
      await ok(join(sora, "tea"));
      assert.equal(await codeOf(sora.publish(roomId, "hi")), "MUTED");
    });
  });
}
