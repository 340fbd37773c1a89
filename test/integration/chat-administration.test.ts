import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PacketType } from "../../src/protocol/codes.ts";
import {
  AdminUserRequest_Action as Action,
  type AuditEntry,
  Lockdown,
  ModerateRequest_Action,
  RoomRole,
} from "../../src/protocol/generated/portico/v1/portico_pb.js";
import type { RequestPacketType } from "../../src/protocol/packets.ts";
import {
  again,
  cast,
  codeOf,
  createRoom,
  eventually,
  join,
  LOBBY,
  ok,
  PASSWORD,
} from "../support/chat-scenes.ts";
import { ChatTestClient } from "../support/chat-test-client.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

function adminUser(who: ChatTestClient, name: string, action: Action, fields: object = {}) {
  return who.request(PacketType.ADMIN_USER_REQUEST, { reason: "because", ...fields, name, action });
}

function address(who: ChatTestClient, cidr: string, fields: object = {}) {
  return who.request(PacketType.ADMIN_ADDRESS_REQUEST, { reason: "because", ...fields, cidr });
}

function lockdown(who: ChatTestClient, level: Lockdown) {
  return who.request(PacketType.ADMIN_LOCKDOWN_REQUEST, { level });
}

async function audit(who: ChatTestClient, fields: object = {}): Promise<AuditEntry[]> {
  return (await ok(who.request(PacketType.AUDIT_LIST_REQUEST, fields))).entries;
}

for (const backend of testBackends) {
  describe(`administration on ${backend}`, () => {
    it("is refused to everybody else", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, gina } = await cast(server, { mina: "account", gina: "guest", root: "admin" });
      const asked: [RequestPacketType, object][] = [
        ...Object.values(Action)
          .filter((action) => typeof action === "number" && action !== Action.UNSPECIFIED)
          .map((action): [RequestPacketType, object] => [
            PacketType.ADMIN_USER_REQUEST,
            { name: "root", action, password: PASSWORD },
          ]),
        [PacketType.ADMIN_USER_REQUEST, { name: "nobody", action: Action.KICK }],
        [PacketType.ADMIN_ADDRESS_REQUEST, { cidr: "192.0.2.0/24" }],
        [PacketType.ADMIN_ADDRESS_REQUEST, { cidr: "192.0.2.0/24", lift: true }],
        [PacketType.ADMIN_LOCKDOWN_REQUEST, { level: Lockdown.REGISTERED_ONLY }],
        [PacketType.ADMIN_INVITATION_REQUEST, {}],
        [PacketType.AUDIT_LIST_REQUEST, {}],
        [PacketType.SANCTION_LIST_REQUEST, {}],
      ];
      for (const who of [mina, gina]) {
        for (const [type, body] of asked) {
          const answer = (await who.request(type, body)) as { code: number };
          assert.equal(
            await codeOf(answer),
            "PERMISSION_DENIED",
            `${PacketType[type]} ${JSON.stringify(body)}`,
          );
        }
      }
    });

    it("kicks, mutes and bans users everywhere", async (test) => {
      const server = await startTestServer(test, backend);
      const { joon, root, gina } = await cast(server, { joon: "account", root: "admin", gina: "guest" });
      const roomId = await createRoom(joon, "tea");
      await ok(adminUser(root, "joon", Action.MUTE));
      const told = await joon.take(PacketType.MUTED_NOTICE);
      assert.deepEqual([told.roomId, told.room, told.lifted, told.by], [0, "", false, "root"]);
      for (const room of [LOBBY, roomId]) assert.equal(await codeOf(joon.publish(room, "hi")), "MUTED");
      assert.equal(await codeOf(joon.whisper("root", "hi")), "MUTED");
      joon.destroy();
      const back = await again(server, "joon");
      assert.equal(await codeOf(back.publish(LOBBY, "hi")), "MUTED", "after another login too");
      await ok(adminUser(root, "joon", Action.UNMUTE));
      await ok(back.publish(LOBBY, "hi"));
      await ok(adminUser(root, "joon", Action.MUTE, { durationMs: 1000 }));
      assert.equal(await codeOf(back.publish(LOBBY, "hi")), "MUTED");
      await eventually(
        () => codeOf(back.publish(LOBBY, "hi")),
        (code) => code === "OK",
        "the end",
      );

      await ok(adminUser(root, "joon", Action.KICK));
      assert.equal(await back.disconnectCode(), "KICKED");
      const third = await again(server, "joon");
      await ok(adminUser(root, "joon", Action.BAN, { durationMs: 1000 }));
      assert.equal(await third.disconnectCode(), "BANNED");
      const out = await ChatTestClient.connect(server.addresses.packets);
      const refused = await out.login("joon", PASSWORD);
      assert.equal(await codeOf(refused), "BANNED");
      assert.ok(refused.retryAfterMs > 0 && refused.retryAfterMs <= 1000);
      await eventually(
        () => codeOf(out.login("joon", PASSWORD)),
        (code) => code === "OK",
        "the end",
      );

      await ok(adminUser(root, "gina", Action.BAN));
      assert.equal(await gina.disconnectCode(), "BANNED");
      const guest = await ChatTestClient.connect(server.addresses.packets);
      assert.equal(await codeOf(guest.loginGuest("gina")), "BANNED");
      await ok(adminUser(root, "gina", Action.UNBAN));
      await ok(guest.loginGuest("gina"));
    });

    it("makes administrators and sets passwords, and refuses what makes no sense", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, root } = await cast(server, { mina: "account", root: "admin" });
      assert.equal(await codeOf(adminUser(root, "nobody", Action.KICK)), "USER_NOT_FOUND");
      assert.equal(await codeOf(adminUser(root, "mina", Action.UNSPECIFIED)), "INVALID_PACKET");
      assert.equal(await codeOf(adminUser(root, "mina", 77 as Action)), "INVALID_PACKET");
      assert.equal(
        await codeOf(adminUser(root, "mina", Action.MUTE, { reason: "x".repeat(257) })),
        "TEXT_INVALID",
      );
      const short = adminUser(root, "mina", Action.SET_PASSWORD, { password: "short" });
      assert.equal(await codeOf(short), "PASSWORD_INVALID");
      await ok(adminUser(root, "mina", Action.PROMOTE));
      assert.ok((await audit(mina)).length > 0, "at once");
      await ok(adminUser(root, "mina", Action.DEMOTE));
      assert.equal(await codeOf(mina.request(PacketType.AUDIT_LIST_REQUEST, {})), "PERMISSION_DENIED");
      await ok(adminUser(root, "mina", Action.SET_PASSWORD, { password: "a new password" }));
      assert.equal(await mina.disconnectCode(), "TOKEN_REVOKED");
      const client = await ChatTestClient.connect(server.addresses.packets);
      assert.equal(await codeOf(client.login("mina", PASSWORD)), "AUTH_FAILED");
      await ok(client.login("mina", "a new password"));
      await ok(adminUser(root, "mina", Action.DELETE));
      assert.equal(await client.disconnectCode(), "ACCOUNT_DELETED");
    });

    it("bans an address range with its sessions, and lifts it", async (test) => {
      const server = await startTestServer(test, backend);
      const { root } = await cast(server, { root: "admin" });
      const { packets } = server.addresses;
      const from = "127.0.0.77";
      const near = await ChatTestClient.connect(packets, { from });
      await ok(near.loginGuest("near"));
      const far = await ChatTestClient.connect(packets, { from: "127.0.1.77" });
      await ok(far.loginGuest("far"));
      for (const cidr of ["", "127.0.0", "127.0.0.0/33", "no address", "::/200"]) {
        assert.equal(await codeOf(address(root, cidr)), "INVALID_PACKET", cidr);
      }
      await ok(address(root, "127.0.0.64/26"));
      assert.equal(await near.disconnectCode(), "BANNED");
      const refused = await ChatTestClient.connect(packets, { from });
      assert.equal(await codeOf(refused.loginGuest("near")), "BANNED");
      assert.equal(await codeOf(refused.register("nearer", PASSWORD)), "BANNED");
      assert.equal(await codeOf(refused.login("root", PASSWORD)), "BANNED");
      await ok(far.publish(LOBBY, "still here"));
      await ok(root.publish(LOBBY, "and I"));
      const { sanctions } = await ok(root.request(PacketType.SANCTION_LIST_REQUEST, {}));
      assert.deepEqual(
        sanctions.map(({ subject, banned, reason, by, untilMs }) => [subject, banned, reason, by, untilMs]),
        [["127.0.0.64/26", true, "because", "root", 0n]],
      );
      await ok(address(root, "127.0.0.64/26", { lift: true }));
      await ok(refused.loginGuest("near"));
      await ok(address(root, from, { durationMs: 1000 }));
      assert.equal(await refused.disconnectCode(), "BANNED");
      const later = await ChatTestClient.connect(packets, { from });
      const timed = await later.loginGuest("near");
      assert.equal(await codeOf(timed), "BANNED");
      assert.ok(timed.retryAfterMs > 0 && timed.retryAfterMs <= 1000);
      await eventually(
        () => codeOf(later.loginGuest("near")),
        (code) => code === "OK",
        "the end of the ban",
      );
    });

    it("locks down by levels", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, gina, root } = await cast(server, { mina: "account", gina: "guest", root: "admin" });
      const stranger = await ChatTestClient.connect(server.addresses.packets);
      assert.equal(await codeOf(lockdown(root, 9 as Lockdown)), "INVALID_PACKET");
      await ok(lockdown(root, Lockdown.NO_NEW_ACCOUNTS));
      assert.equal(await codeOf(stranger.register("sora", PASSWORD)), "LOCKDOWN");
      await ok((await ChatTestClient.connect(server.addresses.packets)).loginGuest("lina"));
      await ok(lockdown(root, Lockdown.NO_GUESTS));
      assert.equal(await codeOf(stranger.register("sora", PASSWORD)), "LOCKDOWN");
      assert.equal(await codeOf(stranger.loginGuest("sora")), "LOCKDOWN");
      await ok(gina.publish(LOBBY, "I am in"));
      await ok(lockdown(root, Lockdown.REGISTERED_ONLY));
      assert.equal(await codeOf(gina.publish(LOBBY, "hi")), "LOCKDOWN");
      assert.equal(await codeOf(gina.whisper("mina", "hi")), "LOCKDOWN");
      await ok(mina.publish(LOBBY, "hi"));
      await ok(stranger.login("mina", PASSWORD));
      await ok(lockdown(root, Lockdown.NONE));
      await ok(gina.publish(LOBBY, "hi"));
      const other = await ChatTestClient.connect(server.addresses.packets);
      await ok(other.register("sora", PASSWORD));
    });

    it("writes down everything that moderators and administrators do, in pages", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon, root } = await cast(server, { mina: "account", joon: "account", root: "admin" });
      const roomId = await createRoom(mina, "tea");
      await ok(join(joon, "tea"));
      const { offset } = await ok(joon.publish(LOBBY, "delete me"));
      const moderate = (action: ModerateRequest_Action) =>
        mina.request(PacketType.MODERATE_REQUEST, { roomId, name: "joon", action, reason: "r" });
      const steps: [() => Promise<{ code: number; detail: string }>, string, string, string][] = [
        [() => moderate(ModerateRequest_Action.MUTE), "mina", "joon", "tea"],
        [() => moderate(ModerateRequest_Action.UNMUTE), "mina", "joon", "tea"],
        [() => moderate(ModerateRequest_Action.KICK), "mina", "joon", "tea"],
        [() => moderate(ModerateRequest_Action.BAN), "mina", "joon", "tea"],
        [() => moderate(ModerateRequest_Action.UNBAN), "mina", "joon", "tea"],
        [
          () => mina.request(PacketType.SET_ROLE_REQUEST, { roomId, name: "joon", role: RoomRole.MODERATOR }),
          "mina", "joon", "tea",
        ],
        [() => adminUser(root, "joon", Action.MUTE), "root", "joon", ""],
        [() => adminUser(root, "joon", Action.UNMUTE), "root", "joon", ""],
        [() => adminUser(root, "joon", Action.PROMOTE), "root", "joon", ""],
        [() => adminUser(root, "joon", Action.DEMOTE), "root", "joon", ""],
        [() => adminUser(root, "joon", Action.SET_PASSWORD, { password: PASSWORD }), "root", "joon", ""],
        [() => adminUser(root, "joon", Action.BAN), "root", "joon", ""],
        [() => adminUser(root, "joon", Action.UNBAN), "root", "joon", ""],
        [() => again(server, "joon").then(() => adminUser(root, "joon", Action.KICK)), "root", "joon", ""],
        [() => address(root, "192.0.2.0/24"), "root", "192.0.2.0/24", ""],
        [() => address(root, "192.0.2.0/24", { lift: true }), "root", "192.0.2.0/24", ""],
        [() => mina.request(PacketType.DELETE_ROOM_REQUEST, { roomId }), "mina", "tea", "tea"],
        [() => adminUser(root, "joon", Action.DELETE), "root", "joon", ""],
      ]; // prettier-ignore
      for (const [step, actor, subject, room] of steps) {
        const before = (await audit(root, { limit: 1 }))[0]?.id ?? 0n;
        await ok(step());
        const [entry] = await audit(root, { limit: 1 });
        assert.ok(entry !== undefined && entry.id > before, `${step.toString()} is written down`);
        assert.equal(entry.actor, actor, entry.action);
        assert.ok(entry.subject === subject || entry.room === room, `${entry.action}: ${entry.subject}`);
        if (room !== "") assert.equal(entry.room, room);
        assert.ok(entry.timeMs > 1_600_000_000_000n);
      }
      const deletion = { roomId: LOBBY, offset, clientMessageId: "d" };
      await ok(root.request(PacketType.DELETE_MESSAGE_REQUEST, deletion));
      await ok(lockdown(root, Lockdown.NO_NEW_ACCOUNTS));
      await ok(root.request(PacketType.ADMIN_INVITATION_REQUEST, {}));
      const all = await audit(root, { limit: 100 });
      const actions = all.map(({ action }) => action);
      for (const action of ["room.ban", "user.mute", "room.delete"])
        assert.ok(actions.includes(action), action);
      assert.deepEqual(
        all.map(({ id }) => id),
        all.map(({ id }) => id).toSorted((a, b) => Number(b - a)),
      );
      const paged: AuditEntry[] = [];
      for (let more = true; more;) {
        const before = paged.at(-1)?.id ?? 0n;
        const page = await ok(root.request(PacketType.AUDIT_LIST_REQUEST, { before, limit: 4 }));
        assert.ok(page.entries.length <= 4);
        paged.push(...page.entries);
        more = page.more;
      }
      assert.deepEqual(
        paged.map(({ id }) => id),
        all.map(({ id }) => id),
      );
    });
  });
}
