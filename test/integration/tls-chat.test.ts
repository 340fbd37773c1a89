import assert from "node:assert/strict";
import { get } from "node:https";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { WebSocket } from "ws";
import { openAdminAccess } from "../../src/admin/admin-access.ts";
import { readControlFile } from "../../src/admin/control-file.ts";
import { type OpenChatClientOptions, openChatClient } from "../../src/client/index.ts";
import type { TlsClientOptions } from "../../src/engine/index.ts";
import { decodeServerPacket } from "../../src/protocol/packet-decoder.ts";
import { testBackends } from "../support/chat-test-server.ts";
import { CliBench } from "../support/cli-process.ts";
import { ServeProcess } from "../support/serve-process.ts";
import { autoBackend } from "../support/test-ports.ts";
import {
  authority,
  certificateFor,
  clientCertificate,
  eventually,
  localCertificate,
  openTls,
  testDirectory,
  writePair,
} from "../support/tls-world.ts";

const { certificate: ca } = authority;

function guest(name: string) {
  return { name, guestKey: Buffer.alloc(32, name) };
}

/** What a client that cannot connect says. */
async function whyNot(server: string, options: Partial<OpenChatClientOptions>): Promise<string> {
  const { client, close } = openChatClient({ server, ...options });
  try {
    return await new Promise<string>((resolve) => {
      client.on("state", ({ state }) => {
        if (state.name === "offline") resolve(state.why);
        if (state.name === "closed") resolve(state.error.message);
      });
      client.connect(guest("stranger")).then(
        () => resolve("it connected"),
        () => undefined,
      );
    });
  } finally {
    await close();
  }
}

function statusOf(url: string): Promise<{ status: number | undefined; security: string | undefined }> {
  return new Promise((resolve, reject) => {
    get(url, { ca, agent: false }, (response) => {
      response.resume();
      response.on("end", () =>
        resolve({
          status: response.statusCode,
          security: response.headers["content-security-policy"] as string,
        }),
      );
    }).on("error", reject);
  });
}

for (const backend of testBackends) {
  describe(`the chat over TLS on ${backend}`, () => {
    it("talks over TCP and wss, is administered, and reloads its certificates", async (test) => {
      const directory = testDirectory(test);
      const data = join(directory, "data");
      const [certificate, key] = writePair(directory, "server", localCertificate);
      const server = await ServeProcess.start(data, {
        settings: [
          `engine.backend=${backend}`,
          "packets.tls=true",
          "http.tls=true",
          `tls.certificate=${certificate}`,
          `tls.key=${key}`,
          "login.guests=true",
        ],
      });
      test.after(() => server.stop());
      assert.match(server.output, /web +https:\/\//);
      assert.match(server.output, /packets +127\.0\.0\.1:\d+ \(TLS\)/);
      assert.match(server.output, /--tls/);

      const https = server.url.replace("http:", "https:");
      const tls: TlsClientOptions = { ca };
      const mina = openChatClient({ server: server.packets, tls });
      test.after(() => mina.close());
      const { lobby } = await mina.client.connect(guest("mina"));
      const heard: string[] = [];
      mina.client.on("message", ({ text }) => heard.push(text));

      assert.equal((await statusOf(`${https}/livez`)).status, 200);
      const socket = new WebSocket(`${https.replace("https", "wss")}/ws`, "portico.v1", { ca });
      const first = await new Promise<Buffer>((resolve, reject) => {
        socket.once("message", (bytes: Buffer) => resolve(bytes));
        socket.once("error", reject);
      });
      assert.ok(decodeServerPacket(first, 0, first.byteLength));
      const sameOrigin = new WebSocket(`${https.replace("https", "wss")}/ws`, "portico.v1", {
        ca,
        origin: https,
      });
      await new Promise((resolve, reject) => {
        sameOrigin.once("open", resolve);
        sameOrigin.once("error", reject);
      });
      sameOrigin.close();

      const jun = openChatClient({
        server: server.packets,
        tls: { fingerprint: localCertificate.fingerprint },
      });
      test.after(() => jun.close());
      await jun.client.connect(guest("jun"));
      await jun.client.publish(lobby.roomId, "hello over TLS");
      await eventually(() => heard.includes("hello over TLS"), "mina hears jun");

      const control = readControlFile(data);
      assert.equal(control?.fingerprint, localCertificate.fingerprint);
      const access = await openAdminAccess(data);
      assert.equal(access.where, "server");
      await access.close();

      // Both sides say what is wrong, in one line.
      assert.match(await whyNot(server.packets, {}), /the server speaks TLS, and this connection does not/);
      assert.match(await whyNot(server.packets, { tls: {} }), /certificate is not trusted/);
      const httpAddress = server.url.replace("http://", "");
      assert.match(await whyNot(httpAddress, { tls }), /no application protocol \(ALPN\) in common/);

      const next = certificateFor(["localhost", "127.0.0.1"], { issuer: authority });
      writeFileSync(certificate, "no certificate");
      server.signal("SIGHUP");
      await eventually(
        () => /certificates could not be read again/.test(server.log),
        "the bad one is refused",
      );
      const [host, port] = server.packets.split(":");
      const shownBy = async (): Promise<string | undefined> => {
        const shown = await openTls(Number(port), { host: host as string, ALPNProtocols: ["portico.v1"] });
        const fingerprint = shown.getPeerX509Certificate()?.fingerprint256;
        shown.destroy();
        return fingerprint;
      };
      assert.equal(await shownBy(), localCertificate.fingerprint);
      writePair(directory, "server", next);
      server.signal("SIGHUP");
      await eventually(() => /certificates were read again/.test(server.log), "the next one is taken");
      assert.equal(await shownBy(), next.fingerprint);
      assert.equal(readControlFile(data)?.fingerprint, next.fingerprint);
      assert.equal(socket.readyState, WebSocket.OPEN);
      await jun.client.publish(lobby.roomId, "still here");
      await eventually(() => heard.includes("still here"), "nobody was dropped");
      socket.close();
    });

    it("takes services by their certificates", async (test) => {
      const directory = testDirectory(test);
      const [certificate, key] = writePair(directory, "server", localCertificate);
      const [authorityFile] = writePair(directory, "authority", authority);
      const server = await ServeProcess.start(join(directory, "data"), {
        settings: [
          `engine.backend=${backend}`,
          "packets.tls=true",
          `tls.certificate=${certificate}`,
          `tls.key=${key}`,
          `tls.ca=${authorityFile}`,
          "tls.clientCertificates=require",
          "login.guests=true",
        ],
      });
      test.after(() => server.stop());
      const bot = openChatClient({ server: server.packets, tls: { ca, certificate: clientCertificate } });
      await bot.client.connect(guest("bot"));
      await bot.close();
      assert.notEqual(await whyNot(server.packets, { tls: { ca } }), "it connected");
    });

    it("does not speak TLS unless told to, and clients say so", async (test) => {
      const directory = testDirectory(test);
      const server = await ServeProcess.start(join(directory, "data"), {
        settings: [`engine.backend=${backend}`],
      });
      test.after(() => server.stop());
      assert.match(await whyNot(server.packets, { tls: { ca } }), /the server does not speak TLS/);
      assert.match(
        await whyNot(server.url.replace("http://", ""), { tls: { ca } }),
        /the server does not speak TLS/,
      );
    });
  });
}

describe(`TLS on the command line, on ${autoBackend}`, () => {
  it("makes a certificate that serve and chat use", async (test) => {
    const bench = new CliBench(test);
    const out = join(bench.directory, "tls");
    const made = await bench.run(["cert", "--out", out, "--name", "127.0.0.1", "--name", "chat.test"]);
    assert.equal(made.code, 0, made.stderr);
    const [, fingerprint = ""] = /^fingerprint +(\S+)$/m.exec(made.stdout) ?? [];
    assert.match(fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    assert.equal(statSync(join(out, "key.pem")).mode & 0o777, 0o600);
    const again = await bench.run(["cert", "--out", out]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /is there already; --force/);
    const badName = await bench.run(["cert", "--out", join(bench.directory, "no"), "--name", "a b"]);
    assert.equal(badName.code, 2);
    const settings = [
      "packets.tls=true",
      `tls.certificate=${join(out, "cert.pem")}`,
      `tls.key=${join(out, "key.pem")}`,
      "login.guests=true",
    ];
    const { address } = await bench.serve(
      "127.0.0.1:0",
      settings.flatMap((each) => ["--set", each]),
    );
    const chat = (...flags: string[]) =>
      bench.run(["chat", "--user", "mina", "--guest", "--server", address, ...flags]);
    assert.equal((await chat("--fingerprint", fingerprint)).code, 0);
    assert.equal((await chat("--ca", join(out, "cert.pem"))).code, 0);
    const untrusted = await chat("--tls");
    assert.notEqual(untrusted.code, 0);
    assert.match(untrusted.stderr, /certificate is not trusted/);
    const wrong = await chat("--fingerprint", "12");
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /64 hexadecimal digits/);
  });

  it("says which settings are missing (no port)", async (test) => {
    const bench = new CliBench(test);
    const serve = (...settings: string[]) =>
      bench.run(["serve", ...settings.flatMap((each) => ["--set", each])]);
    const missing = await serve("http.tls=true");
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /tls\.certificate.*need a certificate and its key/);
    const unreadable = await serve("http.tls=true", "tls.certificate=/no/such.pem", "tls.key=/no/such.key");
    assert.equal(unreadable.code, 2);
    assert.match(unreadable.stderr, /tls\.certificate: \/no\/such\.pem cannot be read/);
  });
});
