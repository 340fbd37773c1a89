import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { WebSocket } from "ws";
import type { SocketAddress } from "../../src/engine/index.ts";
import { libuvSubject, type PortEnvironment, uringSubject } from "../conformance/environments.ts";
import { WebSocketEcho } from "../support/websocket-echo.ts";

/** Clients that others wrote: npm's ws, and Debian's python3-websockets and python3-autobahn. */
const python = "/usr/bin/python3";

const run = promisify(execFile);

/** After this a client is given up as hung; not a measure of anything. */
const HUNG_MS = 60_000;

/** Why this module of Python cannot be used; false: it can. */
function missing(module: string): string | false {
  try {
    execFileSync(python, ["-c", `import ${module}`], { stdio: "ignore" });
    return false;
  } catch {
    return `python3-${module} is not installed`;
  }
}

const skipWebsockets = missing("websockets");
const skipAutobahn = missing("autobahn");

async function runPython(script: string, url: string, mode: string): Promise<Record<string, unknown>> {
  const file = new URL(`../support/${script}`, import.meta.url).pathname;
  const { stdout } = await run(python, [file, url, mode], { timeout: HUNG_MS });
  return JSON.parse(stdout) as Record<string, unknown>;
}

for (const subject of [libuvSubject, await uringSubject()]) {
  describe(`WebSocket clients on ${subject.name}`, { skip: subject.skipReason }, () => {
    let env: PortEnvironment;
    let echo: WebSocketEcho;
    let address: SocketAddress;
    let url: string;

    before(async () => {
      env = await subject.create();
      echo = new WebSocketEcho(env.server, {
        messageLimitBytes: 262_144,
        // Nothing here may depend on how busy the machine is.
        closeTimeoutMs: HUNG_MS,
        limits: { drainTimeoutMs: HUNG_MS },
        deflate: {},
        onText(connection, text) {
          if (text === "close me") connection.close(3005, "as you wish 한글");
          else if (text === "ping me") {
            connection.ping(Buffer.from("a ping of ours"));
            return false;
          } else return false;
          return true;
        },
      });
      address = await env.settled(echo.listen(env.listenAddress));
      url = `ws://127.0.0.1:${address.port}`;
    });

    after(() => env.close());

    /** What the server was told of the connections that ended since. */
    async function endsSince(count: number, ended: number) {
      await env.until(() => echo.ends.length >= count + ended, "the server was told of every end");
      return echo.ends.slice(count);
    }

    for (const mode of ["plain", "deflate"] as const) {
      const isDeflate = mode === "deflate";
      const extensions = isDeflate ? ["permessage-deflate"] : [];

      it(`ws, ${mode}`, async () => {
        const endsBefore = echo.ends.length;
        const pongsBefore = echo.pongs.length;
        const socket = new WebSocket(url, { perMessageDeflate: isDeflate });
        await once(socket, "open");
        assert.equal(socket.extensions, isDeflate ? "permessage-deflate" : "");
        const echoed = async (message: string | Buffer): Promise<void> => {
          socket.send(message);
          const [data, isBinary] = (await once(socket, "message")) as [Buffer, boolean];
          assert.equal(isBinary, typeof message !== "string");
          assert.ok(data.equals(Buffer.from(message)));
        };
        for (const message of [
          "",
          "안녕, 세상 😀",
          "text ".repeat(20_000),
          Buffer.alloc(0),
          Buffer.alloc(128_000, 7),
        ]) {
          await echoed(message);
        }
        for (const [index, part] of ["frag", "men", "ted"].entries()) {
          socket.send(part, { fin: index === 2, compress: isDeflate });
        }
        const [whole] = (await once(socket, "message")) as [Buffer];
        assert.equal(whole.toString(), "fragmented");
        socket.ping("a ping of theirs");
        const [pong] = (await once(socket, "pong")) as [Buffer];
        assert.equal(pong.toString(), "a ping of theirs");
        await echoed("ping me");
        await env.until(() => echo.pongs.length > pongsBefore, "our ping was answered");
        socket.close(4001, "done");
        const [code, reason] = (await once(socket, "close")) as [number, Buffer];
        // ws reports the server's answer, which has the code alone.
        assert.deepEqual([code, reason.toString()], [4001, ""]);
        const closed = new WebSocket(url, { perMessageDeflate: isDeflate });
        await once(closed, "open");
        closed.send("close me");
        const [serverCode, serverReason] = (await once(closed, "close")) as [number, Buffer];
        assert.deepEqual([serverCode, serverReason.toString()], [3005, "as you wish 한글"]);
        assert.deepEqual(await endsSince(endsBefore, 2), [
          { code: 4001, reason: "RECV_0", detail: 0 },
          { code: 3005, reason: "DISCONNECT", detail: 3005 },
        ]);
      });

      it(`python3-websockets, ${mode}`, { skip: skipWebsockets }, async () => {
        const endsBefore = echo.ends.length;
        const pongsBefore = echo.pongs.length;
        assert.deepEqual(await runPython("websocket-client-websockets.py", url, mode), {
          extensions,
          echoes: [true, true, true, true, true],
          fragmented: "fragmented 한글",
          pong: true,
          pinged: "ping me",
          closed: [4001, ""],
          serverClosed: [3005, "as you wish 한글"],
          tooBig: 1009,
        });
        assert.equal(echo.pongs.length, pongsBefore + 1);
        const ends = await endsSince(endsBefore, 3);
        assert.deepEqual(
          ends.map(({ code, reason }) => [code, reason]),
          [
            [4001, "RECV_0"],
            [3005, "DISCONNECT"],
            [1009, "PACKET_ERROR"],
          ],
        );
      });

      it(`python3-autobahn, ${mode}`, { skip: skipAutobahn }, async () => {
        const endsBefore = echo.ends.length;
        const pongsBefore = echo.pongs.length;
        assert.deepEqual(await runPython("websocket-client-autobahn.py", url, mode), {
          extensions,
          echoes: [true, true, true, true, true, true],
          pong: true,
          pinged: "ping me",
          closed: [true, 4001, ""],
          serverClosed: [true, 3005, "as you wish 한글"],
        });
        assert.equal(echo.pongs.length, pongsBefore + 1);
        assert.deepEqual(
          (await endsSince(endsBefore, 2)).map(({ code }) => code),
          [4001, 3005],
        );
      });
    }

    it("ws is refused where the request is not a WebSocket's", async () => {
      const socket = new WebSocket(url, { protocolVersion: 8 });
      const [error] = (await once(socket, "error")) as [Error];
      assert.match(error.message, /426/);
    });
  });
}
