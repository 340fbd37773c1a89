import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it, type TestContext } from "node:test";
import { WebSocket } from "ws";
import { type Cidr, parseCidr } from "../../src/base/cidr.ts";
import { rawFramer, type Session, type SessionHandler, type SocketAddress } from "../../src/engine/index.ts";
import { createHttpServer, defaultHttpLimits } from "../../src/http/http-limits.ts";
import type { UpgradeHandler } from "../../src/http/http-service.ts";
import { PacketType } from "../../src/protocol/codes.ts";
import { testBackends } from "../support/chat-test-server.ts";
import { until } from "../support/chat-test-client.ts";
import { RawHttpClient, type RawResponse } from "../support/raw-http-client.ts";
import { openTestHttp, type TestHttp, type TestHttpOptions } from "../support/test-http.ts";
import { startWebTestServer } from "../support/web-test-server.ts";

const trusted = [parseCidr("127.0.0.0/8") as Cidr];
const strangers = [parseCidr("10.0.0.0/8") as Cidr];

/** What a browser sends, with other lines where given; undefined: without that line. */
function upgradeRequest(lines: Record<string, string | undefined> = {}, start = "GET /ws HTTP/1.1"): string {
  const all = {
    Host: "chat.example",
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "portico.v1",
    ...lines,
  };
  const written = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
  return `${start}\r\n${written.join("\r\n")}\r\n\r\n`;
}

/** Sends every byte back, after a line that says that it took over. */
class Echo implements SessionHandler {
  readonly heardBytes: number[] = [];

  static take(session: Session, head: Uint8Array): Echo {
    session.sendBytes(Buffer.from("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n"));
    const echo = new Echo();
    session.switchProtocol(rawFramer, echo);
    session.deliver(head);
    return echo;
  }

  onConnected(): void {
    assert.fail("it was connected already");
  }

  onFrame(session: Session, bytes: Uint8Array, start: number, end: number): void {
    this.heardBytes.push(end - start);
    session.sendBytes(bytes, start, end);
  }

  onDisconnected(): void {
    // As it is.
  }
}

for (const backend of testBackends) {
  const open = async (test: TestContext, options: TestHttpOptions = {}): Promise<TestHttp> => {
    const server = createHttpServer({ ...defaultHttpLimits, ...options.limits }, (request, response) => {
      response.end(`${request.url} for ${request.socket.remoteAddress}`);
    });
    return openTestHttp(test, server, { backend, ...options });
  };
  const withEcho = async (test: TestContext, options: TestHttpOptions = {}) => {
    const http = await open(test, options);
    const sessions: Session[] = [];
    const take: UpgradeHandler = (_request, session, head) => {
      sessions.push(session);
      Echo.take(session, head);
    };
    http.service.setUpgrade("/ws", take);
    return { ...http, sessions };
  };

  describe(`upgrades on ${backend}`, () => {
    it("hands the session over with what came behind the request", async (test) => {
      const { address, service } = await withEcho(test);
      const client = RawHttpClient.open(test, address);
      client.send(`${upgradeRequest()}early bytes`);
      assert.equal((await client.response()).status, 101);
      await until(() => client.received === "early bytes", "the echo");
      client.send(" and later ones");
      await until(() => client.received === "early bytes and later ones", "the second echo");
      assert.deepEqual([service.connectionCount, service.service.sessionCount], [0, 1]);
      assert.equal(service.counters.upgrades, 1);
    });

    it("hands it over when everything comes byte by byte", async (test) => {
      const { address } = await withEcho(test);
      const client = RawHttpClient.open(test, address);
      client.socket.setNoDelay(true);
      for (const byte of `${upgradeRequest()}early`) {
        client.send(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal((await client.response()).status, 101);
      await until(() => client.received === "early", "the echo");
    });

    it("loses nothing of a long stream right behind the request", async (test) => {
      const { address } = await withEcho(test, { limits: { sendQueueBytes: 64 * 1_048_576 } });
      const client = RawHttpClient.open(test, address);
      const stream = Buffer.alloc(3_000_000, "0123456789abcdef").toString();
      client.send(upgradeRequest() + stream);
      assert.equal((await client.response()).status, 101);
      await until(() => client.received.length === stream.length, "the echo");
      assert.equal(client.received, stream);
    });

    it("comes after answers on the same connection", async (test) => {
      const { address } = await withEcho(test);
      const client = RawHttpClient.open(test, address);
      client.send("GET /page HTTP/1.1\r\nHost: x\r\n\r\n");
      assert.equal((await client.response()).body, "/page for 127.0.0.1");
      client.send(`${upgradeRequest()}hello`);
      assert.equal((await client.response()).status, 101);
      await until(() => client.received === "hello", "the echo");
    });

    it("is an ordinary request behind one that is not answered yet", async (test) => {
      const { address } = await withEcho(test);
      const client = RawHttpClient.open(test, address);
      client.send(`GET /page HTTP/1.1\r\nHost: x\r\n\r\n${upgradeRequest()}`);
      assert.equal((await client.response()).body, "/page for 127.0.0.1");
      assert.equal((await client.response()).body, "/ws for 127.0.0.1");
    });

    it("is an ordinary request on other paths, for other protocols, methods and with a body", async (test) => {
      const { address, service } = await withEcho(test);
      const requests = [
        upgradeRequest({}, "GET /elsewhere HTTP/1.1"),
        upgradeRequest({}, "GET /ws/ HTTP/1.1"),
        upgradeRequest({}, "GET //ws HTTP/1.1"),
        upgradeRequest({}, "GET /%77s HTTP/1.1"),
        upgradeRequest({}, "DELETE /ws HTTP/1.1"),
        upgradeRequest({ Upgrade: "h2c" }),
        upgradeRequest({ Upgrade: "websockets" }),
        upgradeRequest({ Connection: "close" }),
        `${upgradeRequest({ "Content-Length": "5" })}hello`,
        `${upgradeRequest({ "Transfer-Encoding": "chunked" })}0\r\n\r\n`,
      ];
      for (const request of requests) {
        const client = RawHttpClient.open(test, address);
        client.send(request);
        assert.equal((await client.response()).status, 200, request);
      }
      assert.equal(service.counters.upgrades, 0);
    });

    it("takes a query, and 'websocket' in any case and company", async (test) => {
      const { address, service } = await withEcho(test);
      const requests = [
        upgradeRequest({}, "GET /ws?a=b HTTP/1.1"),
        upgradeRequest({ Upgrade: "WebSocket", Connection: "keep-alive, Upgrade" }),
        upgradeRequest({ Upgrade: "h2c, websocket" }),
      ];
      for (const request of requests) {
        const client = RawHttpClient.open(test, address);
        client.send(request);
        assert.equal((await client.response()).status, 101, request);
      }
      assert.equal(service.counters.upgrades, requests.length);
    });

    it("is answered 503 while nobody takes it", async (test) => {
      const { address, service } = await open(test);
      service.setUpgrade("/ws", undefined);
      const client = RawHttpClient.open(test, address);
      client.send(upgradeRequest());
      const answer = await client.response();
      assert.deepEqual([answer.status, answer.headers.get("retry-after")], [503, "5"]);
      assert.equal(await client.closed(), "end");
    });

    it("makes room for further connections, and ends with the service", async (test) => {
      const { address, service } = await withEcho(test, {
        limits: { connections: 2, upgradedConnections: 4 },
      });
      const clients: RawHttpClient[] = [];
      for (let count = 0; count < 4; count++) {
        const client = RawHttpClient.open(test, address);
        client.send(upgradeRequest());
        assert.equal((await client.response()).status, 101);
        clients.push(client);
      }
      const plain = RawHttpClient.open(test, address);
      plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      assert.equal((await plain.response()).status, 200);
      await service.close();
      for (const client of clients) await client.closed();
    });

    it("ends a session that its new owner neither switched nor ended", async (test) => {
      const { address, service } = await open(test);
      service.setUpgrade("/ws", () => undefined);
      const client = RawHttpClient.open(test, address);
      client.send(upgradeRequest());
      await client.closed();
      await until(() => service.service.sessionCount === 0, "the end");
    });
  });

  describe(`forwarded addresses on ${backend}`, () => {
    const ask = async (test: TestContext, address: SocketAddress, forwarded: string): Promise<string> => {
      const client = RawHttpClient.open(test, address);
      client.send(`GET / HTTP/1.1\r\nHost: x\r\n${forwarded}\r\n`);
      return (await client.response()).body.replace("/ for ", "");
    };

    it("are believed of trusted proxies only", async (test) => {
      const { address } = await open(test, { trustedProxies: trusted });
      assert.equal(await ask(test, address, ""), "127.0.0.1");
      assert.equal(await ask(test, address, "X-Forwarded-For: 192.0.2.1\r\n"), "192.0.2.1");
      assert.equal(
        await ask(test, address, "X-Forwarded-For: 1.1.1.1, 192.0.2.1, 127.0.0.7\r\n"),
        "192.0.2.1",
      );
      assert.equal(
        await ask(test, address, "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2001:db8::1\r\n"),
        "2001:db8::1",
      );
      assert.equal(await ask(test, address, "X-Forwarded-For: nonsense\r\n"), "127.0.0.1");
      const other = await open(test, { trustedProxies: strangers });
      assert.equal(await ask(test, other.address, "X-Forwarded-For: 192.0.2.1\r\n"), "127.0.0.1");
    });

    it("are each request's own on a connection of a proxy", async (test) => {
      const { address } = await open(test, { trustedProxies: trusted });
      const client = RawHttpClient.open(test, address);
      for (const host of ["192.0.2.1", "192.0.2.2", undefined]) {
        const line = host === undefined ? "" : `X-Forwarded-For: ${host}\r\n`;
        client.send(`GET / HTTP/1.1\r\nHost: x\r\n${line}\r\n`);
        assert.equal((await client.response()).body, `/ for ${host ?? "127.0.0.1"}`);
      }
    });

    it("are an upgraded session's, and counted", async (test) => {
      const { address, sessions } = await withEcho(test, {
        trustedProxies: trusted,
        limits: { connectionsPerAddress: 2 },
      });
      const answers: RawResponse[] = [];
      for (const host of ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"]) {
        const client = RawHttpClient.open(test, address);
        client.send(upgradeRequest({ "X-Forwarded-For": host }));
        answers.push(await client.response());
      }
      assert.deepEqual(
        answers.map(({ status }) => status),
        [101, 101, 429, 101],
      );
      assert.deepEqual(
        sessions.map(({ remote, peer }) => [remote.host, peer.host]),
        [
          ["192.0.2.1", "127.0.0.1"],
          ["192.0.2.1", "127.0.0.1"],
          ["192.0.2.2", "127.0.0.1"],
        ],
      );
    });

    it("come in a PROXY header where that is set", async (test) => {
      const options = { trustedProxies: trusted, proxyProtocol: true };
      const { address, sessions, service } = await withEcho(test, options);
      const header = "PROXY TCP4 192.0.2.9 192.0.2.100 4711 80\r\n";
      const client = RawHttpClient.open(test, address);
      // Forwarded by somebody who is no trusted proxy: not believed.
      client.send(`${header}GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n`);
      assert.equal((await client.response()).body, "/ for 192.0.2.9");
      client.send(upgradeRequest());
      assert.equal((await client.response()).status, 101);
      assert.equal(sessions[0]?.remote.host, "192.0.2.9");
      // A proxy in front of a proxy.
      const chain = RawHttpClient.open(test, address);
      chain.send("PROXY TCP4 127.0.0.9 192.0.2.100 4711 80\r\n");
      chain.send("GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.3\r\n\r\n");
      assert.equal((await chain.response()).body, "/ for 192.0.2.3");
      for (const text of ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "PROXY nonsense\r\n"]) {
        const wrong = RawHttpClient.open(test, address);
        wrong.send(text);
        await wrong.closed();
        assert.equal(wrong.received, "");
      }
      await until(() => service.connectionCount === 1, "only the chain");
    });

    it("come in no PROXY header of somebody else", async (test) => {
      const { address } = await open(test, { trustedProxies: strangers, proxyProtocol: true });
      const client = RawHttpClient.open(test, address);
      client.send("PROXY TCP4 192.0.2.9 192.0.2.100 4711 80\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
      assert.equal((await client.response()).status, 400);
      const plain = RawHttpClient.open(test, address);
      plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      assert.equal((await plain.response()).body, "/ for 127.0.0.1");
    });
  });

  describe(`the chat's WebSocket on ${backend}`, () => {
    it("is there for another's client", async (test) => {
      const { url, chat } = await startWebTestServer(test, backend);
      const client = new WebSocket(`${url.replace("http", "ws")}/ws`, "portico.v1");
      test.after(() => client.terminate());
      const [data, isBinary] = (await once(client, "message")) as [Buffer, boolean];
      assert.deepEqual([isBinary, data.readUInt16LE(2)], [true, PacketType.HELLO]);
      assert.equal(chat.counters().connections, 1);
      client.close();
      await once(client, "close");
      await until(() => chat.counters().connections === 0, "the session's end");
    });

    it("refuses bad upgrades, each with its status", async (test) => {
      const { address, chat } = await startWebTestServer(test, backend);
      const cases: readonly (readonly [what: string, request: string, status: number])[] = [
        ["no key", upgradeRequest({ "Sec-WebSocket-Key": undefined }), 400],
        ["a short key", upgradeRequest({ "Sec-WebSocket-Key": "c2hvcnQ=" }), 400],
        ["no version", upgradeRequest({ "Sec-WebSocket-Version": undefined }), 426],
        ["another version", upgradeRequest({ "Sec-WebSocket-Version": "8" }), 426],
        ["no protocol", upgradeRequest({ "Sec-WebSocket-Protocol": undefined }), 400],
        ["another protocol", upgradeRequest({ "Sec-WebSocket-Protocol": "chat" }), 400],
        ["a foreign origin", upgradeRequest({ Origin: "https://evil.example" }), 403],
        ["no origin at all for the privacy of one", upgradeRequest({ Origin: "null" }), 403],
        ["another path", upgradeRequest({}, "GET /chat HTTP/1.1"), 404],
        ["no upgrade", upgradeRequest({ Connection: "keep-alive", Upgrade: undefined }), 426],
        ["another method", upgradeRequest({}, "DELETE /ws HTTP/1.1"), 405],
      ];
      for (const [what, request, status] of cases) {
        const client = RawHttpClient.open(test, address);
        client.send(request);
        assert.equal((await client.response()).status, status, what);
      }
      const own = RawHttpClient.open(test, address);
      own.send(upgradeRequest({ Origin: "http://chat.example" }));
      assert.equal((await own.response()).status, 101);
      assert.equal(chat.counters().connections, 1);
    });

    it("counts for the chat's connections, not for those of pages", async (test) => {
      const { address, url } = await startWebTestServer(test, backend, {
        chat: { limits: { connections: 2 } },
        http: { limits: { connections: 1, upgradedConnections: 4 } },
      });
      for (const status of [101, 101, 503]) {
        const client = RawHttpClient.open(test, address);
        client.send(upgradeRequest());
        assert.equal((await client.response()).status, status);
      }
      assert.equal((await fetch(`${url}/livez`)).status, 200);
    });
  });
}
