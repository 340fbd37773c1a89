import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { GateWorld } from "../../../test/support/gate-world.ts";
import { ManualClock } from "../../base/clock.ts";
import { PacketType } from "../../protocol/codes.ts";
import { PROTOCOL_VERSION } from "../../protocol/version.ts";
import { GateSettingsError, type GateSettings } from "./gate-settings.ts";
import { isSameJwt, JwtKeysError, type JwtSettings, JwtVerifier } from "./jwt.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const keyBytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A token for "u1", good for a minute, by the clock of the tests. */
function token(clock: ManualClock, claims: Record<string, unknown> = {}): SignJWT {
  const nowSeconds = Math.floor(clock.wallMs() / 1000);
  return new SignJWT({ iss: "game", sub: "u1", exp: nowSeconds + 60, name: "Mina", ...claims });
}

function signed(clock: ManualClock, claims: Record<string, unknown> = {}, secret = SECRET): Promise<string> {
  return token(clock, claims).setProtectedHeader({ alg: "HS256" }).sign(keyBytes(secret));
}

const verifier = (clock: ManualClock, settings: JwtSettings = {}) =>
  new JwtVerifier({ secret: SECRET, ...settings }, clock);

describe("JwtVerifier with a shared secret", () => {
  it("tells who the token is for", async () => {
    const clock = new ManualClock();
    const user = await verifier(clock).verify(await signed(clock));
    assert.deepEqual(user, { externalId: "game|u1", name: "Mina" });
  });

  it("takes the name from the claim that is asked for, else from the usual ones", async () => {
    const clock = new ManualClock();
    const nameOf = async (claims: Record<string, unknown>, nameClaim?: string) =>
      (await verifier(clock, { nameClaim }).verify(await signed(clock, claims)))?.name;
    assert.equal(await nameOf({ preferred_username: "min", nick: "m2" }), "min");
    assert.equal(await nameOf({ preferred_username: "min", nick: "m2" }, "nick"), "m2");
    assert.equal(await nameOf({ name: undefined }), "u1");
    assert.equal(await nameOf({ name: 5 }, "name"), "");
  });

  it("trusts nothing else", async () => {
    const clock = new ManualClock();
    const good = await signed(clock);
    const [header = "", payload = "", signature = ""] = good.split(".");
    const nowSeconds = Math.floor(clock.wallMs() / 1000);
    const forged = Buffer.from(JSON.stringify({ iss: "game", sub: "admin", exp: nowSeconds + 60 }));
    const bad: Readonly<Record<string, string>> = {
      "another secret": await signed(clock, {}, "another secret of thirty-two byte"),
      "no signature": `${header}.${payload}.`,
      "another payload": `${header}.${forged.toString("base64url")}.${signature}`,
      "alg none": new UnsecuredJWT({ iss: "game", sub: "u1" }).setExpirationTime(nowSeconds + 60).encode(),
      "no expiry": await signed(clock, { exp: undefined }),
      "no subject": await signed(clock, { sub: undefined }),
      "an empty subject": await signed(clock, { sub: "" }),
      "a subject without end": await signed(clock, { sub: "x".repeat(600) }),
      "not yet": await signed(clock, { nbf: nowSeconds + 3600 }),
      nothing: "",
      nonsense: "a.b.c",
    };
    for (const [what, text] of Object.entries(bad)) {
      assert.equal(await verifier(clock).verify(text), undefined, what);
    }
  });

  it("goes by the given clock", async () => {
    const clock = new ManualClock();
    const text = await signed(clock);
    clock.advance(69_000);
    assert.ok((await verifier(clock).verify(text)) !== undefined, "clocks may differ by ten seconds");
    clock.advance(2000);
    assert.equal(await verifier(clock).verify(text), undefined);
  });

  it("checks issuer and audience where they are set", async () => {
    const clock = new ManualClock();
    const strict = verifier(clock, { issuer: "game", audience: "chat" });
    assert.ok((await strict.verify(await signed(clock, { aud: ["chat", "x"] }))) !== undefined);
    assert.equal(await strict.verify(await signed(clock, { aud: "shop" })), undefined);
    assert.equal(await strict.verify(await signed(clock)), undefined);
    assert.equal(await strict.verify(await signed(clock, { aud: "chat", iss: "other" })), undefined);
  });
});

describe("JwtVerifier with public keys", () => {
  it("takes what one of them has signed, and never one of them as a secret", async () => {
    const clock = new ManualClock();
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256" };
    const jwks = JSON.stringify({ keys: [jwk] });
    const check = new JwtVerifier({ jwks }, clock);
    const text = await token(clock).setProtectedHeader({ alg: "ES256", kid: "k1" }).sign(privateKey);
    assert.equal((await check.verify(text))?.externalId, "game|u1");
    const { privateKey: stranger } = await generateKeyPair("ES256");
    const header = { alg: "ES256", kid: "k1" };
    assert.equal(await check.verify(await token(clock).setProtectedHeader(header).sign(stranger)), undefined);
    const unknown = { alg: "ES256", kid: "k2" };
    assert.equal(
      await check.verify(await token(clock).setProtectedHeader(unknown).sign(stranger)),
      undefined,
    );
    const confused = token(clock).setProtectedHeader({ alg: "HS256", kid: "k1" });
    assert.equal(await check.verify(await confused.sign(keyBytes(JSON.stringify(jwk)))), undefined);
  });

  it("says when the keys cannot be fetched", async () => {
    const clock = new ManualClock();
    // Nobody listens on port 1.
    const check = new JwtVerifier({ jwksUrl: "http://127.0.0.1:1/jwks" }, clock);
    const { privateKey } = await generateKeyPair("ES256");
    const text = await token(clock).setProtectedHeader({ alg: "ES256" }).sign(privateKey);
    await assert.rejects(check.verify(text), JwtKeysError);
  });
});

describe("JWT settings", () => {
  it("that cannot be are refused", () => {
    for (const settings of [
      {},
      { secret: SECRET, jwks: "{}" },
      { secret: "x".repeat(31) },
      { jwks: "no JSON" },
      { jwks: "{}" },
      { jwksUrl: "http://example.org/jwks" },
      { jwksUrl: "nowhere" },
    ]) {
      assert.throws(() => new JwtVerifier(settings, new ManualClock()), GateSettingsError);
    }
  });

  it("are compared", () => {
    assert.ok(isSameJwt(undefined, undefined));
    assert.ok(isSameJwt({ secret: SECRET }, { secret: SECRET, issuer: undefined }));
    assert.ok(!isSameJwt({ secret: SECRET }, { secret: SECRET, issuer: "game" }));
    assert.ok(!isSameJwt({ secret: SECRET }, undefined));
  });
});

describe("login by JWT", () => {
  const login: Partial<GateSettings["login"]> = { jwt: { secret: SECRET } };

  async function enter(world: GateWorld, value: string): Promise<string> {
    const client = world.connect();
    client.take();
    const body = {
      requestId: 3,
      protocolVersion: PROTOCOL_VERSION,
      credential: { case: "jwt", value },
    } as const;
    client.send(PacketType.LOGIN_REQUEST, body);
    // Signatures are checked by the runtime in a thread of its own.
    while (world.attempts.count > 0) await world.settle();
    const [signIn] = world.asked() as [{ user: { id: number; name: string } } | undefined];
    return signIn === undefined ? client.takeCode() : `${signIn.user.id} ${signIn.user.name}`;
  }

  it("makes the account once, without a password, and gives a token", async () => {
    const world = new GateWorld({ login });
    const text = await signed(world.clock);
    assert.equal(await enter(world, text), "1 Mina");
    assert.equal(await enter(world, await signed(world.clock, { name: "Mina2" })), "1 Mina");
    const [account] = world.store.accounts.values();
    assert.equal(account?.passwordHash, "");
    assert.equal(account.externalId, "game|u1");
    assert.equal(world.store.accounts.size, 1);
    assert.equal(world.store.tokens.size, 2);
    assert.equal(world.connect().takeOne(PacketType.HELLO).jwtAccepted, true);
  });

  it("is refused for a bad token, a taken or bad name, a ban, and in a lockdown", async () => {
    const world = new GateWorld({ login });
    assert.equal(await enter(world, "a.b.c"), "TOKEN_INVALID");
    assert.equal(await enter(world, await signed(world.clock, { name: "m i" })), "NAME_INVALID");
    world.store.add("mina", "correct horse");
    assert.equal(await enter(world, await signed(world.clock)), "NAME_TAKEN");
    assert.equal(await enter(world, await signed(world.clock, { name: "joon" })), "2 joon");
    world.rules.apply({ type: "serverRules", lockdown: 1, addressBans: [] });
    assert.equal(await enter(world, await signed(world.clock, { sub: "u2", name: "sora" })), "LOCKDOWN");
    assert.equal(await enter(world, await signed(world.clock)), "2 joon", "who has an account may come in");
    const joon = world.store.accounts.get(2);
    assert.ok(joon !== undefined);
    world.store.accounts.set(2, { ...joon, bannedUntilMs: world.clock.wallMs() + 1 });
    assert.equal(await enter(world, await signed(world.clock)), "BANNED");
  });
});
