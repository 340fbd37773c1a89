import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import type { ChatServer } from "../../src/chat/chat-server.ts";
import { PacketType } from "../../src/protocol/codes.ts";
import {
  AdminUserRequest_Action as Action,
  Lockdown,
} from "../../src/protocol/generated/portico/v1/portico_pb.js";
import { cast, codeOf, LOBBY, ok, PASSWORD } from "../support/chat-scenes.ts";
import { ChatTestClient } from "../support/chat-test-client.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

const secret = "a secret that the game and the chat share";
const jwt = { secret, issuer: "https://game.example", audience: "chat" };

function unsigned(claims: JWTPayload): SignJWT {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(jwt.issuer)
    .setAudience(jwt.audience)
    .setSubject("player-7")
    .setExpirationTime("5 minutes");
}

function sign(token: SignJWT, key = secret): Promise<string> {
  return token.sign(new TextEncoder().encode(key));
}

async function logIn(server: ChatServer, value: string) {
  const client = await ChatTestClient.connect(server.addresses.packets, { hello: false });
  const hello = await client.take(PacketType.HELLO);
  const answer = await client.logIn({ credential: { case: "jwt", value } });
  return { client, answer, hello };
}

for (const backend of testBackends) {
  describe(`users of another authority on ${backend}`, () => {
    it("log in with its token; the first time makes the account", async (test) => {
      const server = await startTestServer(test, backend, { login: { jwt } });
      const first = await logIn(server, await sign(unsigned({ preferred_username: "Mina" })));
      assert.equal(first.hello.jwtAccepted, true);
      assert.equal(await codeOf(first.answer), "OK");
      assert.equal(first.answer.user?.name, "Mina");
      assert.ok((first.answer.user?.id ?? 0n) > 0n);
      assert.equal(first.answer.resumeToken.length, 32);
      await ok(first.client.publish(LOBBY, "hello"));
      const renamed = await logIn(server, await sign(unsigned({ preferred_username: "Other" })));
      assert.equal(renamed.answer.user?.id, first.answer.user?.id, "the subject counts, not the name");
      const value = first.answer.resumeToken;
      const back = await ChatTestClient.connect(server.addresses.packets);
      await ok(back.logIn({ credential: { case: "resumeToken", value } }));
    });

    it("are refused with a token that is not to be trusted", async (test) => {
      const server = await startTestServer(test, backend, { login: { jwt } });
      const claims = { preferred_username: "mina" };
      const now = Math.floor(Date.now() / 1000);
      const good = await sign(unsigned(claims));
      const [header, body, signature] = good.split(".") as [string, string, string];
      const none = new UnsecuredJWT(claims)
        .setIssuer(jwt.issuer)
        .setAudience(jwt.audience)
        .setSubject("player-7")
        .setExpirationTime("5 minutes")
        .encode();
      const wrong: Record<string, string> = {
        "no token at all": "",
        "not a token": "abc.def.ghi",
        "another secret": await sign(unsigned(claims), "another secret of the same length, or so"),
        "another issuer": await sign(unsigned(claims).setIssuer("https://evil.example")),
        "another audience": await sign(unsigned(claims).setAudience("shop")),
        expired: await sign(unsigned(claims).setExpirationTime(now - 60)),
        "not yet valid": await sign(unsigned(claims).setNotBefore(now + 3600)),
        "without subject": await sign(unsigned(claims).setSubject("")),
        "without expiry": await sign(
          new SignJWT({ ...claims, sub: "player-7", iss: jwt.issuer, aud: jwt.audience }).setProtectedHeader({
            alg: "HS256",
          }),
        ),
        "alg none": none,
        "alg none, signature kept": `${none}${signature}`,
        "signature cut off": `${header}.${body}.`,
        "body of another": `${header}.${Buffer.from('{"sub":"root"}').toString("base64url")}.${signature}`,
        "much too long": `${header}.${"A".repeat(10_000)}.${signature}`,
      };
      for (const [what, token] of Object.entries(wrong)) {
        const { answer, client } = await logIn(server, token);
        assert.equal(await codeOf(answer), "TOKEN_INVALID", what);
        client.destroy();
      }
      assert.equal(server.counters().gate.signedIn, 0);
      assert.equal(await codeOf((await logIn(server, good)).answer), "OK");
    });

    it("cannot take a name that is another's, nor one that is none", async (test) => {
      const server = await startTestServer(test, backend, { login: { jwt } });
      await cast(server, { mina: "account" });
      const taken = await logIn(server, await sign(unsigned({ preferred_username: "MINA" })));
      assert.equal(await codeOf(taken.answer), "NAME_TAKEN");
      const invalid = await logIn(server, await sign(unsigned({ preferred_username: "no name!" })));
      assert.equal(await codeOf(invalid.answer), "NAME_INVALID");
      const subject = await logIn(server, await sign(unsigned({})));
      assert.equal(subject.answer.user?.name, "player-7");
    });

    it("are refused where no authority is trusted, and have no password of their own", async (test) => {
      const without = await startTestServer(test, backend);
      const token = await sign(unsigned({ preferred_username: "mina" }));
      const refused = await logIn(without, token);
      assert.equal(refused.hello.jwtAccepted, false);
      assert.equal(await codeOf(refused.answer), "TOKEN_INVALID");
      const server = await startTestServer(test, backend, { login: { jwt } });
      const { client } = await logIn(server, token);
      const other = await ChatTestClient.connect(server.addresses.packets);
      for (const password of [PASSWORD, "12345678"]) {
        assert.equal(await codeOf(other.login("mina", password)), "AUTH_FAILED");
      }
      const change = { oldPassword: PASSWORD, newPassword: "another password" };
      const code = await codeOf(client.request(PacketType.CHANGE_PASSWORD_REQUEST, change));
      assert.ok(code === "AUTH_FAILED" || code === "PERMISSION_DENIED", code);
    });

    it("obey bans and lockdowns, and closed registration", async (test) => {
      const server = await startTestServer(test, backend, { login: { jwt } });
      const { root } = await cast(server, { root: "admin" });
      const token = await sign(unsigned({ preferred_username: "mina" }));
      const { client } = await logIn(server, token);
      const ban = { name: "mina", action: Action.BAN };
      await ok(root.request(PacketType.ADMIN_USER_REQUEST, ban));
      assert.equal(await client.disconnectCode(), "BANNED");
      assert.equal(await codeOf((await logIn(server, token)).answer), "BANNED");
      const other = await sign(unsigned({ preferred_username: "joon" }).setSubject("player-8"));
      await ok(root.request(PacketType.ADMIN_LOCKDOWN_REQUEST, { level: Lockdown.NO_NEW_ACCOUNTS }));
      assert.equal(await codeOf((await logIn(server, other)).answer), "LOCKDOWN");
      const closed = await startTestServer(test, backend, { login: { jwt, registration: false } });
      const fresh = await logIn(closed, other);
      assert.equal(fresh.hello.registrationOpen, false);
      assert.equal(await codeOf(fresh.answer), "OK", "the authority's users are let in all the same");
    });
  });
}
