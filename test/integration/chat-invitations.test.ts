import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ChatServer } from "../../src/chat/chat-server.ts";
import { PacketType } from "../../src/protocol/codes.ts";
import { admin, codeOf, eventually, ok, PASSWORD } from "../support/chat-scenes.ts";
import { ChatTestClient } from "../support/chat-test-client.ts";
import { FakeHasher, startTestServer, testBackends } from "../support/chat-test-server.ts";

async function register(server: ChatServer, name: string, invitationCode: string): Promise<string> {
  const client = await ChatTestClient.connect(server.addresses.packets);
  const code = await codeOf(
    client.request(PacketType.REGISTER_REQUEST, { name, password: PASSWORD, invitationCode }),
  );
  client.destroy();
  return code;
}

/** A server that asks for invitations, and its administrator, who was there before. */
async function invited(server: ChatServer): Promise<ChatTestClient> {
  const passwordHash = await new FakeHasher().hash(PASSWORD);
  const account = { name: "root", nameKey: "root", passwordHash, nowMs: 1, isAdmin: true };
  await server.store.ask("createAccount", account);
  const client = await ChatTestClient.connect(server.addresses.packets);
  await ok(client.login("root", PASSWORD));
  return client;
}

for (const backend of testBackends) {
  describe(`invitations on ${backend}`, () => {
    it("are needed where the server says so, and are used up", async (test) => {
      const server = await startTestServer(test, backend, { login: { invitationRequired: true } });
      const root = await invited(server);
      const client = await ChatTestClient.connect(server.addresses.packets, { hello: false });
      assert.equal((await client.take(PacketType.HELLO)).invitationRequired, true);
      for (const code of ["", "wrong", "x".repeat(1000)]) {
        assert.equal(await register(server, "mina", code), "INVITATION_INVALID", code.slice(0, 10));
      }
      const made = await ok(root.request(PacketType.ADMIN_INVITATION_REQUEST, { uses: 2 }));
      assert.ok(made.invitationCode.length >= 8);
      assert.ok(made.expiresMs > BigInt(Date.now()) + 6n * 86_400_000n, "a week");
      assert.equal(await register(server, "mina", made.invitationCode), "OK");
      assert.equal(await register(server, "mina", made.invitationCode), "NAME_TAKEN");
      assert.equal(await register(server, "joon", made.invitationCode), "OK", "that used up none");
      assert.equal(await register(server, "sora", made.invitationCode), "INVITATION_INVALID");
    });

    it("expire, and have limits", async (test) => {
      const server = await startTestServer(test, backend, { login: { invitationRequired: true } });
      const root = await invited(server);
      const invite = (fields: object) => root.request(PacketType.ADMIN_INVITATION_REQUEST, fields);
      assert.equal(await codeOf(invite({ uses: 1001 })), "INVALID_PACKET");
      const { invitationCode } = await ok(invite({ uses: 1000, durationMs: 300 }));
      let count = 0;
      await eventually(
        () => register(server, `user-${++count}`, invitationCode),
        (code) => code === "INVITATION_INVALID",
        "the end",
      );
    });

    it("are not asked for where the server does not, and do no harm", async (test) => {
      const server = await startTestServer(test, backend);
      await admin(server, "root");
      assert.equal(await register(server, "mina", ""), "OK");
      assert.equal(await register(server, "joon", "whatever"), "OK");
    });
  });
}
