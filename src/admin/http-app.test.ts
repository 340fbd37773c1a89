import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { LogKeeper } from "../../test/support/chat-test-server.ts";
import { RawHttpClient, type RawResponse } from "../../test/support/raw-http-client.ts";
import { openTestHttp, type TestHttp } from "../../test/support/test-http.ts";
import { silentLogger } from "../base/logger.ts";
import { defaultHttpLimits } from "../http/http-limits.ts";
import type { Readiness } from "./health-routes.ts";
import { buildHttpApp, type HttpAppOptions } from "./http-app.ts";

const everything = { pages: true, admin: true, health: true, metrics: true };
const SCRIPT = "console.log('a script that is long enough to be compressed')\n".repeat(20);

async function open(test: TestContext, options: Partial<HttpAppOptions> = {}): Promise<TestHttp> {
  const app = await buildHttpApp({
    parts: everything,
    limits: defaultHttpLimits,
    readiness: () => "serving",
    webDirectory: join(tmpdir(), "there is no web client here"),
    log: silentLogger,
    ...options,
  });
  return openTestHttp(test, app.server);
}

/** A web client as the build leaves it, beside a file that is nobody's business. */
function builtWeb(test: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), "portico-web-"));
  test.after(() => rmSync(root, { recursive: true, force: true }));
  const directory = join(root, "dist");
  mkdirSync(join(directory, "assets"), { recursive: true });
  writeFileSync(join(root, "secret.txt"), "secret");
  writeFileSync(join(directory, "index.html"), "<!doctype html><title>chat</title>");
  writeFileSync(join(directory, "admin.html"), "<!doctype html><title>admin</title>");
  writeFileSync(join(directory, "favicon.svg"), "<svg/>");
  writeFileSync(join(directory, ".env"), "secret");
  writeFileSync(join(directory, "assets", ".hidden"), "secret");
  writeFileSync(join(directory, "assets", "app-1a2b3c.js"), SCRIPT);
  writeFileSync(join(directory, "assets", "app-1a2b3c.js.br"), brotliCompressSync(SCRIPT));
  writeFileSync(join(directory, "assets", "app-1a2b3c.js.gz"), gzipSync(SCRIPT));
  writeFileSync(join(directory, "assets", "font-9z.woff2"), "font");
  return directory;
}

/** A request whose path nobody tidies up first. */
async function ask(
  test: TestContext,
  { address }: TestHttp,
  line: string,
  headers = "",
): Promise<RawResponse> {
  const client = RawHttpClient.open(test, address);
  client.send(`${line} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
  return client.response(!line.startsWith("HEAD"));
}

describe("health", () => {
  it("says that the process lives, whatever it is doing", async (test) => {
    for (const readiness of ["starting", "serving", "draining"] as const) {
      const { url } = await open(test, { readiness: () => readiness });
      const answer = await fetch(`${url}/livez`);
      assert.deepEqual([answer.status, await answer.text()], [200, "ok\n"]);
    }
  });

  it("is ready only while serving", async (test) => {
    let readiness: Readiness = "starting";
    const { url } = await open(test, { readiness: () => readiness });
    assert.equal((await fetch(`${url}/readyz`)).status, 503);
    readiness = "serving";
    assert.equal((await fetch(`${url}/readyz?verbose`)).status, 200);
    readiness = "draining";
    const answer = await fetch(`${url}/readyz`);
    assert.deepEqual([answer.status, await answer.text()], [503, "draining\n"]);
    assert.equal(answer.headers.get("cache-control"), "no-store");
  });

  it("takes HEAD", async (test) => {
    const { url } = await open(test);
    assert.equal((await fetch(`${url}/livez`, { method: "HEAD" })).status, 200);
  });
});

describe("the HTTP application", () => {
  it("answers 404 to other paths: JSON below /api, text elsewhere", async (test) => {
    const { url } = await open(test);
    for (const path of ["/livez/more", "/nothing", "/API/x", "/.env"]) {
      const answer = await fetch(url + path);
      assert.deepEqual([answer.status, await answer.text()], [404, "not found\n"], path);
    }
    const api = await fetch(`${url}/api/nothing`);
    assert.deepEqual(
      [api.status, await api.json()],
      [404, { error: { code: "NOT_FOUND", message: "not found" } }],
    );
    assert.equal((await fetch(`${url}/nothing`, { method: "POST", body: "x" })).status, 404);
  });

  it("answers 405 with Allow to methods that a path does not take", async (test) => {
    const add: NonNullable<HttpAppOptions["plugins"]>[number] = {
      part: "admin",
      add: (app) => {
        app.post("/api/things/:name", (_request, reply) => reply.send({}));
      },
    };
    const http = await open(test, { plugins: [add] });
    for (const [line, allow] of [
      ["DELETE /livez", "GET, HEAD"],
      ["TRACE /", "GET, HEAD"],
      ["OPTIONS /admin", "GET, HEAD"],
      ["PUT /assets/app.js", "GET, HEAD"],
      ["GET /api/things/lamp", "POST"],
    ] as const) {
      const answer = await ask(test, http, line);
      assert.deepEqual([answer.status, answer.headers.get("allow")], [405, allow], line);
    }
    const posted = await fetch(`${http.url}/livez`, {
      method: "POST",
      body: "x",
      headers: { "content-type": "a/b" },
    });
    assert.equal(posted.status, 405);
    const api = await fetch(`${http.url}/api/things/lamp`);
    assert.deepEqual(await api.json(), { error: { code: "METHOD", message: "method not allowed" } });
  });

  it("answers 500 and logs when a handler fails, telling nothing of why", async (test) => {
    const log = new LogKeeper();
    const plugin: NonNullable<HttpAppOptions["plugins"]>[number] = {
      part: "admin",
      add: (app) => {
        app.get("/api/broken", () => Promise.reject(new Error("a secret detail")));
        app.get("/broken", () => {
          throw new Error("a secret detail");
        });
      },
    };
    const { url } = await open(test, { plugins: [plugin], log });
    for (const path of ["/api/broken", "/broken"]) {
      const answer = await fetch(url + path);
      assert.equal(answer.status, 500);
      assert.doesNotMatch(await answer.text(), /secret/);
    }
    assert.equal(log.of("an HTTP request failed").length, 2);
  });

  it("refuses bodies that are too large, and paths that cannot be decoded", async (test) => {
    const plugin: NonNullable<HttpAppOptions["plugins"]>[number] = {
      part: "admin",
      add: (app) => {
        app.post("/api/things", (_request, reply) => reply.send({}));
      },
    };
    const http = await open(test, { plugins: [plugin] });
    const large = await fetch(`${http.url}/api/things`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify("x".repeat(70_000)),
    });
    assert.deepEqual(
      [large.status, await large.json()],
      [413, { error: { code: "TOO_LARGE", message: "too large" } }],
    );
    assert.equal((await ask(test, http, "GET /%zz")).status, 400);
    assert.equal((await ask(test, http, "GET /api/%c0%af")).status, 400);
  });

  it("has security headers on everything, and a strict policy on pages", async (test) => {
    const { url } = await open(test, { webDirectory: builtWeb(test) });
    const paths = ["/", "/admin", "/livez", "/nothing", "/api/nothing", "/assets/app-1a2b3c.js", "/%zz"];
    for (const path of paths) {
      const { headers } = await fetch(url + path);
      assert.equal(headers.get("x-content-type-options"), "nosniff", path);
      assert.equal(headers.get("referrer-policy"), "no-referrer", path);
      assert.equal(headers.get("cross-origin-opener-policy"), "same-origin", path);
      assert.equal(headers.get("cross-origin-resource-policy"), "same-origin", path);
      const policy = headers.get("content-security-policy") ?? "";
      assert.match(policy, /default-src 'none'/, path);
      assert.match(policy, /frame-ancestors 'none'/, path);
      assert.doesNotMatch(policy, /unsafe|\*|https?:/, path);
      const isPage = path === "/" || path === "/admin";
      assert.equal(policy.includes("script-src 'self'"), isPage, path);
    }
  });

  it("has only the parts that it is given", async (test) => {
    const metrics: NonNullable<HttpAppOptions["plugins"]>[number] = {
      part: "metrics",
      add: (app) => {
        app.get("/metrics", (_request, reply) => reply.send("metrics"));
      },
    };
    const webDirectory = builtWeb(test);
    const statuses = async (parts: HttpAppOptions["parts"]): Promise<number[]> => {
      const { url } = await open(test, { parts, plugins: [metrics], webDirectory });
      const paths = ["/", "/admin", "/metrics", "/readyz", "/assets/app-1a2b3c.js", "/ws"];
      const answers = await Promise.all(paths.map((path) => fetch(url + path, { redirect: "manual" })));
      return answers.map(({ status }) => status);
    };
    assert.deepEqual(await statuses(everything), [200, 200, 200, 200, 200, 426]);
    const chat = { pages: true, admin: false, health: true, metrics: false };
    assert.deepEqual(await statuses(chat), [200, 404, 404, 200, 200, 426]);
    const admin = { pages: false, admin: true, health: true, metrics: true };
    assert.deepEqual(await statuses(admin), [302, 200, 200, 200, 200, 404]);
    const health = { pages: false, admin: false, health: true, metrics: false };
    assert.deepEqual(await statuses(health), [404, 404, 404, 200, 404, 404]);
  });
});

describe("pages", () => {
  it("says how the web client is built when it is not, and gives it out as soon as it is", async (test) => {
    const webDirectory = builtWeb(test);
    rmSync(join(webDirectory, "index.html"));
    const { url } = await open(test, { webDirectory });
    const missing = await fetch(url);
    assert.equal(missing.status, 503);
    assert.match(await missing.text(), /npm run build:web/);
    writeFileSync(join(webDirectory, "index.html"), "<title>built</title>");
    assert.equal(await (await fetch(url)).text(), "<title>built</title>");
  });

  it("are asked for anew each time, their assets never", async (test) => {
    const http = await open(test, { webDirectory: builtWeb(test) });
    const { url } = http;
    const page = await fetch(url);
    assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(page.headers.get("cache-control"), "no-cache");
    const etag = page.headers.get("etag") ?? "";
    // Not by fetch, which asks for a fresh one besides.
    assert.equal((await ask(test, http, "GET /", `If-None-Match: ${etag}\r\n`)).status, 304);
    assert.match(await (await fetch(`${url}/admin`)).text(), /admin/);
    assert.match(await (await fetch(`${url}/admin/?a=b`)).text(), /admin/);
    const asset = await fetch(`${url}/assets/font-9z.woff2`);
    assert.equal(asset.headers.get("cache-control"), "public, max-age=31536000, immutable");
    const icon = await fetch(`${url}/favicon.svg`);
    assert.deepEqual(
      [icon.status, icon.headers.get("content-type"), icon.headers.get("cache-control")],
      [200, "image/svg+xml", "no-cache"],
    );
    const missing = await fetch(`${url}/assets/none-123.js`);
    assert.deepEqual([missing.status, missing.headers.get("cache-control")], [404, "no-store"]);
  });

  it("sends what was compressed at build time to who takes it", async (test) => {
    const { url } = await open(test, { webDirectory: builtWeb(test) });
    for (const [accepted, sent] of [
      ["br, gzip", "br"],
      ["gzip", "gzip"],
      ["identity", null],
    ] as const) {
      const answer = await fetch(`${url}/assets/app-1a2b3c.js`, { headers: { "accept-encoding": accepted } });
      assert.equal(answer.headers.get("content-encoding"), sent, accepted);
      assert.match(answer.headers.get("content-type") ?? "", /^(?:text|application)\/javascript/);
      assert.match(answer.headers.get("vary") ?? "", /accept-encoding/i);
      assert.equal(await answer.text(), SCRIPT, accepted);
    }
    const font = await fetch(`${url}/assets/font-9z.woff2`, { headers: { "accept-encoding": "br" } });
    assert.deepEqual([font.headers.get("content-encoding"), await font.text()], [null, "font"]);
  });

  it("gives out nothing from outside, nothing hidden, no directory", async (test) => {
    const webDirectory = builtWeb(test);
    symlinkSync(join(webDirectory, "assets"), join(webDirectory, "linked"));
    const http = await open(test, { webDirectory });
    const paths = [
      "/assets/../../secret.txt",
      "/assets/%2e%2e/%2e%2e/secret.txt",
      "/assets/..%2f..%2fsecret.txt",
      "/assets/%2e%2e%2f%2e%2e%2fsecret.txt",
      "/assets/..%5c..%5csecret.txt",
      "/assets/..\\..\\secret.txt",
      "/assets/....//....//secret.txt",
      "/assets/%252e%252e/%252e%252e/secret.txt",
      "/assets//../../secret.txt",
      "/assets/./../../secret.txt",
      "/assets/%00",
      "/assets/app-1a2b3c.js%00.txt",
      "/assets/%c0%ae%c0%ae/secret.txt",
      "/assets//etc/passwd",
      "/assets/%2fetc%2fpasswd",
      "/assets/.hidden",
      "/assets/",
      "/assets",
      "/assets/../.env",
      "/../secret.txt",
      "/%2e%2e/secret.txt",
      "/..%2fsecret.txt",
      "/..%2fsecret.txt%00.txt",
      "/secret.txt",
      "/.env",
      "/index.html%00",
      "/linked/app-1a2b3c.js",
      "//etc/passwd",
      "http://x/../secret.txt",
      "/assets/".padEnd(8000, "a/"),
    ];
    for (const path of paths) {
      const answer = await ask(test, http, `GET ${path}`);
      assert.ok([400, 403, 404].includes(answer.status), `${path}: ${answer.status}`);
      assert.doesNotMatch(answer.body, /secret|root:|console\.log|\/tmp/, path);
      assert.equal(answer.headers.get("cache-control"), "no-store", path);
    }
  });

  it("answers ranges, HEAD and nonsense ones", async (test) => {
    const http = await open(test, { webDirectory: builtWeb(test) });
    const url = `${http.url}/assets/font-9z.woff2`;
    const part = await fetch(url, { headers: { range: "bytes=1-2" } });
    assert.deepEqual([part.status, await part.text()], [206, "on"]);
    assert.equal((await fetch(url, { headers: { range: "bytes=99-" } })).status, 416);
    assert.equal((await ask(test, http, "HEAD /")).status, 200);
  });
});
