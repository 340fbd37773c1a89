import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ADMIN_TOKEN, AdminWorld } from "../../../test/support/admin-world.ts";
import { LogKeeper } from "../../../test/support/chat-test-server.ts";
import { ManualClock } from "../../base/clock.ts";
import { AdminGuard } from "./admin-guard.ts";

const right = `Bearer ${ADMIN_TOKEN}`;
const json = { "content-type": "application/json" };

function guarded(origins: readonly string[] = []) {
  const clock = new ManualClock();
  const log = new LogKeeper();
  const guard = new AdminGuard({ token: ADMIN_TOKEN, clock, log, wrongPerMinute: 3, origins });
  const ask = (headers: Record<string, string>, address = "192.0.2.1", method = "GET") =>
    guard.refusal({ method, headers: { host: "chat.example.com:8080", ...headers }, address });
  return { clock, log, ask };
}

describe("AdminGuard", () => {
  it("lets in who has the token, and nobody else", () => {
    const { ask } = guarded();
    assert.equal(ask({ authorization: right }), undefined);
    assert.equal(ask({})?.status, 401);
    for (const authorization of [
      "Bearer",
      "Bearer ",
      `Bearer ${ADMIN_TOKEN}x`,
      `Bearer ${ADMIN_TOKEN.slice(0, -1)}`,
      `Basic ${ADMIN_TOKEN}`,
      ADMIN_TOKEN,
      `Bearer ${ADMIN_TOKEN} ${ADMIN_TOKEN}`,
    ]) {
      assert.equal(guarded().ask({ authorization })?.code, "TOKEN", authorization);
    }
  });

  it("slows guessing down, for the address that guesses, and says so once a minute", () => {
    const { clock, log, ask } = guarded();
    const wrong = { authorization: "Bearer guess" };
    for (let guess = 0; guess < 3; guess++) assert.equal(ask(wrong)?.status, 401);
    const slowed = ask(wrong);
    assert.equal(slowed?.status, 429);
    assert.ok((slowed.retryAfterMs ?? 0) > 0);
    assert.equal(ask({ authorization: right })?.status, 429, "a right guess is not told either");
    assert.equal(ask({ authorization: right }, "192.0.2.2"), undefined, "others are not slowed");
    assert.equal(log.lines.length, 1);
    assert.ok(!JSON.stringify(log.lines).includes("guess"), "what was tried is not logged");
    clock.advance(slowed.retryAfterMs ?? 0);
    assert.equal(ask({ authorization: right }), undefined);
    for (let guess = 0; guess < 10; guess++) ask(wrong);
    assert.equal(log.lines.length, 1);
    clock.advance(60_000);
    for (let guess = 0; guess < 10; guess++) ask(wrong);
    assert.equal(log.lines.length, 2);
  });

  it("takes an IPv6 network as one address", () => {
    const { ask } = guarded();
    for (let guess = 0; guess < 3; guess++) ask({ authorization: "Bearer x" }, `2001:db8::${guess}`);
    assert.equal(ask({ authorization: "Bearer x" }, "2001:db8::99")?.status, 429);
  });

  it("does not count requests without a token: a page asks for it only then", () => {
    const { ask } = guarded();
    for (let asked = 0; asked < 10; asked++) assert.equal(ask({})?.status, 401);
    assert.equal(ask({ authorization: right }), undefined);
  });

  it("refuses pages of other sites, right token or not", () => {
    const { ask } = guarded(["https://ops.example.com"]);
    const from = (origin: string) => ask({ authorization: right, origin });
    assert.equal(from("http://chat.example.com:8080"), undefined);
    assert.equal(from("https://ops.example.com"), undefined, "it is in the list");
    for (const origin of [
      "null",
      "",
      "https://evil.example",
      "http://chat.example.com",
      "http://chat.example.com:8080.evil.example",
      "http://chat.example.com:8080/path",
      "chat.example.com:8080",
      "https://ops.example.com.evil.example",
    ]) {
      assert.equal(from(origin)?.code, "ORIGIN", origin);
    }
    for (const site of ["cross-site", "same-site", "anything"]) {
      assert.equal(ask({ authorization: right, "sec-fetch-site": site })?.status, 403, site);
    }
    for (const site of ["same-origin", "none"]) {
      assert.equal(ask({ authorization: right, "sec-fetch-site": site }), undefined, site);
    }
    const hostless = guarded().ask({ authorization: right, origin: "null", host: "" });
    assert.equal(hostless?.code, "ORIGIN");
  });

  it("takes JSON and no other body", () => {
    const { ask } = guarded();
    const post = (type: Record<string, string>) =>
      ask({ authorization: right, ...type }, "192.0.2.1", "POST");
    assert.equal(post(json), undefined);
    assert.equal(post({ "content-type": "Application/JSON; charset=utf-8" }), undefined);
    for (const type of ["text/plain", "application/json-patch+json", "application/x-www-form-urlencoded"]) {
      assert.equal(post({ "content-type": type })?.status, 415, type);
    }
    assert.equal(post({})?.status, 415);
  });
});

describe("the guard in front of the API", () => {
  it("stands before every route, known or not, and before bodies are read", async (test) => {
    const world = await AdminWorld.open(test);
    for (const url of ["/api/admin/overview", "/api/admin/nothing", "/api/admin/users/mina"]) {
      const response = await world.get(url, { authorization: "Bearer wrong" });
      assert.equal(response.statusCode === 429 ? 429 : 401, response.statusCode, url);
      assert.equal(response.headers["cache-control"], "no-store");
    }
    const slowed = await world.get("/api/admin/overview");
    assert.equal(slowed.statusCode, 429);
    assert.ok(Number(slowed.headers["retry-after"]) > 0);
  });

  it("sets no cookie, allows no other origin, and acts on none's behalf", async (test) => {
    const world = await AdminWorld.open(test);
    const foreign = await world.post("/api/admin/lockdown", { level: 3 }, { origin: "https://evil.example" });
    assert.equal(foreign.statusCode, 403);
    const preflight = await world.app.inject({
      method: "OPTIONS",
      url: "/api/admin/lockdown",
      headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    });
    assert.ok(preflight.statusCode >= 400);
    const fine = await world.get("/api/admin/overview");
    for (const response of [foreign, preflight, fine]) {
      assert.equal(response.headers["set-cookie"], undefined);
      assert.equal(response.headers["access-control-allow-origin"], undefined);
    }
    assert.equal(world.context?.console.lockdown, 0);
  });

  it("asks for the token as RFC 6750 has it", async (test) => {
    const world = await AdminWorld.open(test);
    const response = await world.app.inject("/api/admin/overview");
    assert.deepEqual([response.statusCode, response.headers["www-authenticate"]], [401, "Bearer"]);
  });
});
