import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ChatError, openChatClient } from "../../src/client/index.ts";
import type { TlsClientOptions } from "../../src/engine/index.ts";
import { testBackends } from "../support/chat-test-server.ts";
import { CliBench } from "../support/cli-process.ts";
import { ServeProcess } from "../support/serve-process.ts";
import { autoBackend } from "../support/test-ports.ts";
import {
  authority,
  certificateFor,
  eventually,
  expiredCertificate,
  localCertificate,
  otherAuthority,
  testDirectory,
  writePair,
} from "../support/tls-world.ts";

const { certificate: ca } = authority;
const otherFingerprint = otherAuthority.fingerprint;

const guest = { name: "mina", guestKey: Buffer.alloc(32, "mina") };

/** Settings of a server over TLS. */
function tlsSettings(certificate: string, key: string): string[] {
  return ["packets.tls=true", `tls.certificate=${certificate}`, `tls.key=${key}`, "login.guests=true"];
}

/** The code that `connect` rejects with, after one attempt; the client must be closed then. */
async function codeOf(server: string, tls?: TlsClientOptions): Promise<string> {
  const { client, close } = openChatClient({ server, ...(tls === undefined ? {} : { tls }) });
  let attemptCount = 0;
  client.on("state", ({ state }) => {
    if (state.name === "connecting") attemptCount++;
  });
  try {
    await client.connect(guest);
    return "it connected";
  } catch (error) {
    assert.ok(error instanceof ChatError);
    assert.doesNotMatch(error.message, /\n/);
    const { state } = client;
    assert.ok(state.name === "closed" && state.error === error);
    assert.equal(attemptCount, 1, "there was no other attempt");
    return error.code;
  } finally {
    await close();
  }
}

for (const backend of testBackends) {
  describe(`TLS that cannot come to be on ${backend}`, () => {
    it("has a code for each reason, and no second attempt", async (test) => {
      const directory = testDirectory(test);
      const [certificate, key] = writePair(directory, "server", localCertificate);
      const secured = await ServeProcess.start(join(directory, "secured"), {
        settings: [`engine.backend=${backend}`, ...tlsSettings(certificate, key), "http.tls=true"],
      });
      test.after(() => secured.stop());
      const { packets } = secured;
      assert.equal(await codeOf(packets, { ca }), "it connected");
      assert.equal(await codeOf(packets), "TLS_REQUIRED");
      assert.equal(await codeOf(packets, {}), "TLS_UNTRUSTED");
      assert.equal(await codeOf(packets, { ca: otherAuthority.certificate }), "TLS_UNTRUSTED");
      assert.equal(await codeOf(packets, { fingerprint: otherFingerprint }), "TLS_FINGERPRINT");
      assert.equal(await codeOf(packets, { ca, serverName: "elsewhere.test" }), "TLS_WRONG_NAME");
      assert.equal(await codeOf(secured.url.replace("http://", ""), { ca }), "TLS_INCOMPATIBLE");

      const plain = await ServeProcess.start(join(directory, "plain"), {
        settings: [`engine.backend=${backend}`],
      });
      test.after(() => plain.stop());
      assert.equal(await codeOf(plain.packets, { ca }), "TLS_NOT_SPOKEN");

      const [oldCertificate, oldKey] = writePair(directory, "old", expiredCertificate);
      const old = await ServeProcess.start(join(directory, "old"), {
        settings: [`engine.backend=${backend}`, ...tlsSettings(oldCertificate, oldKey)],
      });
      test.after(() => old.stop());
      assert.equal(await codeOf(old.packets, { ca }), "TLS_EXPIRED");
      assert.equal(
        await codeOf(old.packets, { fingerprint: expiredCertificate.fingerprint }),
        "it connected",
      );
      await eventually(
        () => /CN=localhost expired on \d{4}-.*: clients refuse it/.test(old.log),
        "a warning",
      );
    });

    it("stops when the server comes back with another certificate, and goes on while it is away", async (test) => {
      const directory = testDirectory(test);
      const [certificate, key] = writePair(directory, "server", localCertificate);
      const settings = [`engine.backend=${backend}`, ...tlsSettings(certificate, key)];
      const data = join(directory, "data");
      const first = await ServeProcess.start(data, { settings });
      test.after(() => first.stop());
      const { packets } = first;
      const { client, close } = openChatClient({
        server: packets,
        tls: { fingerprint: localCertificate.fingerprint },
        backoff: { firstMs: 10, capMs: 100 },
      });
      test.after(() => close());
      await client.connect(guest);
      let refusedCount = 0;
      client.on("state", ({ state }) => {
        if (state.name === "offline" && /ECONNREFUSED/.test(state.why)) refusedCount++;
      });
      await first.stop();
      await eventually(() => refusedCount > 2, "attempts while there is no server");
      writePair(directory, "server", certificateFor(["127.0.0.1"]));
      const second = await ServeProcess.start(data, { settings, packets });
      test.after(() => second.stop());
      await eventually(() => client.state.name === "closed", "the client stops");
      assert.ok(client.state.name === "closed");
      assert.equal(client.state.error.code, "TLS_FINGERPRINT");
    });

    it("goes on while a certificate is not valid yet", async (test) => {
      const directory = testDirectory(test);
      const laterMs = Date.parse("2200-01-01");
      const early = certificateFor(["127.0.0.1"], {
        issuer: authority,
        validFromMs: laterMs,
        validToMs: laterMs + 86_400_000,
      });
      const [certificate, key] = writePair(directory, "server", early);
      const server = await ServeProcess.start(join(directory, "data"), {
        settings: [`engine.backend=${backend}`, ...tlsSettings(certificate, key)],
      });
      test.after(() => server.stop());
      const { client, close } = openChatClient({
        server: server.packets,
        tls: { ca },
        backoff: { firstMs: 10, capMs: 50 },
      });
      test.after(() => close());
      const reasons: string[] = [];
      client.on("state", ({ state }) => {
        if (state.name === "offline") reasons.push(state.why);
      });
      client.connect(guest).catch(() => undefined);
      await eventually(() => reasons.length > 2, "further attempts");
      assert.match(reasons[0] ?? "", /certificate is not valid yet, or this machine's clock is wrong/);
    });
  });
}

describe(`mistakes with TLS on the command line, on ${autoBackend}`, () => {
  it("are answered by portico chat with one line and status 1, or 2 where the command makes no sense", async (test) => {
    const bench = new CliBench(test);
    const [certificate, key] = writePair(bench.directory, "server", localCertificate);
    const secured = await bench.serve(
      "127.0.0.1:0",
      tlsSettings(certificate, key).flatMap((each) => ["--set", each]),
    );
    const plain = await bench.serve("127.0.0.1:0", ["--data", "plain"]);
    writeFileSync(join(bench.directory, "words.txt"), "no certificate\n");
    const mistakes: readonly (readonly [args: readonly string[], code: number, line: RegExp])[] = [
      [["--server", plain.address, "--tls"], 1, /the server does not speak TLS; leave --tls/],
      [["--server", secured.address], 1, /the server speaks TLS, and this connection does not; add --tls/],
      [
        ["--server", secured.address, "--tls"],
        1,
        /certificate is not trusted .*; --ca FILE or --fingerprint/,
      ],
      [
        ["--server", secured.address, "--fingerprint", otherFingerprint],
        1,
        /the server's certificate has another fingerprint: ([0-9A-F]{2}:){31}[0-9A-F]{2}; ask/,
      ],
      [["--server", secured.address, "--fingerprint", "12"], 2, /64 hexadecimal digits/],
      [["--server", secured.address, "--ca", "words.txt"], 2, /\(ca\) holds no certificate in PEM/],
      [["--server", secured.address, "--ca", "no-such.pem"], 2, /--ca no-such\.pem cannot be read: ENOENT/],
    ];
    for (const [args, code, line] of mistakes) {
      const ended = await bench.run(["chat", "--user", "mina", "--guest", ...args]);
      assert.equal(ended.code, code, ended.stderr);
      assert.match(ended.stderr, line);
      assert.match(ended.stderr, /^portico: [^\n]*\n$/, "one line");
      assert.equal(ended.stdout, "");
    }
    const json = await bench.run([
      "chat",
      "--user",
      "mina",
      "--guest",
      "--json",
      "--server",
      plain.address,
      "--tls",
    ]);
    assert.equal(json.code, 1);
    assert.match(json.stdout, /"event":"error","code":"TLS_NOT_SPOKEN"/);
  });

  it("are answered by portico serve with one line and status 2 (no port)", async (test) => {
    const bench = new CliBench(test);
    const [certificate, key] = writePair(bench.directory, "server", localCertificate);
    const [, otherKey] = writePair(bench.directory, "other", otherAuthority);
    const words = join(bench.directory, "words.txt");
    writeFileSync(words, "no certificate\n");
    const gone = join(bench.directory, "gone.key");
    const needsClients = ["tls.clientCertificates=require", `tls.ca=${words}`];
    const mistakes: readonly (readonly [certificate: string, key: string, more: string[], line: RegExp])[] = [
      [certificate, otherKey, [], /tls\.key: \S+other\.key is not the key of \S+server\.pem/],
      [certificate, gone, [], /tls\.key: \S+gone\.key cannot be read: ENOENT/],
      [certificate, bench.directory, [], /tls\.key: \S+ cannot be read: EISDIR/],
      [words, key, [], /tls\.certificate: \S+words\.txt is no certificate in PEM/],
      [certificate, words, [], /tls\.key: \S+words\.txt is no key in PEM, or it is encrypted/],
      [certificate, key, [`tls.more=${certificate} ${otherKey}`], /tls\.more: \S+other\.key is not the key/],
      [certificate, key, needsClients, /\(ca\) holds no certificate in PEM/],
      [certificate, key, ["tls.ciphers=NONSENSE"], /OpenSSL knows none of the ciphers/],
    ];
    for (const [certificateFile, keyFile, more, line] of mistakes) {
      const settings = [...tlsSettings(certificateFile, keyFile), ...more];
      const ended = await bench.run([
        "serve",
        "--packets",
        "127.0.0.1:0",
        "--http",
        "127.0.0.1:0",
        ...settings.flatMap((each) => ["--set", each]),
      ]);
      assert.equal(ended.code, 2, ended.stderr);
      assert.match(ended.stderr, line);
      assert.match(ended.stderr, /^portico: [^\n]*\n$/, "one line");
    }
  });
});
