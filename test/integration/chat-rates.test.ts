import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PacketType } from "../../src/protocol/codes.ts";
import { RoomKind } from "../../src/protocol/generated/portico/v1/portico_pb.js";
import {
  again,
  cast,
  codeOf,
  createRoom,
  edit,
  eventually,
  history,
  join,
  joinAll,
  LOBBY,
  ok,
  PASSWORD,
} from "../support/chat-scenes.ts";
import { ChatTestClient } from "../support/chat-test-client.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

/** How many texts of this size a user may say at once. */
async function countUntilLimited(who: ChatTestClient, roomId: number, sizeBytes: number): Promise<number> {
  for (let count = 0; count < 200; count++) {
    const answer = await who.publish(roomId, "x".repeat(sizeBytes));
    if ((await codeOf(answer)) === "RATE_LIMITED") {
      assert.ok(answer.retryAfterMs > 0);
      return count;
    }
    await ok(Promise.resolve(answer));
  }
  throw new Error("it is never limited");
}

for (const backend of testBackends) {
  describe(`rates and filters on ${backend}`, () => {
    it("what is said costs its bytes times those who get it, for all sessions of a user", async (test) => {
      const rates = { fanOutBytesPerSecondPerUser: 5_000 };
      const server = await startTestServer(test, backend, { rates });
      const parts = { mina: "account", joon: "account", sora: "account", bora: "account" } as const;
      const { mina, joon, sora, bora } = await cast(server, parts);
      const alone = await createRoom(mina, "alone");
      await createRoom(sora, "full");
      const full = (await ok(join(joon, "full"))).room?.roomId ?? 0;
      await joinAll("full", mina, bora);
      const alonesCount = await countUntilLimited(mina, alone, 2000);
      assert.ok(alonesCount >= 8, `${alonesCount} of 2000 bytes to one`);
      const fullCount = await countUntilLimited(joon, full, 2000);
      assert.ok(fullCount < alonesCount / 2, `${fullCount} to four, ${alonesCount} to one`);
      const other = await again(server, "joon");
      await ok(join(other, "full"));
      const refused = await other.publish(full, "x".repeat(4000));
      assert.equal(await codeOf(refused), "RATE_LIMITED", "the user's, not the session's");
      assert.ok(refused.retryAfterMs > 0 && refused.retryAfterMs <= 4000);
      await ok(sora.publish(full, "others may"));
      const offset = 1;
      assert.equal(await codeOf(edit(joon, full, offset, "x".repeat(4000))), "RATE_LIMITED");
      await eventually(
        () => codeOf(joon.publish(full, "x".repeat(100))),
        (code) => code === "OK",
        "later",
      );
    });

    it("an address has a rate of its own, for all its users", async (test) => {
      const rates = { fanOutBytesPerSecondPerAddress: 2_000 };
      const server = await startTestServer(test, backend, { rates });
      const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
      await countUntilLimited(mina, LOBBY, 2000);
      assert.equal(await codeOf(joon.publish(LOBBY, "x".repeat(3000))), "RATE_LIMITED");
      const far = await ChatTestClient.connect(server.addresses.packets, { from: "127.0.9.9" });
      await ok(far.loginGuest("far"));
      await ok(far.publish(LOBBY, "x".repeat(2000)));
    });

    it("uses of a password are limited for an address: logins, changes, rooms", async (test) => {
      const rates = { loginsPerMinutePerAddress: 4 };
      const server = await startTestServer(test, backend, { rates });
      const { mina } = await cast(server, { mina: "account" });
      const room = { name: "vault", kind: RoomKind.LOGGED, access: 3, password: "open sesame now" };
      await ok(mina.request(PacketType.CREATE_ROOM_REQUEST, room));
      const wrong = { oldPassword: "wrong password", newPassword: "another password" };
      const changes = [];
      for (let count = 0; count < 4; count++) {
        changes.push(await codeOf(mina.request(PacketType.CHANGE_PASSWORD_REQUEST, wrong)));
      }
      assert.deepEqual(changes.slice(-1), ["RATE_LIMITED"]);
      assert.equal(changes[0], "AUTH_FAILED");
      const stranger = await ChatTestClient.connect(server.addresses.packets);
      const login = await stranger.login("mina", PASSWORD);
      assert.equal(await codeOf(login), "RATE_LIMITED");
      assert.ok(login.retryAfterMs > 0 && login.retryAfterMs <= 60_000);
      const far = await ChatTestClient.connect(server.addresses.packets, { from: "127.0.9.9" });
      await ok(far.login("mina", PASSWORD));
    });

    it("the word filter refuses or masks what is published, edited and whispered", async (test) => {
      for (const action of ["refuse", "replace"] as const) {
        const filter = { words: ["darn"], action };
        const server = await startTestServer(test, backend, { filter });
        const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
        const { offset } = await ok(mina.publish(LOBBY, "darned is another word"));
        const bad = "oh ＤＡＲＮ, that";
        if (action === "refuse") {
          assert.equal(await codeOf(mina.publish(LOBBY, bad)), "TEXT_REFUSED");
          assert.equal(await codeOf(mina.whisper("joon", bad)), "TEXT_REFUSED");
          assert.equal(await codeOf(edit(mina, LOBBY, offset, bad)), "TEXT_REFUSED");
          assert.equal((await ok(history(joon, LOBBY))).messages.length, 1);
          continue;
        }
        await ok(mina.publish(LOBBY, bad));
        const { roomId } = await ok(mina.whisper("joon", bad));
        await ok(edit(mina, LOBBY, offset, bad));
        const masked = "oh ****, that";
        assert.equal((await joon.take(PacketType.WHISPER_NOTICE)).text, masked);
        const lobby = (await ok(history(joon, LOBBY))).messages.map(({ text }) => text);
        assert.deepEqual(lobby, [masked, masked, masked]);
        assert.equal((await ok(history(joon, roomId))).messages[0]?.text, masked);
      }
    });

    it("a filter of one's own is asked with who, where and what; one that throws stops nothing", async (test) => {
      const asked: string[] = [];
      const server = await startTestServer(test, backend, {
        messageFilter: (text, { user, request, roomId, to }) => {
          asked.push(`${user} ${request} ${roomId} ${to} ${text}`);
          if (text === "boom") throw new Error("the filter is broken");
          if (text === "no") return { action: "refuse", reason: "not today" };
          return text === "blank" ? { action: "replace", text: "" } : { action: "allow" };
        },
      });
      const { mina } = await cast(server, { mina: "account", joon: "account" });
      await ok(mina.publish(LOBBY, "yes"));
      const refused = await mina.publish(LOBBY, "no");
      assert.deepEqual([await codeOf(refused), refused.detail], ["TEXT_REFUSED", "not today"]);
      assert.equal(await codeOf(mina.publish(LOBBY, "blank")), "TEXT_REFUSED");
      assert.equal(await codeOf(mina.publish(LOBBY, "boom")), "SERVER_ERROR");
      await ok(mina.whisper("joon", "psst"));
      await ok(edit(mina, LOBBY, 1, "yes!"));
      assert.deepEqual(
        asked.filter((line) => !/no$|blank$|boom$/.test(line)),
        ["mina publish 1  yes", "mina whisper 0 joon psst", "mina editMessage 1  yes!"],
      );
    });
  });
}
