import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { startChatServer } from "../../src/chat/chat-server.ts";
import { MemoryStore } from "../../src/chat/store/memory-store.ts";
import { socketAddress } from "../../src/engine/index.ts";
import { ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import { PROTOCOL_VERSION } from "../../src/protocol/version.ts";
import { ChatTestClient, guestKeyOf, until } from "../support/chat-test-client.ts";
import { FakeHasher, startTestServer, testBackends } from "../support/chat-test-server.ts";

const PASSWORD = "correct horse battery";

for (const backend of testBackends) {
  describe(`login on ${backend}`, () => {
    it("registers an account and logs in with it", async (test) => {
      const server = await startTestServer(test, backend);
      const mina = await ChatTestClient.connect(server.addresses.packets);
      assert.equal((await mina.register("Mina", PASSWORD)).code, ErrorCode.OK);
      const answer = await mina.login("mina", PASSWORD);
      assert.equal(answer.code, ErrorCode.OK);
      assert.equal(answer.user?.name, "Mina", "as it was registered");
      assert.ok((answer.user?.id ?? 0n) > 0n);
      assert.equal(answer.lobby?.name, "lobby");
      assert.equal(answer.lobby?.memberCount, 1);
      assert.equal(server.counters().gate.signedIn, 1);
    });

    it("login with wrong credentials is refused", async (test) => {
      const hasher = new FakeHasher();
      const server = await startTestServer(test, backend, { hasher });
      const client = await ChatTestClient.connect(server.addresses.packets);
      await client.register("mina", PASSWORD);
      const wrongPassword = await client.login("mina", "not that password");
      assert.equal(hasher.absentCount, 0);
      const wrongName = await client.login("joon", PASSWORD);
      assert.equal(wrongPassword.code, ErrorCode.AUTH_FAILED);
      assert.deepEqual(
        { ...wrongName, requestId: 0 },
        { ...wrongPassword, requestId: 0 },
        "answered alike, so that names cannot be found out",
      );
      assert.equal(hasher.absentCount, 1, "an absent user costs a hash too");
      assert.equal((await client.login("mina", "short")).code, ErrorCode.AUTH_FAILED);
      assert.equal((await client.login("mina", PASSWORD)).code, ErrorCode.OK, "the session may try again");
    });

    it("passwords are never stored in the clear", async (test) => {
      const directory = mkdtempSync(join(tmpdir(), "portico-login-"));
      test.after(() => rmSync(directory, { recursive: true, force: true }));
      const packets = { address: socketAddress("127.0.0.1", 0) };
      const server = await startChatServer({ packets, data: { directory }, engine: { backend } });
      const client = await ChatTestClient.connect(server.addresses.packets);
      assert.equal((await client.register("mina", PASSWORD)).code, ErrorCode.OK);
      assert.equal((await client.login("mina", "not that password")).code, ErrorCode.AUTH_FAILED);
      assert.equal((await client.login("mina", PASSWORD)).code, ErrorCode.OK);
      await server.stop(1000);
      const kept = readdirSync(directory).map((file) => readFileSync(join(directory, file), "latin1"));
      assert.ok(kept.some((content) => content.includes("$argon2id$")));
      assert.ok(!kept.some((content) => content.includes(PASSWORD)));
    });

    it("refuses what cannot be an account, each in its own way", async (test) => {
      const server = await startTestServer(test, backend);
      const client = await ChatTestClient.connect(server.addresses.packets);
      assert.equal((await client.register("mina", PASSWORD)).code, ErrorCode.OK);
      assert.equal((await client.register("MINA", PASSWORD)).code, ErrorCode.NAME_TAKEN);
      assert.equal((await client.register("mi na", PASSWORD)).code, ErrorCode.NAME_INVALID);
      assert.equal((await client.register("m".repeat(200), PASSWORD)).code, ErrorCode.NAME_INVALID);
      assert.equal((await client.register("joon", "short")).code, ErrorCode.PASSWORD_INVALID);
      const closed = await startTestServer(test, backend, { login: { registration: false, guests: false } });
      const other = await ChatTestClient.connect(closed.addresses.packets);
      assert.equal((await other.register("mina", PASSWORD)).code, ErrorCode.REGISTRATION_CLOSED);
      assert.equal((await other.loginGuest("mina")).code, ErrorCode.GUESTS_NOT_ALLOWED);
    });

    it("lets guests in under names that are no account's, as the same user for the same key", async (test) => {
      const server = await startTestServer(test, backend);
      const address = server.addresses.packets;
      const first = await ChatTestClient.connect(address);
      await first.register("mina", PASSWORD);
      assert.equal((await first.loginGuest("Mina")).code, ErrorCode.NAME_TAKEN);
      assert.equal((await first.loginGuest("joon", new Uint8Array(15))).code, ErrorCode.INVALID_PACKET);
      const joon = await first.loginGuest("joon");
      assert.ok((joon.user?.id ?? 0n) < 0n);
      const stranger = await ChatTestClient.connect(address);
      assert.equal((await stranger.loginGuest("joon", guestKeyOf("else"))).code, ErrorCode.NAME_TAKEN);
      const again = await ChatTestClient.connect(address);
      assert.equal((await again.loginGuest("joon")).user?.id, joon.user?.id);
    });

    it("answers another version of the protocol, and a second login", async (test) => {
      const server = await startTestServer(test, backend);
      const client = await ChatTestClient.connect(server.addresses.packets);
      const newer = { protocolVersion: PROTOCOL_VERSION + 1, name: "mina" };
      const answer = await client.ask(PacketType.LOGIN_REQUEST, newer, PacketType.LOGIN_RESPONSE);
      assert.equal(answer.code, ErrorCode.VERSION_UNSUPPORTED);
      const bare = { protocolVersion: PROTOCOL_VERSION, name: "mina" };
      const without = await client.ask(PacketType.LOGIN_REQUEST, bare, PacketType.LOGIN_RESPONSE);
      assert.equal(without.code, ErrorCode.INVALID_PACKET);
      assert.equal((await client.loginGuest("mina")).code, ErrorCode.OK);
      assert.equal((await client.loginGuest("mina")).code, ErrorCode.ALREADY_LOGGED_IN);
      assert.equal((await client.register("joon", PASSWORD)).code, ErrorCode.ALREADY_LOGGED_IN);
    });

    it("takes one attempt of a session at a time, and forgets it when the session ends", async (test) => {
      const hashes: ((hash: string) => void)[] = [];
      const hasher = new FakeHasher();
      hasher.hash = () => new Promise((resolve) => hashes.push(resolve));
      const server = await startTestServer(test, backend, { hasher, store: new MemoryStore() });
      const client = await ChatTestClient.connect(server.addresses.packets);
      const first = client.register("mina", PASSWORD);
      await until(() => hashes.length === 1, "the hash");
      assert.equal((await client.register("mina", PASSWORD)).code, ErrorCode.BUSY);
      assert.equal((await client.loginGuest("mina")).code, ErrorCode.BUSY);
      hashes[0]?.("hash 1");
      assert.equal((await first).code, ErrorCode.OK);

      const leaver = await ChatTestClient.connect(server.addresses.packets);
      void leaver.register("joon", PASSWORD).catch(() => undefined);
      await until(() => hashes.length === 2, "the hash");
      leaver.destroy();
      await until(() => server.counters().connections === 1, "the end of the session");
      hashes[1]?.("hash 2");
      const other = await ChatTestClient.connect(server.addresses.packets);
      assert.equal(
        (await other.register("joon", PASSWORD)).code,
        ErrorCode.NAME_TAKEN,
        "the account was made",
      );
      assert.equal(server.counters().hub.sessions, 0);
      assert.equal(server.counters().gate.requestsOutstanding, 0);
    });

    it("sends no login for a session that ended while its password was verified", async (test) => {
      const verifications: ((isRight: boolean) => void)[] = [];
      const hasher = new FakeHasher();
      hasher.verify = () => new Promise((resolve) => verifications.push(resolve));
      const server = await startTestServer(test, backend, { hasher });
      const client = await ChatTestClient.connect(server.addresses.packets);
      await client.register("mina", PASSWORD);
      void client.login("mina", PASSWORD).catch(() => undefined);
      await until(() => verifications.length === 1, "the verification");
      client.destroy();
      const other = await ChatTestClient.connect(server.addresses.packets);
      await until(() => server.counters().connections === 1, "the end of the session");
      verifications[0]?.(true);
      assert.equal((await other.loginGuest("joon")).lobby?.memberCount, 1);
      assert.equal(server.counters().hub.sessions, 1);
    });

    for (const [duplicates, expected] of [
      ["allow", ["OK", "OK", "LOGIN_USER_ALREADY"]],
      ["reject", ["OK", "LOGIN_USER_ALREADY", "LOGIN_USER_ALREADY"]],
      ["replace", ["OK", "OK", "OK"]],
    ] as const) {
      it(`a second login of a user: ${duplicates}`, async (test) => {
        const login = { duplicates, maxSessionsPerUser: 2 };
        const server = await startTestServer(test, backend, { login });
        const clients: ChatTestClient[] = [];
        const codes: (string | undefined)[] = [];
        for (let count = 0; count < 3; count++) {
          const client = await ChatTestClient.connect(server.addresses.packets);
          clients.push(client);
          codes.push(ErrorCode[(await client.loginGuest("mina")).code]);
        }
        assert.deepEqual(codes, expected);
        if (duplicates !== "replace") return;
        assert.equal(await clients[0]?.disconnectCode(), "REPLACED");
        assert.equal(await clients[1]?.disconnectCode(), "REPLACED");
        assert.equal(server.counters().gate.signedIn, 1);
      });
    }

    it("limits logins and registrations of an address, with the time to wait", async (test) => {
      const rates = { loginsPerMinutePerAddress: 2, registrationsPerHourPerAddress: 1 };
      const server = await startTestServer(test, backend, { rates });
      const client = await ChatTestClient.connect(server.addresses.packets);
      assert.equal((await client.register("mina", PASSWORD)).code, ErrorCode.OK);
      const another = await client.register("joon", PASSWORD);
      assert.equal(another.code, ErrorCode.RATE_LIMITED);
      assert.ok(another.retryAfterMs > 60_000);
      await client.login("mina", "not that password");
      await client.login("mina", "not that password");
      const third = await client.login("mina", PASSWORD);
      assert.equal(third.code, ErrorCode.RATE_LIMITED);
      assert.ok(third.retryAfterMs > 0 && third.retryAfterMs <= 30_000);
    });

    it("logs out with an answer, and may come back", async (test) => {
      const server = await startTestServer(test, backend);
      const stays = await ChatTestClient.guest(server.addresses.packets, "stays");
      const goes = await ChatTestClient.guest(server.addresses.packets, "goes");
      const answer = await goes.ask(PacketType.LOGOUT_REQUEST, {}, PacketType.LOGOUT_RESPONSE);
      assert.equal(answer.code, ErrorCode.OK);
      assert.equal(await goes.disconnectCode(), "LOGGED_OUT");
      assert.deepEqual((await stays.take(PacketType.USER_LEFT_NOTICE)).names, ["goes"]);
      await ChatTestClient.guest(server.addresses.packets, "goes");
    });
  });
}
