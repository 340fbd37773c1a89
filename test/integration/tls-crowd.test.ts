import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect as connectTls } from "node:tls";
import { Service } from "../../src/engine/index.ts";
import {
  authority,
  echoOf,
  eventually,
  openTls,
  sendPlain,
  startTlsEcho,
  tlsWays,
} from "../support/tls-world.ts";

const CROWD = 1000;

/** Begins a handshake; resolves with whether it was finished, and closes. */
function knock(tcpPort: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTls({ host: "127.0.0.1", port: tcpPort, ca: authority.certificate });
    let isSecure = false;
    socket.once("secureConnect", () => {
      isSecure = true;
      socket.write("x");
    });
    // In TLS 1.3 the client is done before the server: only an answer says that there is a session.
    socket.once("data", () => socket.end());
    socket.on("error", () => undefined);
    socket.once("close", () => resolve(isSecure));
  });
}

for (const way of tlsWays) {
  describe(`many TLS handshakes at once on ${way.backend}, by ${way.driver}`, () => {
    it("lets an established session go on talking between them", async (test) => {
      // Both sides are in this process, and other tests beside it: how long a thousand take is not asked here.
      const echo = await startTlsEcho(test, way, { handshakeTimeoutMs: 200_000 });
      const established = await openTls(echo.tcpPort);
      assert.equal(await echoOf(established, "first"), "first");
      let finished = 0;
      const crowd = Array.from({ length: CROWD }, async () => {
        const isSecure = await knock(echo.tcpPort);
        finished++;
        return isSecure;
      });
      /** How many of the crowd had been served when each answer came. */
      const answeredAt: number[] = [];
      while (finished < CROWD) {
        assert.equal(await echoOf(established, "still there?"), "still there?");
        answeredAt.push(echo.service.counters.sessionsOpened);
      }
      assert.ok((await Promise.all(crowd)).every(Boolean), "all of them get in");
      // Not all at the end, and not all before the first: in between.
      const during = new Set(answeredAt.filter((count) => count > 1 && count < CROWD));
      assert.ok(during.size >= 10, `it was answered at ${during.size} different times`);
      established.destroy();
      assert.deepEqual(echo.service.counters.tlsErrors, {});
    });

    it("closes at any moment of a handshake", async (test) => {
      for (let rounds = 0; rounds < 24; rounds++) {
        const echo = await startTlsEcho(test, way);
        const service = new Service({
          port: echo.port,
          kind: "client",
          createHandler: () => ({
            onConnected: () => undefined,
            onFrame: () => undefined,
            onDisconnected: () => undefined,
          }),
        });
        const tls = { ca: authority.certificate };
        const attempts = Array.from({ length: 6 }, () => service.connect(echo.listener.address, { tls }));
        const settled = Promise.allSettled([...attempts, knock(echo.tcpPort)]);
        for (let round = 0; round < rounds; round++) await new Promise((resolve) => setImmediate(resolve));
        if (rounds % 2 === 0) await echo.service.close();
        await echo.port.close();
        await settled;
        assert.equal(echo.port.counters.outstandingOperations, 0);
        assert.equal(echo.port.counters.openSockets, 0);
      }
    });

    it("refuses more than it may have under way, and takes others afterwards", async (test) => {
      const echo = await startTlsEcho(test, way, { handshakes: 4, handshakeTimeoutMs: 1000 });
      const established = await openTls(echo.tcpPort);
      assert.equal(await echoOf(established, "in"), "in");
      // They hold the four places for a second.
      const silent = Array.from({ length: 4 }, () => sendPlain(echo.tcpPort, ""));
      await eventually(() => echo.listener.handshakeCount === 4, "four are under way");
      await Promise.all(Array.from({ length: 200 }, () => knock(echo.tcpPort)));
      const { tlsErrors } = echo.service.counters;
      assert.ok((tlsErrors.LIMIT ?? 0) > 0, "some were refused");
      await Promise.all(silent);
      assert.ok(echo.errors.some(({ code }) => code === "LIMIT"));
      await eventually(() => echo.listener.handshakeCount === 0, "none is under way");
      assert.equal(await echoOf(established, "fine"), "fine");
      const late = await openTls(echo.tcpPort);
      assert.equal(await echoOf(late, "and me"), "and me");
      for (const socket of [established, late]) socket.destroy();
    });
  });
}
