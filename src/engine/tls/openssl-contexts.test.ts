import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { realClock } from "../../base/clock.ts";
import { loadOpenssl } from "../openssl/openssl-calls.ts";
import { makeCertificate } from "./make-certificate.ts";
import { TlsContexts } from "./tls-contexts.ts";

const nowMs = realClock.wallMs();
const certificate = makeCertificate({ names: ["x"], validFromMs: nowMs, validToMs: nowMs + 86_400_000 });
const certificates = [certificate];
const ca = certificate.certificate;

function isOpensslHere(): boolean {
  try {
    loadOpenssl();
    return true;
  } catch {
    return false;
  }
}

describe("who does TLS", () => {
  it("is Node when that is asked for, and where clients show certificates", () => {
    assert.equal(new TlsContexts({ certificates, driver: "node" }).openssl, undefined);
    assert.equal(new TlsContexts({ certificates, ca, clientCertificates: "request" }).openssl, undefined);
    assert.equal(new TlsContexts({ certificates, ca, clientCertificates: "require" }).openssl, undefined);
    assert.throws(
      () => new TlsContexts({ certificates, ca, clientCertificates: "require", driver: "openssl" }),
      { code: "BAD_TLS", message: "OpenSSL cannot be called directly: clients show certificates" },
    );
  });

  it("is OpenSSL else, where it can be called", () => {
    assert.equal(new TlsContexts({ certificates }).openssl !== undefined, isOpensslHere());
  });

  it("is Node where koffi cannot be loaded, and nobody who asked for OpenSSL gets it silently", () => {
    const program = `
      import { TlsContexts } from ${JSON.stringify(new URL("tls-contexts.ts", import.meta.url))};
      const certificates = [${JSON.stringify(certificate)}];
      console.log(new TlsContexts({ certificates }).openssl === undefined);
      try { new TlsContexts({ certificates, driver: "openssl" }); } catch (error) { console.log(error.code, error.message); }
    `;
    const deny = new URL("../../../test/support/deny-koffi.ts", import.meta.url).href;
    const { stdout } = spawnSync(
      process.execPath,
      ["--import", deny, "--input-type=module", "--eval", program],
      { encoding: "utf8" },
    );
    const why = process.platform === "linux" ? "Cannot find the native Koffi module" : "tried on Linux alone";
    assert.deepEqual(stdout.trim().split("\n"), [
      "true",
      `BAD_TLS OpenSSL cannot be called directly: ${why}`,
    ]);
  });
});
