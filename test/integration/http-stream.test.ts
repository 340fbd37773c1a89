import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, get, type IncomingMessage, type RequestListener, request } from "node:http";
import { describe, it, type TestContext } from "node:test";
import { createHttpServer, defaultHttpLimits, type HttpLimits } from "../../src/http/http-limits.ts";
import { testBackends } from "../support/chat-test-server.ts";
import { until } from "../support/chat-test-client.ts";
import { RawHttpClient } from "../support/raw-http-client.ts";
import { openTestHttp, type TestHttp } from "../support/test-http.ts";
import { autoBackend } from "../support/test-ports.ts";

const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const MIB = 1_048_576;

/** Node's own HTTP server on sessions of the engine: what Node's users rely on holds. */
for (const backend of testBackends) {
  const open = (
    test: TestContext,
    onRequest: RequestListener,
    limits: Partial<HttpLimits> = {},
  ): Promise<TestHttp> => {
    const all = { ...defaultHttpLimits, ...limits };
    return openTestHttp(test, createHttpServer(all, onRequest), { backend, limits: all });
  };

  describe(`HTTP on ${backend}`, () => {
    it("keeps a connection for several requests", async (test) => {
      const remotes = new Set<number | undefined>();
      const { url, service } = await open(test, ({ socket }, response) => {
        remotes.add(socket.remotePort);
        response.end("hello");
      });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      test.after(() => agent.destroy());
      for (let count = 0; count < 20; count++) {
        const [response] = (await once(get(url, { agent }), "response")) as [IncomingMessage];
        assert.equal(await textOf(response), "hello");
      }
      assert.equal(remotes.size, 1);
      assert.deepEqual([service.connectionCount, service.counters.requests], [1, 20]);
    });

    it("answers pipelined requests in their order", async (test) => {
      let held: (() => void) | undefined;
      const { address } = await open(test, ({ url = "" }, response) => {
        if (url === "/0") held = () => response.end(url);
        else response.end(url);
      });
      const client = RawHttpClient.open(test, address);
      const paths = Array.from({ length: 50 }, (_, index) => `/${index}`);
      client.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(""));
      await until(() => held !== undefined, "the first request");
      held?.();
      for (const path of paths) assert.equal((await client.response()).body, path);
    });

    it("takes a request that comes byte by byte", async (test) => {
      const { address } = await open(test, (asked, response) => void echo(asked, response));
      const client = RawHttpClient.open(test, address);
      client.socket.setNoDelay(true);
      for (const byte of "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd") {
        client.send(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal((await client.response()).body, "abcd");
    });

    it("sends and takes chunked bodies of any size", async (test) => {
      const { url } = await open(test, (asked, response) => void asked.pipe(response));
      for (const size of [0, 1, 65_535, 65_536, 65_537, 3 * MIB + 17]) {
        const body = Buffer.alloc(size, "0123456789");
        const answer = await fetch(url, { method: "POST", body });
        assert.ok(Buffer.from(await answer.arrayBuffer()).equals(body), `${size} bytes`);
      }
    });

    it("says 100 Continue to who waits for it", async (test) => {
      const { address } = await open(test, (asked, response) => void echo(asked, response));
      const client = RawHttpClient.open(test, address);
      client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
      assert.equal((await client.response()).status, 100);
      client.send("hello");
      assert.deepEqual(await client.response().then(({ status, body }) => [status, body]), [200, "hello"]);
    });

    it("answers HEAD without a body", async (test) => {
      const { address } = await open(test, (_asked, response) => {
        response.setHeader("Content-Length", 5);
        response.end("hello");
      });
      const client = RawHttpClient.open(test, address);
      client.send(`HEAD / HTTP/1.1\r\nHost: x\r\n\r\n${GET}`);
      assert.equal((await client.response(false)).headers.get("content-length"), "5");
      assert.equal((await client.response()).body, "hello");
    });

    it("answers a client that has finished sending", async (test) => {
      const { address } = await open(test, (_asked, response) => {
        setImmediate(() => response.end("late"));
      });
      const client = RawHttpClient.open(test, address, true);
      client.send(GET);
      client.finish();
      assert.equal((await client.response()).body, "late");
      assert.equal(await client.closed(), "end");
    });

    it("closes when the answer said so, after all of it", async (test) => {
      const body = "x".repeat(2 * MIB);
      const { address } = await open(test, (_asked, response) => response.end(body));
      const client = RawHttpClient.open(test, address);
      client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      assert.equal((await client.response()).body.length, body.length);
      assert.equal(await client.closed(), "end");
    });

    it("keeps its memory when a client reads slowly", async (test) => {
      const chunk = Buffer.alloc(MIB, "y");
      const total = 64;
      let produced = 0;
      const { address, service, port } = await open(test, (_asked, response) => {
        response.setHeader("Content-Length", total * MIB);
        const more = (): void => {
          while (produced < total) {
            produced++;
            if (!response.write(chunk)) {
              response.once("drain", more);
              return;
            }
          }
          response.end();
        };
        more();
      });
      const client = RawHttpClient.open(test, address);
      client.socket.pause();
      client.send(GET);
      await until(() => produced > 0, "the beginning of the answer");
      // What the kernel takes is taken by now: nothing moves any more.
      let before = -1;
      while (before !== produced) {
        before = produced;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.ok(produced < total, "the producer was held back");
      for (const session of service.service.sessions()) assert.ok(session.queuedBytes <= 65_536);
      assert.ok(port.arena.allocatedBytes <= 4 * MIB, `${port.arena.allocatedBytes} bytes of arena`);
      let readBytes = 0;
      client.socket.removeAllListeners("data");
      client.socket.on("data", (text: string) => {
        readBytes += text.length;
      });
      client.socket.resume();
      await until(() => readBytes >= total * MIB, "the whole answer");
    });

    it("does not read on while nobody takes a body", async (test) => {
      let asked: IncomingMessage | undefined;
      const { address, port } = await open(test, (incoming, response) => {
        asked = incoming;
        incoming.on("end", () => response.end("all"));
      });
      const client = RawHttpClient.open(test, address);
      const total = 64 * MIB;
      client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${total}\r\n\r\n`);
      client.socket.write(Buffer.alloc(total, "z"));
      await until(() => asked !== undefined, "the request");
      let before = -1;
      while (before !== port.counters.receivedBytes) {
        before = port.counters.receivedBytes;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.ok(before < total / 8, `${before} bytes were read ahead`);
      asked?.resume();
      assert.equal((await client.response()).body, "all");
    });

    it("tells a handler that its client is gone", async (test) => {
      const ends: string[] = [];
      const { address, service } = await open(test, (asked, response) => {
        response.on("close", () => ends.push(response.writableFinished ? "finished" : "lost"));
        asked.on("error", () => undefined);
        response.write("beginning");
      });
      const client = RawHttpClient.open(test, address);
      client.send(GET);
      await until(() => client.received.includes("beginning"), "the beginning");
      client.socket.resetAndDestroy();
      await until(() => ends.length > 0, "the end");
      assert.deepEqual(ends, ["lost"]);
      await until(() => service.service.sessionCount === 0, "the session's end");
      assert.equal(service.connectionCount, 0);
    });

    it("survives clients that reset in the middle of everything", async (test) => {
      const { address, service, url } = await open(test, (asked, response) => void asked.pipe(response));
      for (let count = 0; count < 50; count++) {
        const client = RawHttpClient.open(test, address);
        await once(client.socket, "connect");
        client.send(
          "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n".slice(
            0,
            count * 2,
          ),
        );
        if (count % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
        client.socket.resetAndDestroy();
      }
      await until(() => service.service.sessionCount === 0, "the end of all");
      assert.equal(await (await fetch(url, { method: "POST", body: "still here" })).text(), "still here");
    });

    it("closes what is idle", async (test) => {
      const { address } = await open(test, (_asked, response) => response.end("hello"), {
        keepAliveTimeoutMs: 100,
      });
      const client = RawHttpClient.open(test, address);
      client.send(GET);
      assert.equal((await client.response()).body, "hello");
      assert.equal(await client.closed(), "end");
    });

    it("gives up a client that takes nothing", async (test) => {
      const { address, service } = await open(test, ({ socket }, response) => {
        socket.setTimeout(200);
        response.on("error", () => undefined);
        response.write(Buffer.alloc(64 * MIB));
      });
      const client = RawHttpClient.open(test, address);
      client.socket.pause();
      client.send(GET);
      await until(() => service.counters.requests === 1, "the request");
      await until(() => service.service.sessionCount === 0, "the end");
    });

    it("closes a connection after as many requests as it may have", async (test) => {
      const { address } = await open(test, (_asked, response) => response.end("hello"), {
        requestsPerConnection: 3,
      });
      const client = RawHttpClient.open(test, address);
      client.send(GET);
      assert.equal((await client.response()).headers.get("connection"), "keep-alive");
      client.send(GET + GET);
      await client.response();
      assert.equal((await client.response()).headers.get("connection"), "close");
      assert.equal(await client.closed(), "end");
    });

    it("answers what is under way when it closes, and closes the rest", async (test) => {
      let finish: (() => void) | undefined;
      const { address, service } = await open(test, (_asked, response) => {
        finish = () => response.end("done");
      });
      const busy = RawHttpClient.open(test, address);
      busy.send(GET);
      const idle = RawHttpClient.open(test, address);
      await once(idle.socket, "connect");
      const half = RawHttpClient.open(test, address);
      half.send("GET / HTTP");
      await until(() => finish !== undefined && service.connectionCount === 3, "three connections");
      const closed = service.close();
      assert.equal(await idle.closed(), "end");
      assert.equal(await half.closed(), "end");
      finish?.();
      const answer = await busy.response();
      assert.deepEqual([answer.body, answer.headers.get("connection")], ["done", "close"]);
      await closed;
      assert.equal(service.service.sessionCount, 0);
    });

    it("does not wait for ever for a response when it closes", async (test) => {
      const { address, service } = await open(test, (_asked, response) => {
        response.write("never ends");
      });
      const client = RawHttpClient.open(test, address);
      client.send(GET);
      await until(() => client.received.includes("never ends"), "the beginning");
      await service.close();
      assert.equal(service.service.sessionCount, 0);
    });
  });
}

/** A `request` of Node's so that its own client is heard too: Expect, trailers and so on are its business. */
describe(`HTTP for Node's client on ${autoBackend}`, () => {
  it("brings trailers both ways", async (test) => {
    const server = createHttpServer(defaultHttpLimits, (asked, response) => {
      asked.resume();
      asked.on("end", () => {
        response.setHeader("Trailer", "x-sum");
        response.write("body");
        response.addTrailers({ "x-sum": String(asked.trailers["x-sum"]) });
        response.end();
      });
    });
    const { url } = await openTestHttp(test, server);
    const asked = request(url, { method: "POST", headers: { Trailer: "x-sum" } });
    asked.write("hello");
    asked.addTrailers({ "x-sum": "42" });
    asked.end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    assert.equal(await textOf(response), "body");
    assert.equal(response.trailers["x-sum"], "42");
  });
});

async function textOf(incoming: IncomingMessage): Promise<string> {
  incoming.setEncoding("utf8");
  let text = "";
  for await (const piece of incoming) text += String(piece);
  return text;
}

async function echo(asked: IncomingMessage, response: { end(text: string): unknown }): Promise<void> {
  response.end(await textOf(asked));
}
