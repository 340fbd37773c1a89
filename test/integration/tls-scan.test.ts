import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { testBackends } from "../support/chat-test-server.ts";
import { ServeProcess } from "../support/serve-process.ts";
import {
  authority,
  clientCertificate,
  localCertificate,
  runOpenssl,
  testDirectory,
  writePair,
} from "../support/tls-world.ts";

const withoutSslscan =
  spawnSync("sslscan", ["--version"]).error === undefined ? false : "sslscan is not here (Debian: sslscan)";
const withoutOpenssl = spawnSync("openssl", ["version"]).error === undefined ? false : "openssl is not here";

/** Every suite that may be agreed upon: with forward secrecy (1.3 has no other), and an AEAD. */
const TLS13 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
const tls12 = (key: "ECDSA" | "RSA"): readonly string[] =>
  ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"].map((aead) => `ECDHE-${key}-${aead}`);
/** Bits of security: what SHA-256, X25519 and P-256 have, and a key of RSA with 3072 bits. */
const LEAST_BITS = 128;

/** An element of sslscan's XML without its content: its attributes. */
type Element = Readonly<Record<string, string>>;

class Scan {
  readonly #xml: string;

  constructor(xml: string) {
    this.#xml = xml;
  }

  /** Runs sslscan to its end. Rejects with what it said when it could not scan. */
  static of(address: string, ...flags: string[]): Promise<Scan> {
    return new Promise((resolve, reject) => {
      const child = spawn("sslscan", ["--xml=-", "--no-colour", ...flags, address], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      let xml = "";
      let said = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (xml += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
      child.once("error", reject);
      child.once("close", (code) => {
        if (code === 0 && xml.includes("</ssltest>")) resolve(new Scan(xml));
        else reject(new Error(`sslscan ended with ${code}: ${said}${xml}`));
      });
    });
  }

  all(element: string): readonly Element[] {
    const found = this.#xml.matchAll(new RegExp(`<${element}((?: [\\w-]+="[^"]*")*) ?/?>`, "g"));
    return [...found].map(([, text = ""]) =>
      Object.fromEntries(
        [...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]),
      ),
    );
  }

  /** What stands between the tags of an element. */
  textOf(element: string): string | undefined {
    return new RegExp(`<${element}>(.*?)</${element}>`).exec(this.#xml)?.[1];
  }

  get versions(): readonly string[] {
    return this.all("protocol")
      .filter(({ enabled }) => enabled === "1")
      .map(({ type, version }) => `${type} ${version}`);
  }

  ciphersOf(version: string): readonly string[] {
    return this.all("cipher")
      .filter(({ sslversion }) => sslversion === version)
      .map(({ cipher = "" }) => cipher)
      .toSorted();
  }
}

interface Expected {
  /** The certificate's key; undefined: TLS 1.2 is off. */
  readonly key: "ECDSA" | "RSA" | undefined;
}

/** Everything that a careful operator looks for. */
function check(scan: Scan, { key }: Expected): void {
  assert.equal(scan.all("protocol").length, 6, "SSL 2 to TLS 1.3 were tried");
  assert.deepEqual(scan.versions, key === undefined ? ["tls 1.3"] : ["tls 1.2", "tls 1.3"]);
  assert.deepEqual(
    scan.all("renegotiation").map(({ supported }) => supported),
    ["0"],
  );
  // Not there where sslscan's own OpenSSL has no compression, which is so on Debian.
  for (const { supported } of scan.all("compression")) assert.equal(supported, "0", "compression");
  const bleeding = scan.all("heartbleed");
  assert.ok(bleeding.length > 0, "heartbleed was tried");
  for (const { sslversion = "", vulnerable } of bleeding) assert.equal(vulnerable, "0", sslversion);

  assert.deepEqual(scan.ciphersOf("TLSv1.3"), TLS13);
  assert.deepEqual(scan.ciphersOf("TLSv1.2"), key === undefined ? [] : tls12(key).toSorted());
  assert.equal(scan.all("cipher").length, TLS13.length + (key === undefined ? 0 : 3), "no others");
  for (const { cipher = "", bits, ecdhebits, strength } of scan.all("cipher")) {
    assert.ok(Number(bits) >= LEAST_BITS, `${cipher}: ${bits}`);
    assert.ok(Number(ecdhebits) >= 2 * LEAST_BITS - 3, `${cipher}: ephemeral key of ${ecdhebits}`);
    assert.match(strength ?? "", /^(strong|acceptable)$/, cipher);
  }
  const groups = scan.all("group");
  assert.ok(groups.length > 0, "groups were tried");
  for (const { name = "", bits } of groups) {
    assert.ok(Number(bits) >= LEAST_BITS, `${name}: ${bits}`);
    assert.doesNotMatch(name, /ffdhe/, "finite fields cost the server more than the client");
  }
  checkCertificate(scan, key);
}

function checkCertificate(scan: Scan, key: Expected["key"]): void {
  const [{ error, type, bits } = {}, ...others] = scan.all("pk");
  assert.deepEqual([error, others], ["false", []]);
  assert.equal(type, key === "RSA" ? "RSA" : "EC");
  assert.ok(Number(bits) >= (key === "RSA" ? 3072 : LEAST_BITS), `a key of ${bits}`);
  assert.match(scan.textOf("signature-algorithm") ?? "", /sha256/i);
  assert.equal(scan.textOf("expired"), "false");
}

/** What a server is started with: TLS with a certificate for this machine. */
function settingsOf(test: TestContext, backend: string): { directory: string; settings: string[] } {
  const directory = testDirectory(test);
  const [certificate, key] = writePair(directory, "server", localCertificate);
  const settings = [
    `engine.backend=${backend}`,
    "packets.tls=true",
    "http.tls=true",
    `tls.certificate=${certificate}`,
    `tls.key=${key}`,
  ];
  return { directory, settings };
}

async function serve(
  test: TestContext,
  directory: string,
  settings: readonly string[],
): Promise<{ packets: string; https: string }> {
  const server = await ServeProcess.start(join(directory, "data"), { settings });
  test.after(() => server.stop());
  return { packets: server.packets, https: server.url.replace("http://", "") };
}

for (const backend of testBackends) {
  describe(`sslscan on ${backend}`, { skip: withoutSslscan }, () => {
    it("finds nothing old or weak where packets, and where HTTPS are served", async (test) => {
      const { directory, settings } = settingsOf(test, backend);
      const { packets, https } = await serve(test, directory, settings);
      check(await Scan.of(packets), { key: "ECDSA" });
      check(await Scan.of(https), { key: "ECDSA" });
    });

    it("finds the same with a certificate of RSA", { skip: withoutOpenssl }, async (test) => {
      const { directory, settings } = settingsOf(test, backend);
      const [certificate, key] = [join(directory, "rsa.pem"), join(directory, "rsa.key")];
      const made = await runOpenssl(
        `req -x509 -newkey rsa:3072 -nodes -sha256 -days 2 -subj /CN=rsa.test -addext subjectAltName=DNS:rsa.test -keyout ${key} -out ${certificate}`.split(
          " ",
        ),
      );
      assert.equal(made.code, 0, made.output);
      const { packets, https } = await serve(test, directory, [
        ...settings,
        `tls.more=${certificate} ${key}`,
      ]);
      check(await Scan.of(packets, "--sni-name=rsa.test"), { key: "RSA" });
      check(await Scan.of(https, "--sni-name=rsa.test"), { key: "RSA" });
    });

    it("finds the same where clients need a certificate, and have one", async (test) => {
      const { directory, settings } = settingsOf(test, backend);
      const [ca] = writePair(directory, "authority", authority);
      const [certificate, key] = writePair(directory, "client", clientCertificate);
      const { packets, https } = await serve(test, directory, [
        ...settings,
        `tls.ca=${ca}`,
        "tls.clientCertificates=require",
      ]);
      check(await Scan.of(packets, `--certs=${certificate}`, `--pk=${key}`), { key: "ECDSA" });
      check(await Scan.of(https), { key: "ECDSA" });
      // In 1.3 a client is done before the server has looked at its certificate.
      assert.deepEqual((await Scan.of(packets)).ciphersOf("TLSv1.2"), []);
    });

    it("finds TLS 1.3 alone where it is the oldest, also where clients are asked for a certificate", async (test) => {
      const { directory, settings } = settingsOf(test, backend);
      const [ca] = writePair(directory, "authority", authority);
      const { packets, https } = await serve(test, directory, [
        ...settings,
        "tls.minVersion=TLSv1.3",
        `tls.ca=${ca}`,
        "tls.clientCertificates=request",
      ]);
      check(await Scan.of(packets), { key: undefined });
      check(await Scan.of(https), { key: undefined });
    });

    it("finds the ciphers that were set", async (test) => {
      const { directory, settings } = settingsOf(test, backend);
      const only = "ECDHE-ECDSA-AES256-GCM-SHA384";
      const { packets } = await serve(test, directory, [...settings, `tls.ciphers=${only}`]);
      const scan = await Scan.of(packets);
      assert.deepEqual(scan.ciphersOf("TLSv1.2"), [only]);
      assert.deepEqual(scan.ciphersOf("TLSv1.3"), TLS13);
    });
  });
}
