import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ChatServer } from "../../src/chat/chat-server.ts";
import { PacketType } from "../../src/protocol/codes.ts";
import { again, cast, codeOf, eventually, LOBBY, ok, PASSWORD } from "../support/chat-scenes.ts";
import { ChatTestClient } from "../support/chat-test-client.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

/** Logs in by password and keeps the token. */
async function device(server: ChatServer, name: string, label: string) {
  const client = await ChatTestClient.connect(server.addresses.packets);
  const credential = { case: "password", value: PASSWORD } as const;
  const { resumeToken } = await ok(client.logIn({ name, credential, label }));
  return { client, token: resumeToken };
}

async function withToken(server: ChatServer, value: Uint8Array, name = "") {
  const client = await ChatTestClient.connect(server.addresses.packets);
  const answer = await client.logIn({ name, credential: { case: "resumeToken", value } });
  return { client, answer };
}

for (const backend of testBackends) {
  describe(`resume tokens on ${backend}`, () => {
    it("log in without a password, again and again", async (test) => {
      const server = await startTestServer(test, backend);
      await cast(server, { mina: "account" });
      const { client, token } = await device(server, "mina", "laptop");
      assert.equal(token.length, 32);
      client.destroy();
      for (let count = 0; count < 3; count++) {
        const { client: back, answer } = await withToken(server, token);
        assert.equal(await codeOf(answer), "OK");
        assert.equal(answer.user?.name, "mina");
        await ok(back.publish(LOBBY, "it is me"));
        await ok(back.request(PacketType.LOGOUT_REQUEST, {}));
      }
    });

    it("are refused when they are wrong, whatever name comes with them", async (test) => {
      const server = await startTestServer(test, backend);
      await cast(server, { mina: "account" });
      for (const value of [new Uint8Array(0), new Uint8Array(1), new Uint8Array(32), new Uint8Array(5000)]) {
        const { answer } = await withToken(server, value, "mina");
        assert.equal(await codeOf(answer), "TOKEN_INVALID", `${value.length} bytes`);
      }
    });

    it("are not given to guests", async (test) => {
      const server = await startTestServer(test, backend);
      const guest = await ChatTestClient.connect(server.addresses.packets);
      const answer = await ok(guest.loginGuest("gina"));
      assert.equal(answer.resumeToken.length, 0);
      for (const asked of [
        guest.request(PacketType.TOKEN_LIST_REQUEST, {}),
        guest.request(PacketType.REVOKE_TOKEN_REQUEST, {}),
      ]) {
        assert.equal(await codeOf(asked), "PERMISSION_DENIED");
      }
    });

    it("expire after their time, whether used or not", async (test) => {
      const server = await startTestServer(test, backend, { login: { tokenLifetimeMs: 1500 } });
      await cast(server, { mina: "account" });
      const { token } = await device(server, "mina", "a");
      const first = await withToken(server, token);
      assert.equal(await codeOf(first.answer), "OK");
      await eventually(
        async () => {
          const { client, answer } = await withToken(server, token);
          client.destroy();
          return codeOf(answer);
        },
        (code) => code === "TOKEN_INVALID",
        "the token's end",
      );
      await ok(first.client.publish(LOBBY, "the session goes on"));
    });

    it("are listed with label and address, the own one marked, and revoked with their sessions", async (test) => {
      const server = await startTestServer(test, backend);
      await cast(server, { mina: "account", joon: "account" });
      const phone = await device(server, "mina", "phone");
      const tablet = await device(server, "mina", "tablet");
      const tabletToo = await withToken(server, tablet.token);
      const { tokens } = await ok(phone.client.request(PacketType.TOKEN_LIST_REQUEST, {}));
      assert.equal(tokens.length, 3, "and the one of the account's first login");
      const own = tokens.filter(({ current }) => current);
      assert.deepEqual(
        own.map(({ label }) => label),
        ["phone"],
      );
      const other = tokens.find(({ label }) => label === "tablet");
      assert.ok(other && other.tokenId > 0n && other.address === "127.0.0.1");
      assert.ok(other.createdMs > 0n && other.lastUsedMs >= other.createdMs);
      assert.equal(other.expiresMs - other.createdMs, 30n * 86_400_000n);

      const joon = await again(server, "joon");
      const others = { tokenId: other.tokenId };
      assert.equal(await codeOf(joon.request(PacketType.REVOKE_TOKEN_REQUEST, others)), "TOKEN_INVALID");
      const revoked = await ok(phone.client.request(PacketType.REVOKE_TOKEN_REQUEST, others));
      assert.equal(revoked.revokedCount, 1);
      assert.equal(await tablet.client.disconnectCode(), "TOKEN_REVOKED");
      assert.equal(await tabletToo.client.disconnectCode(), "TOKEN_REVOKED");
      assert.equal(await codeOf((await withToken(server, tablet.token)).answer), "TOKEN_INVALID");
      assert.equal(
        await codeOf(phone.client.request(PacketType.REVOKE_TOKEN_REQUEST, others)),
        "TOKEN_INVALID",
      );

      const rest = await ok(phone.client.request(PacketType.REVOKE_TOKEN_REQUEST, {}));
      assert.equal(rest.revokedCount, 1, "all but its own");
      await ok(phone.client.publish(LOBBY, "still here"));
      const left = await ok(phone.client.request(PacketType.TOKEN_LIST_REQUEST, {}));
      assert.equal(left.tokens.length, 1);
    });

    it("are at most so many: the longest unused is forgotten", async (test) => {
      const server = await startTestServer(test, backend, { login: { tokensPerUser: 2 } });
      const { mina } = await cast(server, { mina: "account" });
      const one = await device(server, "mina", "one");
      const two = await device(server, "mina", "two");
      const three = await device(server, "mina", "three");
      const { tokens } = await ok(mina.request(PacketType.TOKEN_LIST_REQUEST, {}));
      assert.deepEqual(tokens.map(({ label }) => label).toSorted(), ["three", "two"]);
      assert.equal(await codeOf((await withToken(server, one.token)).answer), "TOKEN_INVALID");
      for (const { token } of [two, three])
        assert.equal(await codeOf((await withToken(server, token)).answer), "OK");
    });

    it("are ended by a changed password, all but the one of the session that changed it", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina } = await cast(server, { mina: "account" });
      const phone = await device(server, "mina", "phone");
      const changed = phone.client.request(PacketType.CHANGE_PASSWORD_REQUEST, {
        oldPassword: PASSWORD,
        newPassword: "another password",
      });
      await ok(changed);
      assert.equal(await mina.disconnectCode(), "TOKEN_REVOKED");
      await ok(phone.client.publish(LOBBY, "still here"));
      assert.equal(await codeOf((await withToken(server, phone.token)).answer), "OK");
      const { tokens } = await ok(phone.client.request(PacketType.TOKEN_LIST_REQUEST, {}));
      assert.equal(tokens.length, 1);
    });

    it("logging out forgets the token where it is told to", async (test) => {
      const server = await startTestServer(test, backend);
      await cast(server, { mina: "account" });
      const phone = await device(server, "mina", "phone");
      const second = (await withToken(server, phone.token)).client;
      await ok(second.request(PacketType.LOGOUT_REQUEST, { forget: false }));
      assert.equal(await second.disconnectCode(), "LOGGED_OUT");
      const third = (await withToken(server, phone.token)).client;
      await ok(third.request(PacketType.LOGOUT_REQUEST, { forget: true }));
      assert.equal(await third.disconnectCode(), "LOGGED_OUT");
      assert.equal(await codeOf((await withToken(server, phone.token)).answer), "TOKEN_INVALID");
      assert.equal(await phone.client.disconnectCode(), "TOKEN_REVOKED");
    });
  });
}
