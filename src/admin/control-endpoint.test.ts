import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { ManualClock } from "../base/clock.ts";
import { SeededRandom } from "../base/random.ts";
import { silentLogger } from "../base/logger.ts";
import { InProcessBus } from "../chat/bus/in-process-bus.ts";
import { MemoryStore } from "../chat/store/memory-store.ts";
import { defaultHttpLimits } from "../http/http-limits.ts";
import { openTestHttp } from "../../test/support/test-http.ts";
import { AdminConsole } from "./admin-console.ts";
import type { AdminContext } from "./admin-operations.ts";
import { CONTROL_PATH, ControlEndpoint } from "./control-endpoint.ts";
import { CONTROL_FILE, readControlFile, removeControlFile, writeControlFile } from "./control-file.ts";
import { buildHttpApp } from "./http-app.ts";

const TOKEN = "a-token-of-more-than-thirty-two-characters";

const hasher = {
  hash: (password: string) => Promise.resolve(`hash of ${password}`),
  verify: () => Promise.resolve(false),
  verifyAbsent: () => Promise.resolve(false as const),
};

async function open(test: TestContext, context: () => AdminContext | undefined): Promise<string> {
  const app = await buildHttpApp({
    parts: { pages: false, admin: false, health: false, metrics: false },
    limits: defaultHttpLimits,
    readiness: () => "serving",
    control: new ControlEndpoint(TOKEN, context),
    log: silentLogger,
  });
  const { url } = await openTestHttp(test, app.server);
  return `${url}${CONTROL_PATH}`;
}

function contextOf(test: TestContext): AdminContext {
  const store = new MemoryStore();
  test.after(() => store.close());
  const console = new AdminConsole(new InProcessBus((task) => void setImmediate(task)));
  return { console, store, hasher, clock: new ManualClock(), random: new SeededRandom(1) };
}

/** What the endpoint answers, its result looked into freely. */
async function answerOf(
  response: Response,
): Promise<{ ok: boolean; code?: string; result?: Record<string, unknown>[] }> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- compared field by field by the tests
  return (await response.json()) as { ok: boolean; code?: string; result?: Record<string, unknown>[] };
}

function post(url: string, body: string, token = TOKEN): Promise<Response> {
  return fetch(url, { method: "POST", body, headers: { Authorization: `Bearer ${token}` } });
}

describe("ControlEndpoint", () => {
  it("does what who knows the token asks for", async (test) => {
    const context = contextOf(test);
    const url = await open(test, () => context);
    const added = await post(
      url,
      JSON.stringify({ do: "user.add", args: { name: "Mina", password: "correct horse", isAdmin: true } }),
    );
    assert.deepEqual(
      [added.status, await added.json()],
      [200, { ok: true, result: { id: 1, name: "Mina" } }],
    );
    const listed = await answerOf(await post(url, JSON.stringify({ do: "user.list" })));
    assert.equal(listed.result?.[0]?.name, "Mina");
    assert.equal(listed.result[0].isAdmin, true);
    assert.ok(!JSON.stringify(listed).includes("hash of"), "hashes stay in the server");
    const audit = await answerOf(await post(url, JSON.stringify({ do: "audit" })));
    assert.deepEqual([audit.result?.[0]?.actor, audit.result?.[0]?.action], ["(console)", "user.add"]);
  });

  it("refuses others, and what makes no sense, with the reason", async (test) => {
    const context = contextOf(test);
    const url = await open(test, () => context);
    const cases: [() => Promise<Response>, number, string][] = [
      [() => post(url, "{}", "another"), 401, "TOKEN"],
      [() => fetch(url, { method: "POST", body: "{}" }), 401, "TOKEN"],
      [() => post(url, "{"), 400, "ADMIN_USAGE"],
      [() => post(url, JSON.stringify({ do: "toString" })), 400, "ADMIN_USAGE"],
      [() => post(url, JSON.stringify({ do: "user.show", args: { name: "nobody" } })), 409, "ADMIN_FAILED"],
      [() => post(url, JSON.stringify({ do: "user.show", args: { who: "mina" } })), 400, "ADMIN_USAGE"],
      [
        () => post(url, JSON.stringify({ do: "user.add", args: { name: "x", password: "y" } })),
        400,
        "ADMIN_USAGE",
      ],
      [() => post(url, JSON.stringify({ do: "address.ban", args: { cidr: "1.2.3" } })), 400, "ADMIN_USAGE"],
      [() => post(url, "x".repeat(70_000)), 413, "TOO_LARGE"],
    ];
    for (const [ask, status, code] of cases) {
      const response = await ask();
      assert.equal(response.status, status, code);
      assert.equal((await answerOf(response)).code, code);
    }
  });

  it("says that the server is starting or stopping", async (test) => {
    const url = await open(test, () => undefined);
    assert.equal((await post(url, JSON.stringify({ do: "audit" }))).status, 503);
  });
});

describe("the control file", () => {
  it("is its owner's alone, and gone or broken it is no file", (test) => {
    const directory = mkdtempSync(join(tmpdir(), "portico-control-"));
    test.after(() => rmSync(directory, { recursive: true, force: true }));
    assert.equal(readControlFile(directory), undefined);
    const control = { url: "http://127.0.0.1:8080", token: TOKEN, pid: 4711 };
    writeControlFile(directory, control);
    assert.deepEqual(readControlFile(directory), control);
    const path = join(directory, CONTROL_FILE);
    if (process.platform !== "win32") assert.equal(statSync(path).mode & 0o777, 0o600);
    writeFileSync(path, readFileSync(path, "utf8").slice(0, 20));
    assert.equal(readControlFile(directory), undefined);
    removeControlFile(directory);
    removeControlFile(directory);
  });
});
