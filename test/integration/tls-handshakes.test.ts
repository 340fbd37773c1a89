import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect as connectPlain, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { describe, it } from "node:test";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { Service, TlsClient, type TlsClientOptions } from "../../src/engine/index.ts";
import {
  authority,
  certificateFor,
  clientCertificate,
  echoOf,
  eventually,
  expiredCertificate,
  localCertificate,
  openTls,
  otherAuthority,
  runOpenssl,
  sendPlain,
  startTlsEcho,
  testDirectory,
  type TlsEcho,
  tlsWays,
  writePair,
} from "../support/tls-world.ts";

const withoutOpenssl = spawnSync("openssl", ["version"]).error === undefined ? false : "openssl is not here";

/** Connects with the engine's own client; the error's code, or "ok". */
async function outcomeOf(echo: TlsEcho, tls: TlsClientOptions | TlsClient): Promise<string> {
  const service = new Service({
    port: echo.port,
    kind: "client",
    createHandler: () => ({ onConnected: () => {}, onFrame: () => {}, onDisconnected: () => {} }),
  });
  try {
    await service.connect(echo.listener.address, { tls });
    return "ok";
  } catch (error) {
    assert.ok(error instanceof Error && !error.message.includes("\n"), "one line");
    return "code" in error ? String(error.code) : "";
  } finally {
    await service.close();
  }
}

for (const way of tlsWays) {
  describe(`TLS handshakes on ${way.backend}, by ${way.driver}`, () => {
    describe("with openssl s_client", { skip: withoutOpenssl }, () => {
      const sClient = (echo: TlsEcho, ...args: string[]): string[] => [
        "s_client",
        "-connect",
        `127.0.0.1:${echo.tcpPort}`,
        ...args,
      ];

      it("speaks 1.2 and 1.3, shows its certificate and sends back what it gets", async (test) => {
        const echo = await startTlsEcho(test, way);
        const directory = testDirectory(test);
        const [ca] = writePair(directory, "ca", authority);
        for (const version of ["1_2", "1_3"]) {
          const args = sClient(
            echo,
            `-tls${version}`,
            "-CAfile",
            ca,
            "-verify_return_error",
            "-verify_ip",
            "127.0.0.1",
          );
          const { output } = await runOpenssl(args, "talk to me\n", /^talk to me$/m);
          assert.match(output, /Verification: OK|Verify return code: 0/);
          assert.match(output, new RegExp(`TLSv${version.replace("_", ".")}`));
          assert.match(output, /^talk to me$/m);
        }
        await eventually(() => echo.ends.length === 2, "both end");
        assert.deepEqual(
          echo.details.map((details) => details?.protocol),
          ["TLSv1.2", "TLSv1.3"],
        );
      });

      it("refuses versions that are too old", async (test) => {
        const echo = await startTlsEcho(test, way, { minVersion: "TLSv1.3" });
        for (const version of ["-tls1", "-tls1_1", "-tls1_2"]) {
          const { output } = await runOpenssl(sClient(echo, version, "-cipher", "ALL:@SECLEVEL=0"));
          assert.match(output, /alert protocol version|no protocols available|unsupported protocol/, version);
          assert.doesNotMatch(output, /New, TLS/);
        }
        await eventually(() => echo.errors.length > 0, "it is told");
        assert.ok(echo.errors.every(({ code }) => code === "VERSION"));
        assert.equal(echo.service.counters.tlsErrors.VERSION, echo.errors.length);
        assert.equal(echo.sessions.length, 0);
      });

      it("agrees on an application protocol, and refuses those it does not speak", async (test) => {
        const echo = await startTlsEcho(test, way, { applicationProtocols: ["portico.v1"] });
        const good = await runOpenssl(sClient(echo, "-alpn", "h9,portico.v1"), "x\n", /^x$/m);
        assert.match(good.output, /ALPN protocol: portico\.v1/);
        const named = ["-alpn", "portico.v1", "-servername", "localhost"];
        assert.match(
          (await runOpenssl(sClient(echo, ...named), "x\n", /^x$/m)).output,
          /protocol: portico\.v1/,
        );
        const bad = await runOpenssl(sClient(echo, "-alpn", "h2"));
        assert.match(bad.output, /no application protocol/);
        await eventually(() => echo.errors.length === 1, "it is told");
        assert.equal(echo.errors[0]?.code, "ALPN");
      });

      it("shows the certificate of the name that was asked for", async (test) => {
        const chat = certificateFor(["chat.example.org"], { issuer: authority });
        const wild = certificateFor(["*.example.net"], { issuer: authority });
        const echo = await startTlsEcho(test, way, { certificates: [localCertificate, chat, wild] });
        const shown = async (...args: string[]): Promise<string | undefined> => {
          const { output } = await runOpenssl(sClient(echo, ...args));
          return /subject=CN ?= ?(.*)/.exec(output)?.[1];
        };
        assert.equal(await shown("-noservername"), "localhost");
        assert.equal(await shown("-servername", "chat.example.org"), "chat.example.org");
        assert.equal(await shown("-servername", "CHAT.example.org"), "chat.example.org");
        assert.equal(await shown("-servername", "any.example.net"), "*.example.net");
        assert.equal(await shown("-servername", "two.labels.example.net"), "localhost");
        assert.equal(await shown("-servername", "nobody.example.com"), "localhost");
      });

      it("does not renegotiate", async (test) => {
        const echo = await startTlsEcho(test, way);
        const { output } = await runOpenssl(
          sClient(echo, "-tls1_2"),
          "R\nstill here\n",
          /no renegotiation|error/i,
        );
        assert.match(output, /RENEGOTIATING/);
        assert.match(output, /no renegotiation/i);
        await eventually(() => echo.ends.length === 1, "the session ends with its client");
        assert.equal(echo.details.length, 1);
      });

      it("changes its keys when a client asks for it", async (test) => {
        const echo = await startTlsEcho(test, way);
        // K: a key update that asks for one in return, which comes before the next answer.
        const { output } = await runOpenssl(sClient(echo, "-tls1_3", "-msg"), "one\n", /^three$/m, [
          [/^one$/m, "K\n"],
          [/>>> TLS 1\.3, Handshake \[length 0005\], KeyUpdate/, "two\n"],
          [/^two$/m, "three\n"],
        ]);
        assert.match(output, /<<< TLS 1\.3, Handshake \[length 0005\], KeyUpdate[\s\S]*^two$/m);
        await eventually(() => echo.ends.length === 1, "the session ends with its client");
      });

      it("resumes sessions by tickets, or not", async (test) => {
        const directory = testDirectory(test);
        for (const tickets of [true, false]) {
          const echo = await startTlsEcho(test, way, { tickets });
          const file = `${directory}/ticket-${tickets}`;
          // In TLS 1.3 tickets come with the first answer.
          await runOpenssl(sClient(echo, "-tls1_2", "-sess_out", file), "a\n", /^a$/m);
          const again = await runOpenssl(sClient(echo, "-tls1_2", "-sess_in", file), "b\n", /^b$/m);
          assert.match(again.output, tickets ? /Reused, TLSv1\.2/ : /New, TLSv1\.2/);
          assert.deepEqual(
            echo.details.map((details) => details?.isResumed),
            [false, tickets],
          );
        }
      });
    });

    it("refuses nothing but what the client must refuse: trust, time, name, fingerprint", async (test) => {
      const { certificate: ca } = authority;
      const echo = await startTlsEcho(test, way);
      assert.equal(await outcomeOf(echo, { ca }), "ok");
      assert.equal(await outcomeOf(echo, { ca, serverName: "localhost" }), "ok");
      assert.equal(await outcomeOf(echo, { ca, serverName: "example.org" }), "NAME");
      assert.equal(await outcomeOf(echo, {}), "UNTRUSTED");
      assert.equal(await outcomeOf(echo, { ca: otherAuthority.certificate }), "UNTRUSTED");
      const { fingerprint } = localCertificate;
      assert.equal(await outcomeOf(echo, { fingerprint, serverName: "example.org" }), "ok");
      assert.equal(
        await outcomeOf(echo, { fingerprint: fingerprint.replaceAll(":", "").toLowerCase() }),
        "ok",
      );
      assert.equal(await outcomeOf(echo, { fingerprint: authority.fingerprint }), "FINGERPRINT");
      assert.throws(() => new TlsClient({ fingerprint: "12:34" }), { code: "BAD_TLS" });
      const old = await startTlsEcho(test, way, { certificates: [expiredCertificate] });
      assert.equal(await outcomeOf(old, { ca }), "EXPIRED");
      const own = certificateFor(["127.0.0.1"]);
      const selfSigned = await startTlsEcho(test, way, { certificates: [own] });
      assert.equal(await outcomeOf(selfSigned, { ca }), "UNTRUSTED");
      assert.equal(await outcomeOf(selfSigned, { fingerprint: own.fingerprint }), "ok");
    });

    it("resumes with the engine's client, and a pinned server too", async (test) => {
      const echo = await startTlsEcho(test, way);
      const client = new TlsClient({ fingerprint: localCertificate.fingerprint });
      const service = new Service({
        port: echo.port,
        kind: "client",
        createHandler: () => ({
          onConnected: (session) => void session.sendBytes(Buffer.from("hello")),
          onFrame: (session) => session.disconnect(),
          onDisconnected: () => {},
        }),
      });
      for (let round = 1; round <= 3; round++) {
        await service.connect(echo.listener.address, { tls: client });
        await eventually(() => echo.ends.length === round && service.sessionCount === 0, "the session ends");
      }
      await service.close();
      assert.deepEqual(
        echo.details.map((details) => details?.isResumed),
        [false, true, true],
      );
    });

    it("takes clients by their certificates", async (test) => {
      const mutual = { clientCertificates: "require", ca: authority.certificate } as const;
      const echo = await startTlsEcho(test, way, mutual);
      const good = await openTls(echo.tcpPort, {
        cert: clientCertificate.certificate,
        key: clientCertificate.key,
      });
      assert.equal(await echoOf(good, "hello"), "hello");
      assert.equal(echo.details[0]?.isAuthorized, true);
      assert.equal(echo.details[0]?.peerCertificate()?.subject, "CN=a-service");
      good.destroy();
      const stranger = certificateFor(["a-service"], { issuer: otherAuthority });
      for (const options of [{}, { cert: stranger.certificate, key: stranger.key }]) {
        const before = echo.errors.length;
        for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
          const socket = connectTls({
            host: "127.0.0.1",
            port: echo.tcpPort,
            ca: authority.certificate,
            maxVersion,
            ...options,
          });
          socket.on("error", () => undefined);
          socket.write("let me in");
          socket.on("data", () => assert.fail("nobody is let in"));
          await closed(socket);
        }
        await eventually(() => echo.errors.length === before + 2, "both are told");
      }
      assert.ok(echo.errors.every(({ code }) => code === "CLIENT_CERTIFICATE"));
      assert.equal(echo.sessions.length, 1);
      const asking = await startTlsEcho(test, way, { ...mutual, clientCertificates: "request" });
      const nobody = await openTls(asking.tcpPort);
      assert.equal(await echoOf(nobody, "hello"), "hello");
      assert.equal(asking.details[0]?.isAuthorized, false);
      nobody.destroy();
      await assert.rejects(startTlsEcho(test, way, { clientCertificates: "require" }), {
        code: "BAD_TLS",
      });
    });

    it("answers what is not TLS in one line, and says so", async (test) => {
      const echo = await startTlsEcho(test, way);
      const http = await sendPlain(echo.tcpPort, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      assert.match(http.toString(), /^HTTP\/1\.1 400 /);
      assert.match(http.toString(), /\r\n\r\nthis port speaks TLS: use https\n$/);
      const other = await sendPlain(echo.tcpPort, Buffer.from([12, 0, 1, 0, 1, 2, 3]));
      assert.equal(other.toString("hex"), "15030100020246");
      assert.deepEqual(
        echo.errors.map(({ code, message }) => `${code}: ${message}`),
        [
          "NOT_TLS: the peer speaks HTTP without TLS, and this port speaks TLS",
          "NOT_TLS: the peer speaks no TLS, and this port speaks TLS",
        ],
      );
    });

    it("survives garbage, truncated handshakes and silence", async (test) => {
      const echo = await startTlsEcho(test, way, { handshakeTimeoutMs: 300 });
      const hello = await clientHello();
      await sendPlain(
        echo.tcpPort,
        Buffer.concat([Buffer.from([22, 3, 1, 0, 200]), Buffer.alloc(200, 0xa5)]),
      );
      await sendPlain(echo.tcpPort, hello.subarray(0, 100), { thenEnds: true });
      await sendPlain(echo.tcpPort, hello, { thenEnds: true });
      await sendPlain(echo.tcpPort, Buffer.concat([hello.subarray(0, 60), Buffer.alloc(400, 0xff)]), {
        thenEnds: true,
      });
      await sendPlain(echo.tcpPort, "", { thenEnds: true });
      await sendPlain(echo.tcpPort, "");
      await sendPlain(echo.tcpPort, hello.subarray(0, 3));
      await eventually(() => echo.errors.length === 7, "all are told");
      const codes = echo.errors.map(({ code }) => code);
      assert.match(codes[0] ?? "", /^(PROTOCOL|VERSION|NOT_TLS)$/);
      assert.equal(codes.filter((code) => code === "TIMEOUT").length, 2);
      await eventually(() => echo.listener.handshakeCount === 0, "the last connection is closed");
      assert.equal(echo.sessions.length, 0);
      const good = await openTls(echo.tcpPort);
      assert.equal(await echoOf(good, "fine"), "fine");
      good.destroy();
    });

    it("knows an end from a truncation, and records that are not genuine", async (test) => {
      const echo = await startTlsEcho(test, way);
      const polite = await openTls(echo.tcpPort);
      assert.equal(await echoOf(polite, "a"), "a");
      polite.end();
      await eventually(() => echo.ends.length === 1, "the polite one ends");
      assert.deepEqual(echo.ends[0], { reason: "RECV_0", detail: 0 });
      // A relay that can cut a connection, or write into it.
      const tampering: readonly (readonly [string, (upstream: Socket) => void, number])[] = [
        ["cut", (upstream) => upstream.end(), 104],
        ["cut in a record", (upstream) => upstream.end(Buffer.from([23, 3, 3, 0, 50, 1, 2, 3])), 104],
        [
          "forged",
          (upstream) => upstream.write(Buffer.concat([Buffer.from([23, 3, 3, 0, 50]), Buffer.alloc(50, 7)])),
          71,
        ],
      ];
      for (const [index, [what, tamper, errno]] of tampering.entries()) {
        const upstream = connectPlain({ host: "127.0.0.1", port: echo.tcpPort, allowHalfOpen: true });
        upstream.on("error", () => undefined);
        const socket = connectTls({ socket: upstream, ca: authority.certificate, host: "127.0.0.1" });
        socket.on("error", () => undefined);
        await once(socket, "secureConnect");
        assert.equal(await echoOf(socket, "b"), "b", what);
        tamper(upstream);
        await eventually(() => echo.ends.length === index + 2, `${what}: the session ends`);
        assert.deepEqual(echo.ends.at(-1), { reason: "RECV_ERROR", detail: errno }, what);
        upstream.destroy();
      }
    });

    it("takes other certificates while sessions go on", async (test) => {
      const echo = await startTlsEcho(test, way);
      const before = await openTls(echo.tcpPort);
      assert.equal(await echoOf(before, "before"), "before");
      const next = certificateFor(["127.0.0.1", "next.example.org"], { issuer: authority });
      assert.throws(
        () => echo.listener.reloadTls({ certificates: [{ ...next, key: localCertificate.key }] }),
        {
          code: "BAD_TLS",
        },
      );
      assert.throws(() => echo.listener.reloadTls({ certificates: [{ certificate: "no", key: "no" }] }), {
        code: "BAD_TLS",
      });
      const stillOld = await openTls(echo.tcpPort);
      assert.equal(stillOld.getPeerX509Certificate()?.fingerprint256, localCertificate.fingerprint);
      echo.listener.reloadTls({ certificates: [next] });
      const after = await openTls(echo.tcpPort);
      assert.equal(after.getPeerX509Certificate()?.fingerprint256, next.fingerprint);
      assert.equal(await echoOf(before, "and after"), "and after");
      assert.equal(await echoOf(after, "too"), "too");
      for (const socket of [before, stillOld, after]) socket.destroy();
    });

    it("reads a PROXY header before TLS, and knows who is behind the proxy", async (test) => {
      const faults: number[] = [];
      const echo = await startTlsEcho(
        test,
        way,
        {},
        {
          proxyHeader: (host) => host === "127.0.0.1",
          onProxyHeaderFault: (_peer, fault) => void faults.push(fault),
        },
        { sessionsPerAddress: 1 },
      );
      const open = async (source: string): Promise<TLSSocket> => {
        const proxy = connectPlain({ host: "127.0.0.1", port: echo.tcpPort });
        proxy.on("error", () => undefined);
        proxy.write(`PROXY TCP4 ${source} 192.0.2.9 4000 443\r\n`);
        const socket = connectTls({ socket: proxy, ca: authority.certificate, host: "127.0.0.1" });
        socket.on("error", () => undefined);
        return socket;
      };
      const one = await open("192.0.2.1");
      assert.equal(await echoOf(one, "hello"), "hello");
      assert.equal(echo.sessions[0]?.remote.host, "192.0.2.1");
      assert.equal(echo.sessions[0]?.peer.host, "127.0.0.1");
      const again = await open("192.0.2.1");
      await closed(again);
      assert.equal(echo.service.counters.refused.ADDRESS_LIMIT, 1);
      one.destroy();
      await eventually(() => echo.ends.length === 1, "the first ends");
      const third = await open("192.0.2.1");
      assert.equal(await echoOf(third, "place again"), "place again");
      third.destroy();
      await sendPlain(echo.tcpPort, await clientHello());
      assert.deepEqual(faults, [1]);
    });
  });
}

/** Not `once`, which rejects when there was an error before. */
function closed(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
  });
}

/** The first record that a client sends. */
function clientHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const stream = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        done();
        resolve(chunk);
      },
    });
    connectTls({ socket: stream, host: "localhost" }).on("error", () => undefined);
  });
}
