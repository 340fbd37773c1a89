import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { socketAddress } from "../engine/index.ts";
import { HealthServer, type Readiness } from "./health-server.ts";

async function open(test: TestContext, readiness: () => Readiness = () => "serving"): Promise<HealthServer> {
  const server = await HealthServer.open({ address: socketAddress("127.0.0.1", 0), readiness });
  test.after(() => server.close());
  return server;
}

describe("HealthServer", () => {
  it("says that the process lives, whatever it is doing", async (test) => {
    for (const readiness of ["starting", "serving", "draining"] as const) {
      const { url } = await open(test, () => readiness);
      const answer = await fetch(`${url}/livez`);
      assert.equal(answer.status, 200);
      assert.equal(await answer.text(), "ok\n");
    }
  });

  it("is ready only while serving", async (test) => {
    let readiness: Readiness = "starting";
    const { url } = await open(test, () => readiness);
    assert.equal((await fetch(`${url}/readyz`)).status, 503);
    readiness = "serving";
    assert.equal((await fetch(`${url}/readyz?verbose`)).status, 200);
    readiness = "draining";
    const answer = await fetch(`${url}/readyz`);
    assert.equal(answer.status, 503);
    assert.equal(await answer.text(), "draining\n");
  });

  it("answers 404 to other paths and 405 to other methods", async (test) => {
    const { url } = await open(test);
    assert.equal((await fetch(`${url}/`)).status, 404);
    assert.equal((await fetch(`${url}/livez/more`)).status, 404);
    const posted = await fetch(`${url}/livez`, { method: "POST", body: "x" });
    assert.equal(posted.status, 405);
    assert.equal(posted.headers.get("allow"), "GET, HEAD");
    assert.equal((await fetch(`${url}/livez`, { method: "HEAD" })).status, 200);
  });

  it("rejects with the errno when the address is in use", async (test) => {
    const { address } = await open(test);
    await assert.rejects(HealthServer.open({ address, readiness: () => "serving" }), { code: "EADDRINUSE" });
  });

  it("closes at once although somebody has sent half a request", async () => {
    const server = await HealthServer.open({
      address: socketAddress("127.0.0.1", 0),
      readiness: () => "serving",
    });
    const socket = connect(server.address.port, server.address.host);
    socket.on("error", () => undefined);
    await once(socket, "connect");
    socket.write("GET /livez HT");
    const closed = new Promise((resolve) => {
      socket.once("close", resolve);
    });
    await server.close();
    await closed;
  });

  it("answers nonsense with 400 and goes on", async (test) => {
    const { address, url } = await open(test);
    const socket = connect(address.port, address.host);
    socket.write("\u0001\u0002 nonsense\r\n\r\n");
    const [bytes] = (await once(socket, "data")) as [Buffer];
    assert.match(bytes.toString(), /^HTTP\/1\.1 400 /);
    socket.destroy();
    assert.equal((await fetch(`${url}/livez`)).status, 200);
  });
});
