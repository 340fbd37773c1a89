import assert from "node:assert/strict";
import { once } from "node:events";
import type { RequestListener } from "node:http";
import { describe, it, type TestContext } from "node:test";
import { createHttpServer, defaultHttpLimits, type HttpLimits } from "../../src/http/http-limits.ts";
import { testBackends } from "../support/chat-test-server.ts";
import { until } from "../support/chat-test-client.ts";
import { RawHttpClient } from "../support/raw-http-client.ts";
import { openTestHttp, type TestHttp } from "../support/test-http.ts";

const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/** Says which path was asked for, once the body is here. */
const sayPath: RequestListener = (request, response) => {
  request.resume();
  request.on("end", () => response.end(`${request.method} ${request.url}`));
};

for (const backend of testBackends) {
  const open = (
    test: TestContext,
    limits: Partial<HttpLimits> = {},
    onRequest: RequestListener = sayPath,
  ): Promise<TestHttp> => {
    const all = { ...defaultHttpLimits, ...limits };
    return openTestHttp(test, createHttpServer(all, onRequest), { backend, limits: all });
  };

  describe(`bad HTTP on ${backend}`, () => {
    const malformed: readonly (readonly [what: string, text: string])[] = [
      ["no HTTP at all", "\u0001\u0002 nonsense\r\n\r\n"],
      ["a TLS handshake", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003"],
      ["a packet of the chat's TCP port", "\u0008\u0000\u00e9\u0003\u0001\u0002\u0003\u0004"],
      ["HTTP/2 without having agreed on it", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
      ["a method that does not exist", "FOO / HTTP/1.1\r\nHost: x\r\n\r\n"],
      ["a method in lower case", "get / HTTP/1.1\r\nHost: x\r\n\r\n"],
      ["a version that does not exist", "GET / HTTP/9.9\r\nHost: x\r\n\r\n"],
      ["a space in the path", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"],
      ["NUL in the path", "GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n"],
      ["NUL in a header", "GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"],
      ["a control character in a header's name", "GET / HTTP/1.1\r\nHost: x\r\nA\u0007: b\r\n\r\n"],
      ["a space before a colon", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello"],
      ["a header without a colon", "GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n"],
      ["a folded first header", "GET / HTTP/1.1\r\n folded\r\nHost: x\r\n\r\n"],
      ["a lone line feed between headers", "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n"],
      ["a lone carriage return in a header", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rB: c\r\n\r\n"],
      // What one server takes for a request's body and another for the next request (RFC 9112, 11.2).
      [
        "Content-Length and Transfer-Encoding",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
      ],
      [
        "Transfer-Encoding and Content-Length",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
      ],
      [
        "two lengths that differ",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
      ],
      [
        "two lengths that are the same",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
      ],
      ["a length with a sign", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello"],
      ["a negative length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nhello"],
      ["a length in hexadecimal", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\nhello"],
      ["a list as length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nhello"],
      [
        "a length beyond all numbers",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
      ],
      [
        "a coding that is not the last",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
      ],
      ["an unknown coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"],
    ];
    for (const [what, text] of malformed) {
      it(`answers ${what} with 400, and closes`, async (test) => {
        const { address, service } = await open(test);
        const client = RawHttpClient.open(test, address);
        client.send(text);
        // What came before the fault may have been a request by itself; nothing after it is one.
        const answer = await client.response();
        assert.deepEqual(
          [answer.status, answer.headers.get("connection"), answer.headers.get("x-content-type-options")],
          [400, "close", "nosniff"],
        );
        assert.equal(await client.closed(), "end");
        assert.equal(client.received, "", "one answer only");
        assert.equal(service.counters.badRequests, 1);
      });
    }

    it("answers a request without a Host header with 400", async (test) => {
      const { address } = await open(test);
      const client = RawHttpClient.open(test, address);
      client.send("GET / HTTP/1.1\r\n\r\n");
      assert.equal((await client.response()).status, 400);
      assert.equal(await client.closed(), "end");
    });

    it("answers headers that are too large with 431, in one line or in many", async (test) => {
      const { address, url } = await open(test);
      for (const headers of [`A: ${"x".repeat(20_000)}\r\n`, "A: 123456789\r\n".repeat(2000)]) {
        const client = RawHttpClient.open(test, address);
        client.send(`GET / HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
        assert.equal((await client.response()).status, 431);
        assert.equal(await client.closed(), "end");
      }
      const client = RawHttpClient.open(test, address);
      client.send(`GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
      assert.equal((await client.response()).status, 431);
      assert.equal((await fetch(url, { headers: { a: "x".repeat(15_000) } })).status, 200);
    });

    it("answers who sends nothing, or headers too slowly, with 408", async (test) => {
      const { address, service } = await open(test, { headersTimeoutMs: 200, requestTimeoutMs: 60_000 });
      const silent = RawHttpClient.open(test, address);
      const slow = RawHttpClient.open(test, address);
      slow.send("GET / HTTP/1.1\r\nHost: x\r\n");
      // One byte at a time keeps nobody in.
      const drip = setInterval(() => slow.send("A"), 20);
      for (const client of [silent, slow]) {
        assert.equal((await client.response()).status, 408);
        assert.equal(await client.closed(), "end");
      }
      clearInterval(drip);
      assert.equal(service.counters.requests, 0);
    });

    it("answers a body that comes too slowly with 408, unless the answer has begun", async (test) => {
      const limits = { headersTimeoutMs: 100, requestTimeoutMs: 200 };
      const { address } = await open(test, limits, (request, response) => {
        if (request.url === "/begun") response.write("beginning");
        sayPath(request, response);
      });
      const client = RawHttpClient.open(test, address);
      client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello");
      assert.equal((await client.response()).status, 408);
      assert.equal(await client.closed(), "end");
      const begun = RawHttpClient.open(test, address);
      begun.send("POST /begun HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello");
      await begun.closed();
      // A slow machine may have given up before the request was read.
      if (begun.received.includes("beginning")) assert.doesNotMatch(begun.received, / 408 /);
    });

    it("answers a request before it refuses the garbage behind it", async (test) => {
      let answer: (() => void) | undefined;
      const { address } = await open(test, {}, (_request, response) => {
        answer = () => response.end("the answer");
      });
      const client = RawHttpClient.open(test, address);
      client.send(`${GET}garbage\r\n\r\n`);
      await until(() => answer !== undefined, "the request");
      // Not before the request that came first, for which the client would take it.
      assert.equal(client.received, "");
      answer?.();
      assert.equal((await client.response()).body, "the answer");
      assert.equal((await client.response()).status, 400);
      assert.equal(await client.closed(), "end");
    });

    it("refuses a broken chunk in a body", async (test) => {
      for (const chunks of ["zz\r\nhello\r\n", "5\r\nhelloXX0\r\n\r\n", "-1\r\n", "ffffffffffffffffff\r\n"]) {
        const { address } = await open(test);
        const client = RawHttpClient.open(test, address);
        client.send(`POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`);
        assert.equal((await client.response()).status, 400, chunks);
        assert.equal(await client.closed(), "end");
      }
    });

    it("refuses chunk extensions without end", async (test) => {
      const { address } = await open(test);
      const client = RawHttpClient.open(test, address);
      client.send(
        `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;${"x".repeat(40_000)}\r\nhello\r\n0\r\n\r\n`,
      );
      assert.equal((await client.response()).status, 413);
      assert.equal(await client.closed(), "end");
    });

    it("lets the client read a refusal although it goes on sending", async (test) => {
      const { address } = await open(test, {}, (_request, response) => {
        response.writeHead(413, { Connection: "close" });
        response.end("too large");
      });
      const client = RawHttpClient.open(test, address);
      client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n");
      client.socket.write(Buffer.alloc(3_000_000));
      const answer = await client.response();
      assert.deepEqual([answer.status, answer.body], [413, "too large"]);
      assert.equal(await client.closed(), "end");
    });

    it("does not tunnel", async (test) => {
      const { address } = await open(test);
      const client = RawHttpClient.open(test, address);
      client.send("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n");
      assert.equal((await client.response()).status, 405);
      assert.equal(await client.closed(), "end");
    });

    it("refuses connections above the limit with 503, and takes others when some are gone", async (test) => {
      const { address, service, url } = await open(test, { connections: 3 });
      const clients = Array.from({ length: 3 }, () => RawHttpClient.open(test, address));
      await Promise.all(clients.map(({ socket }) => once(socket, "connect")));
      await until(() => service.connectionCount === 3, "three connections");
      const refused = RawHttpClient.open(test, address);
      const answer = await refused.response();
      assert.deepEqual([answer.status, answer.headers.get("retry-after")], [503, "5"]);
      assert.equal(await refused.closed(), "end");
      assert.equal(service.service.counters.refused.SERVER_FULL, 1);
      for (const { socket } of clients) socket.end();
      await until(() => service.connectionCount === 0, "room");
      assert.equal((await fetch(url)).status, 200);
    });

    it("refuses connections above an address's limit with 429", async (test) => {
      const { address, service } = await open(test, { connectionsPerAddress: 2 });
      const clients = Array.from({ length: 2 }, () => RawHttpClient.open(test, address));
      await until(() => service.connectionCount === clients.length, "two connections");
      const refused = RawHttpClient.open(test, address);
      assert.equal((await refused.response()).status, 429);
    });

    it("goes on after all of it at once", async (test) => {
      const { address, service, url } = await open(test);
      const clients = malformed.flatMap(([, text]) =>
        Array.from({ length: 4 }, (_, index) => {
          const client = RawHttpClient.open(test, address);
          client.socket.on("error", () => undefined);
          // Cut anywhere; some say that they are done, some break off, some wait.
          client.send(text.slice(0, Math.ceil((text.length * (index + 1)) / 4)));
          if (index === 1) client.finish();
          if (index === 2) client.socket.resetAndDestroy();
          return client;
        }),
      );
      await until(() => service.service.counters.sessionsOpened > clients.length / 2, "the crowd");
      for (const { socket } of clients) socket.destroy();
      await until(() => service.service.sessionCount === 0, "the end of the crowd");
      assert.equal(await (await fetch(url)).text(), "GET /");
    });
  });
}
