import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { WebSocket } from "ws";
import { parseSocketAddress } from "../../src/engine/index.ts";
import { CliBench } from "../support/cli-process.ts";
import { RawHttpClient } from "../support/raw-http-client.ts";
import { autoBackend } from "../support/test-ports.ts";

/** What `portico serve` has for browsers; that it may be built or not makes no difference here. */
describe(`portico serve for browsers on ${autoBackend}`, () => {
  it("says where the pages are, serves them, and takes WebSockets", async (test) => {
    const bench = new CliBench(test);
    const { server, http } = await bench.serve();
    assert.match(server.stdout, new RegExp(`web +http://${http}\\n`));
    assert.match(server.stdout, new RegExp(`admin +http://${http}/admin`));
    for (const path of ["/", "/admin"]) {
      const page = await fetch(`http://${http}${path}`);
      assert.ok([200, 503].includes(page.status), path);
      assert.match(page.headers.get("content-security-policy") ?? "", /script-src 'self'/);
      assert.match(page.headers.get("content-type") ?? "", /^text\/html/);
    }
    const socket = new WebSocket(`ws://${http}/ws`, "portico.v1");
    test.after(() => socket.terminate());
    await once(socket, "message");
    const closed = once(socket, "close");
    server.kill();
    await closed;
    assert.equal((await server.exited).code, 0);
  });

  it("stops although browsers keep connections, and says meanwhile that it does", async (test) => {
    const bench = new CliBench(test);
    const { server, http } = await bench.serve();
    const address = parseSocketAddress(http);
    const idle = RawHttpClient.open(test, address);
    idle.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    await idle.response();
    const half = RawHttpClient.open(test, address);
    half.send("GET /livez HT");
    // Never answers the close frame.
    const silent = RawHttpClient.open(test, address, true);
    silent.send(
      "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: portico.v1\r\n\r\n",
    );
    assert.equal((await silent.response()).status, 101);
    server.kill();
    await server.line(/^stopping/);
    const readiness = await fetch(`http://${http}/readyz`).then(
      async (answer) => answer.text(),
      () => "draining\n",
    );
    assert.equal(readiness, "draining\n");
    assert.equal((await server.exited).code, 0);
  });

  it("keeps administration on an address of its own", async (test) => {
    const bench = new CliBench(test);
    const { server, http } = await bench.serve("127.0.0.1:0", ["--set", "admin.address=127.0.0.1:0"]);
    const admin = /admin +http:\/\/(?<address>\S+)\/admin/.exec(server.stdout)?.groups?.address ?? "";
    assert.notEqual(admin, http);
    const statusOf = async (address: string, path: string): Promise<number> =>
      (await fetch(`http://${address}${path}`, { redirect: "manual" })).status;
    assert.equal(await statusOf(http, "/admin"), 404);
    assert.equal(await statusOf(http, "/api/admin/overview"), 404);
    assert.equal(await statusOf(http, "/metrics"), 404);
    assert.equal(await statusOf(http, "/livez"), 200);
    assert.equal(await statusOf(admin, "/api/admin/overview"), 401);
    assert.equal(await statusOf(admin, "/metrics"), 200);
    assert.equal(await statusOf(admin, "/"), 302);
    const upgrade = RawHttpClient.open(test, parseSocketAddress(admin));
    upgrade.send("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    assert.equal((await upgrade.response()).status, 404);
    const { code, stderr } = await bench.run(["user", "list", "--data", "data"]);
    assert.equal(code, 0, stderr);
    server.kill();
    assert.equal((await server.exited).code, 0);
  });

  it("says in one line which of the addresses is taken", async (test) => {
    const bench = new CliBench(test);
    const { http } = await bench.serve();
    const free = ["--packets", "127.0.0.1:0", "--data", "other"];
    const second = await bench.run([
      "serve",
      ...free,
      "--http",
      "127.0.0.1:0",
      "--set",
      `admin.address=${http}`,
    ]);
    assert.equal(second.code, 1);
    assert.match(second.stderr, /^portico: administration cannot listen on .* in use by another program\n$/);
  });
});
