import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AdminApiError, AdminClient, type FetchAnswer, type FetchInit } from "./admin-client.ts";

interface Asked {
  readonly url: string;
  readonly init: FetchInit;
}

function answer(status: number, body: string, headers: Record<string, string> = {}): FetchAnswer {
  return {
    ok: status >= 200 && status < 300,
    status,
    headers: { get: (name) => headers[name] ?? null },
    text: () => Promise.resolve(body),
  };
}

function clientThatGets(given: FetchAnswer | (() => Promise<FetchAnswer>), timeoutMs = 10_000) {
  const asked: Asked[] = [];
  const client = new AdminClient({
    token: "secret",
    timeoutMs,
    fetch: (url, init) => {
      asked.push({ url, init });
      return typeof given === "function" ? given() : Promise.resolve(given);
    },
  });
  return { client, asked };
}

async function refusalOf(promise: Promise<unknown>): Promise<AdminApiError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof AdminApiError);
  return error;
}

describe("the admin API's client", () => {
  it("sends the token in a header, never in the address, and no cookies", async () => {
    const { client, asked } = clientThatGets(answer(200, '{"total": 3}'));
    assert.deepEqual(await client.get("/sessions", { search: "a&b=ü", slowOnly: true, sort: "" }), {
      total: 3,
    });
    const [{ url, init } = assert.fail("nothing was asked")] = asked;
    assert.equal(url, "/api/admin/sessions?search=a%26b%3D%C3%BC&slowOnly=true");
    assert.equal(init.headers.Authorization, "Bearer secret");
    assert.equal(init.credentials, "omit");
    assert.equal(init.body, undefined);
  });

  it("sends JSON", async () => {
    const { client, asked } = clientThatGets(answer(200, "{}"));
    assert.deepEqual(await client.send("/drain", { confirm: true }), {});
    assert.equal(asked[0]?.init.method, "POST");
    assert.equal(asked[0]?.init.body, '{"confirm":true}');
    assert.equal(asked[0]?.init.headers["Content-Type"], "application/json");
  });

  it("tells the server's code and words", async () => {
    const body = '{"error": {"code": "USER_OFFLINE", "message": "bob is not here now"}}';
    const error = await refusalOf(clientThatGets(answer(409, body)).client.get("/users"));
    assert.equal(error.code, "USER_OFFLINE");
    assert.equal(error.message, "bob is not here now");
    assert.ok(!error.isSignedOut && !error.isSilence);
  });

  it("tells a wrong token, and how long to wait", async () => {
    const given = answer(429, '{"error": {"code": "RATE_LIMITED", "message": "too many"}}', {
      "Retry-After": "7",
    });
    assert.equal((await refusalOf(clientThatGets(given).client.get("/"))).retryAfterMs, 7000);
    const exact = answer(429, '{"error": {"code": "RATE_LIMITED", "message": "", "retryAfterMs": 250}}');
    assert.equal((await refusalOf(clientThatGets(exact).client.get("/"))).retryAfterMs, 250);
    const wrong = answer(401, '{"error": {"code": "TOKEN", "message": "the token is missing or wrong"}}');
    assert.ok((await refusalOf(clientThatGets(wrong).client.get("/"))).isSignedOut);
  });

  it("tells an answer of something else, as of a proxy", async () => {
    const error = await refusalOf(clientThatGets(answer(502, "<h1>Bad gateway</h1>")).client.get("/"));
    assert.equal(error.code, "NOT_PORTICO");
    assert.ok(error.isSilence);
    const odd = await refusalOf(clientThatGets(answer(200, "<h1>Welcome</h1>")).client.get("/"));
    assert.equal(odd.code, "NOT_PORTICO");
  });

  it("tells silence", async () => {
    const unreachable = clientThatGets(() => Promise.reject(new TypeError("fetch failed")));
    const error = await refusalOf(unreachable.client.get("/"));
    assert.equal(error.code, "UNREACHABLE");
    assert.ok(error.isSilence);
  });

  it("gives up when an answer takes too long, and tells that from being told to stop", async () => {
    const never = (): Promise<FetchAnswer> =>
      new Promise((_resolve, reject) => {
        const { signal } = asked.at(-1)?.init ?? assert.fail("nothing was asked");
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      });
    const { client, asked } = clientThatGets(never, 1);
    const keepAlive = setTimeout(() => undefined, 10_000);
    assert.equal((await refusalOf(client.get("/"))).code, "TIMEOUT");
    clearTimeout(keepAlive);

    const stopped = new AbortController();
    const reason = new Error("the view is gone");
    const patient = clientThatGets(
      () =>
        new Promise((_resolve, reject) => {
          stopped.signal.addEventListener("abort", () => reject(reason));
        }),
    );
    const waiting = patient.client.get("/", {}, stopped.signal);
    stopped.abort(reason);
    await assert.rejects(waiting, reason);
  });
});
