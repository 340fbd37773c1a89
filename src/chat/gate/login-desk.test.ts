import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type GateClient, GateWorld, LOBBY } from "../../../test/support/gate-world.ts";
import { DisconnectCode, ErrorCode, PacketType } from "../../protocol/codes.ts";
import type { PacketInit } from "../../protocol/packets.ts";
import { PROTOCOL_VERSION } from "../../protocol/version.ts";
import { FOREVER_MS, StoreError } from "../store/store.ts";
import type { GateSettingsInput } from "./gate-settings.ts";
import { invitationHash } from "./invitation.ts";
import { tokenHash } from "./session-tokens.ts";

const PASSWORD = "correct horse";
const DAY_MS = 86_400_000;

async function login(
  world: GateWorld,
  client: GateClient,
  body: PacketInit<PacketType.LOGIN_REQUEST>,
): Promise<void> {
  client.take();
  client.send(PacketType.LOGIN_REQUEST, { requestId: 3, protocolVersion: PROTOCOL_VERSION, ...body });
  await world.settle();
}

function password(value: string): PacketInit<PacketType.LOGIN_REQUEST> {
  return { name: "mina", label: "laptop", credential: { case: "password", value } };
}

function letIn(world: GateWorld, client: GateClient) {
  world.answer({ type: "signedIn", session: client.session.key, requestId: 3, lobby: LOBBY }, client);
  return client.takeOne(PacketType.LOGIN_RESPONSE);
}

/** A token of mina's, as an earlier login gave it. */
async function tokenOf(world: GateWorld): Promise<Uint8Array> {
  const client = world.connect();
  await login(world, client, password(PASSWORD));
  const { resumeToken } = letIn(world, client);
  world.commands.length = 0;
  return resumeToken;
}

function withMina(settings: GateSettingsInput = {}): GateWorld {
  const world = new GateWorld(settings);
  world.store.add("mina", PASSWORD, { displayName: "Mina Kim", isAdmin: true, mutedUntilMs: 5 });
  return world;
}

describe("login by password", () => {
  it("asks the hub, and the response brings a token of which only a hash is kept", async () => {
    const world = withMina();
    const client = world.connect("198.51.100.7");
    await login(world, client, password(PASSWORD));
    const identity = {
      name: "mina",
      nameKey: "mina",
      displayName: "Mina Kim",
      isAdmin: true,
      mutedUntilMs: 5,
    };
    const [token] = world.store.tokens.values();
    assert.deepEqual(world.asked(), [
      {
        type: "signIn",
        requestId: 3,
        user: { id: 1, ...identity },
        address: "198.51.100.7",
        tokenId: token?.id,
      },
    ]);
    const response = letIn(world, client);
    assert.equal(response.user?.displayName, "Mina Kim");
    assert.equal(response.user.isAdmin, true);
    assert.equal(response.resumeToken.length, 32);
    assert.equal(Number(response.resumeTokenExpiresMs), world.clock.wallMs() + 30 * DAY_MS);
    assert.equal(token?.hash, tokenHash(response.resumeToken));
    assert.equal(token.label, "laptop");
    assert.equal(token.address, "198.51.100.7");
    assert.equal(token.keep, 16);
    assert.equal(client.session.tokenId, token.id);
  });

  it("answers a wrong name and a wrong password alike, at the same cost", async () => {
    const world = withMina();
    world.store.add("ext", "", { passwordHash: "" });
    for (const body of [
      password("not that one"),
      { ...password(PASSWORD), name: "joon" },
      { ...password(PASSWORD), name: "ext" },
    ]) {
      const client = world.connect();
      await login(world, client, body);
      const { code, detail } = client.takeOne(PacketType.LOGIN_RESPONSE);
      assert.deepEqual({ code, detail }, { code: 1002, detail: "name or password wrong" });
    }
    assert.equal(world.hasher.verifyCount + world.hasher.absentCount, 3);
  });

  it("says BANNED only to who knows the password, and for how long", async () => {
    const world = new GateWorld();
    world.store.add("mina", PASSWORD, { bannedUntilMs: world.clock.wallMs() + 5000, reason: "spam" });
    const client = world.connect();
    await login(world, client, password("not that one"));
    assert.equal(client.takeCode(), "AUTH_FAILED");
    await login(world, client, password(PASSWORD));
    const response = client.takeOne(PacketType.LOGIN_RESPONSE);
    assert.equal(response.detail, "you are banned: spam");
    assert.equal(response.retryAfterMs, 5000);
    world.clock.advance(5000);
    await login(world, client, password(PASSWORD));
    assert.equal(world.asked().length, 1);
  });

  it("takes back the token when the hub does not let the user in, or the session ends", async () => {
    const world = withMina();
    const client = world.connect();
    await login(world, client, password(PASSWORD));
    assert.equal(world.store.tokens.size, 1);
    const refusal = { code: "LOGIN_USER_ALREADY", detail: "", retryAfterMs: 0 } as const;
    const { key: session } = client.session;
    world.answer({ type: "refused", session, requestId: 3, request: "signIn", refusal }, client);
    assert.equal(client.takeCode(), "LOGIN_USER_ALREADY");
    await world.settle();
    assert.equal(world.store.tokens.size, 0);
    await login(world, client, password(PASSWORD));
    client.session.end("SHUTDOWN");
    await world.settle();
    assert.equal(world.store.tokens.size, 0);
    const hasty = world.connect();
    const attempt = login(world, hasty, password(PASSWORD));
    hasty.session.end("SHUTDOWN");
    await attempt;
    await world.settle();
    assert.equal(world.store.tokens.size, 0);
  });

  it("lets nobody in whose connection is ending already", async () => {
    const world = withMina();
    const client = world.connect();
    const attempt = login(world, client, password(PASSWORD));
    // The peer has finished sending; that the session ends will be told a little later.
    client.link.isOpen = false;
    await attempt;
    await world.settle();
    assert.deepEqual(world.asked(), [], "the hub hears nothing of it");
    assert.equal(world.store.tokens.size, 0, "the token is nobody's");
    client.session.onDisconnected(client.link, "RECV_0", 0);
    assert.equal(client.session.state, "ended");
  });

  it("is limited for each address", async () => {
    const world = withMina({ rates: { loginsPerMinutePerAddress: 2 } });
    const client = world.connect();
    for (let count = 0; count < 2; count++) await login(world, client, password("not that one"));
    client.take();
    await login(world, client, password(PASSWORD));
    assert.equal(client.takeOne(PacketType.LOGIN_RESPONSE).retryAfterMs, 30_000);
  });

  it("answers what the store cannot do now", async () => {
    const world = withMina();
    const client = world.connect();
    world.store.failure = new StoreError("STORE_BUSY", "full");
    await login(world, client, password(PASSWORD));
    assert.equal(client.takeCode(), "BUSY");
    world.store.failure = new StoreError("WRITE_FAILED", "disk");
    await login(world, client, password(PASSWORD));
    assert.equal(client.takeCode(), "SERVER_ERROR");
    await login(world, client, password(PASSWORD));
    assert.equal(world.asked().length, 1, "the session may try again");
  });

  it("one attempt of a session at a time, and so many in all", async () => {
    const world = withMina({ login: { attemptsAtOnce: 1 } });
    const [client, other] = [world.connect(), world.connect()];
    const first = login(world, client, password(PASSWORD));
    void login(world, client, password(PASSWORD));
    assert.equal(client.takeCode(), "BUSY");
    void login(world, other, password(PASSWORD));
    assert.equal(other.takeCode(), "BUSY");
    await first;
    letIn(world, client);
    await login(world, client, password(PASSWORD));
    assert.equal(client.takeCode(), "ALREADY_LOGGED_IN");
  });
});

describe("login by token", () => {
  const by = (value: Uint8Array): PacketInit<PacketType.LOGIN_REQUEST> => ({
    credential: { case: "resumeToken", value },
  });

  it("needs no name, no hash of a password, and gives no new token", async () => {
    const world = withMina();
    const token = await tokenOf(world);
    const verified = world.hasher.verifyCount;
    const client = world.connect();
    await login(world, client, by(token));
    assert.equal(world.asked().length, 1);
    const response = letIn(world, client);
    assert.equal(response.user?.name, "mina");
    assert.equal(response.resumeToken.length, 0);
    assert.equal(client.session.tokenId, 2);
    assert.equal(world.hasher.verifyCount + world.hasher.absentCount, verified);
    assert.equal(world.store.tokens.size, 1);
  });

  it("a wrong, short or expired one: TOKEN_INVALID", async () => {
    const world = withMina();
    const token = await tokenOf(world);
    const client = world.connect();
    for (const wrong of [new Uint8Array(32), new Uint8Array(0), token.slice(0, 31)]) {
      await login(world, client, by(wrong));
      assert.equal(client.takeCode(), "TOKEN_INVALID");
    }
    world.clock.advance(30 * DAY_MS);
    await login(world, client, by(token));
    assert.equal(client.takeCode(), "TOKEN_INVALID");
  });

  it("a banned user's: BANNED", async () => {
    const world = withMina();
    const token = await tokenOf(world);
    const [[id, account] = []] = world.store.accounts;
    assert.ok(id !== undefined && account !== undefined);
    world.store.accounts.set(id, { ...account, bannedUntilMs: FOREVER_MS });
    const client = world.connect();
    await login(world, client, by(token));
    const { code, retryAfterMs } = client.takeOne(PacketType.LOGIN_RESPONSE);
    assert.deepEqual([ErrorCode[code], retryAfterMs], ["BANNED", 0]);
  });

  it("right ones are not limited, wrong ones are", async () => {
    const world = withMina({ rates: { loginsPerMinutePerAddress: 2 } });
    const token = await tokenOf(world);
    for (let count = 0; count < 10; count++) {
      await login(world, world.connect(), by(token));
      assert.equal(world.asked().length, 1);
    }
    const client = world.connect();
    for (let count = 0; count < 2; count++) await login(world, client, by(new Uint8Array(32)));
    client.take();
    await login(world, client, by(token));
    assert.equal(client.takeCode(), "RATE_LIMITED");
    await login(world, client, password(PASSWORD));
    assert.equal(world.asked().length, 1, "passwords are counted apart");
  });

  it("none are given when their lifetime is 0", async () => {
    const world = withMina({ login: { tokenLifetimeMs: 0 } });
    const client = world.connect();
    await login(world, client, password(PASSWORD));
    assert.equal(letIn(world, client).resumeToken.length, 0);
    assert.equal(world.store.tokens.size, 0);
  });
});

describe("login of guests", () => {
  const by = (name: string): PacketInit<PacketType.LOGIN_REQUEST> => ({
    name,
    credential: { case: "guestKey", value: new Uint8Array(16).fill(name.length) },
  });

  it("is with a key, under a name that is no account's, and without a token", async () => {
    const world = withMina({ login: { guests: true } });
    const client = world.connect();
    await login(world, client, by("mina"));
    assert.equal(client.takeCode(), "NAME_TAKEN");
    await login(world, client, by("joon"));
    const [signIn] = world.asked() as [{ user: { id: number }; tokenId: number }];
    assert.ok(signIn.user.id < 0);
    assert.equal(signIn.tokenId, 0);
    assert.equal(letIn(world, client).resumeToken.length, 0);
  });

  it("goes by the sanctions of the key", async () => {
    const world = withMina({ login: { guests: true } });
    const client = world.connect();
    await login(world, client, by("joon"));
    const [{ user }] = world.asked() as [{ user: { id: number } }];
    world.store.sanctions.set(user.id, { mutedUntilMs: 9, bannedUntilMs: FOREVER_MS, reason: "" });
    const again = world.connect();
    await login(world, again, by("joon"));
    assert.equal(again.takeCode(), "BANNED");
    world.store.sanctions.set(user.id, { mutedUntilMs: 9, bannedUntilMs: 0, reason: "" });
    await login(world, again, by("joon"));
    const [signIn] = world.asked() as [{ user: { mutedUntilMs: number } }];
    assert.equal(signIn.user.mutedUntilMs, 9);
  });

  it("may not be allowed, or not for now", async () => {
    const [closed, world] = [withMina(), withMina({ login: { guests: true } })];
    await login(closed, closed.connect(), by("joon"));
    const client = world.connect();
    world.rules.apply({ type: "serverRules", lockdown: 2, addressBans: [] });
    await login(world, client, by("joon"));
    assert.equal(client.takeCode(), "LOCKDOWN");
    assert.deepEqual([...closed.asked(), ...world.asked()], []);
    const later = world.connect();
    assert.equal(later.takeOne(PacketType.HELLO).guestsAllowed, false);
  });
});

describe("login", () => {
  it("is refused for what is wrong with it", async () => {
    const world = withMina();
    const client = world.connect();
    for (const [body, code] of [
      [{ protocolVersion: 9 }, "VERSION_UNSUPPORTED"],
      [{ name: "mina" }, "INVALID_PACKET"],
      [{ ...password(PASSWORD), name: "m i" }, "NAME_INVALID"],
      [{ ...password(PASSWORD), label: "x".repeat(65) }, "INVALID_PACKET"],
      [{ name: "joon", credential: { case: "guestKey", value: new Uint8Array(16) } }, "GUESTS_NOT_ALLOWED"],
      [{ credential: { case: "jwt", value: "a.b.c" } }, "TOKEN_INVALID"],
    ] as const) {
      await login(world, client, body);
      assert.equal(client.takeCode(), code);
    }
  });

  it("from a banned address: BANNED, also for registration", async () => {
    const world = withMina();
    const ban = { cidr: "192.0.2.0/24", untilMs: world.clock.wallMs() + 700, reason: "" };
    world.rules.apply({ type: "serverRules", lockdown: 0, addressBans: [ban] });
    const client = world.connect();
    await login(world, client, password(PASSWORD));
    assert.equal(client.takeOne(PacketType.LOGIN_RESPONSE).retryAfterMs, 700);
    client.send(PacketType.REGISTER_REQUEST, { requestId: 1, name: "joon", password: PASSWORD });
    assert.equal(client.takeCode(), "BANNED");
  });

  it("says whether the lobby was recovered, then joins it there", async () => {
    const world = withMina();
    for (const canRecover of [true, false]) {
      world.fanOut.canRecover = canRecover;
      const client = world.connect();
      await login(world, client, { ...password(PASSWORD), lobby: { epoch: "e1", offset: 4 } });
      assert.equal(letIn(world, client).lobbyRecovered, canRecover);
    }
    assert.deepEqual(world.fanOut.calls, ["join 1 after 4", "join 1"]);
  });
});

describe("logout", () => {
  it("with forget: the token is revoked first", async () => {
    const world = new GateWorld();
    for (const isEndedByHub of [false, true]) {
      const client = world.signedIn();
      client.send(PacketType.LOGOUT_REQUEST, { requestId: 8, forget: true });
      const { key: session } = client.session;
      assert.deepEqual(world.asked(), [{ type: "revokeToken", requestId: 8, tokenId: 5 }]);
      client.send(PacketType.LOGOUT_REQUEST, { requestId: 9, forget: true });
      assert.equal(client.takeCode(), "BUSY");
      if (isEndedByHub) world.answer({ type: "ended", session, code: "TOKEN_REVOKED", detail: "" }, client);
      else world.answer({ type: "revoked", session, requestId: 8, count: 1 }, client);
      const [response, disconnect] = client.take();
      assert.ok(response?.type === PacketType.LOGOUT_RESPONSE && response.body.requestId === 8);
      assert.ok(
        disconnect?.type === PacketType.DISCONNECT && disconnect.body.code === DisconnectCode.LOGGED_OUT,
      );
    }
  });

  it("that could not forget is refused, and may be tried again", () => {
    const world = new GateWorld();
    const client = world.signedIn();
    client.send(PacketType.LOGOUT_REQUEST, { requestId: 8, forget: true });
    const refusal = { code: "BUSY", detail: "", retryAfterMs: 10 } as const;
    const { key: session } = client.session;
    world.answer({ type: "refused", session, requestId: 8, request: "revokeToken", refusal }, client);
    assert.equal(client.takeOne(PacketType.LOGOUT_RESPONSE).retryAfterMs, 10);
    client.send(PacketType.LOGOUT_REQUEST, { requestId: 9 });
    assert.equal(client.endCode(), "LOGGED_OUT");
  });
});

describe("registration", () => {
  async function register(world: GateWorld, client: GateClient, name: string, invitationCode = "") {
    client.take();
    client.send(PacketType.REGISTER_REQUEST, { requestId: 1, name, password: PASSWORD, invitationCode });
    await world.settle();
    return client.takeCode();
  }

  it("makes an account, once for a name", async () => {
    const world = new GateWorld();
    const client = world.connect();
    assert.equal(await register(world, client, "Mina"), "OK");
    assert.equal(await register(world, client, "mina"), "NAME_TAKEN");
    assert.equal(world.hasher.hashCount, 1, "a taken name costs no hash");
    const [account] = world.store.accounts.values();
    assert.equal(account?.name, "Mina");
    assert.equal(account.nameKey, "mina");
    assert.equal(account.passwordHash, `hash of ${PASSWORD}`);
  });

  it("with an invitation where one is needed, used up by one", async () => {
    const world = new GateWorld({ login: { invitationRequired: true } });
    world.store.invitations.add(invitationHash("abcd-2345"));
    const client = world.connect();
    assert.equal(client.takeOne(PacketType.HELLO).invitationRequired, true);
    assert.equal(await register(world, client, "mina"), "INVITATION_INVALID");
    assert.equal(await register(world, client, "mina", "wrong"), "INVITATION_INVALID");
    assert.equal(await register(world, client, "mina", "x".repeat(1000)), "INVITATION_INVALID");
    assert.equal(await register(world, client, "mina", "ABCD 2345"), "OK");
    assert.equal(await register(world, client, "joon", "abcd-2345"), "INVITATION_INVALID");
  });

  it("may be closed, or closed for now, and is limited", async () => {
    const closed = new GateWorld({ login: { registration: false } });
    assert.equal(await register(closed, closed.connect(), "mina"), "REGISTRATION_CLOSED");
    const world = new GateWorld({ rates: { registrationsPerHourPerAddress: 1 } });
    const client = world.connect();
    world.rules.apply({ type: "serverRules", lockdown: 1, addressBans: [] });
    assert.equal(await register(world, client, "mina"), "LOCKDOWN");
    world.rules.apply({ type: "serverRules", lockdown: 0, addressBans: [] });
    assert.equal(await register(world, client, "mina"), "OK");
    assert.equal(await register(world, client, "joon"), "RATE_LIMITED");
  });
});
