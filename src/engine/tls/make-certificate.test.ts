import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import { makeCertificate } from "./make-certificate.ts";

const FROM_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const TO_MS = Date.UTC(2027, 5, 6, 7, 8, 9);

describe("makeCertificate", () => {
  it("makes a certificate that Node reads as it was asked for", () => {
    const made = makeCertificate({
      names: ["chat.example.org", "*.example.net", "127.0.0.1", "::1", "2001:db8::7:0:1"],
      validFromMs: FROM_MS,
      validToMs: TO_MS,
    });
    const certificate = new X509Certificate(made.certificate);
    assert.equal(certificate.subject, "CN=chat.example.org");
    assert.equal(certificate.issuer, "CN=chat.example.org");
    assert.equal(certificate.validFromDate.getTime(), FROM_MS);
    assert.equal(certificate.validToDate.getTime(), TO_MS);
    assert.equal(
      certificate.subjectAltName,
      "DNS:chat.example.org, DNS:*.example.net, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:2001:DB8:0:0:0:7:0:1",
    );
    assert.equal(certificate.ca, false);
    assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    assert.equal(certificate.fingerprint256, made.fingerprint);
    assert.ok(certificate.verify(certificate.publicKey), "its signature is right");
    assert.ok(certificate.checkPrivateKey(createPrivateKey(made.key)));
    assert.equal(certificate.checkHost("chat.example.org"), "chat.example.org");
    assert.equal(certificate.checkHost("a.example.net"), "*.example.net");
    assert.equal(certificate.checkIP("::1"), "::1");
    assert.equal(certificate.checkHost("example.com"), undefined);
  });

  it("lets an authority sign others", () => {
    const authority = makeCertificate({
      names: ["an-authority"],
      validFromMs: FROM_MS,
      validToMs: TO_MS,
      isAuthority: true,
    });
    const made = makeCertificate({
      names: ["localhost"],
      validFromMs: FROM_MS,
      validToMs: TO_MS,
      issuer: authority,
    });
    const above = new X509Certificate(authority.certificate);
    const certificate = new X509Certificate(made.certificate);
    assert.equal(above.ca, true);
    assert.ok(certificate.checkIssued(above));
    assert.ok(certificate.verify(above.publicKey));
    assert.equal(certificate.verify(certificate.publicKey), false);
  });

  it("writes times after 2049, and serial numbers of their own", () => {
    const request = { names: ["localhost"], validFromMs: FROM_MS, validToMs: Date.UTC(2061, 1, 3) };
    const [one, other] = [makeCertificate(request), makeCertificate(request)].map(
      ({ certificate }) => new X509Certificate(certificate),
    );
    assert.equal(one?.validToDate.getTime(), request.validToMs);
    assert.notEqual(one?.serialNumber, other?.serialNumber);
  });

  it("makes what openssl finds nothing wrong with, many times", (test) => {
    if (spawnSync("openssl", ["version"]).error !== undefined) {
      test.skip("openssl is not installed");
      return;
    }
    for (let round = 0; round < 20; round++) {
      const { certificate } = makeCertificate({
        names: ["localhost"],
        validFromMs: FROM_MS,
        validToMs: TO_MS,
      });
      const read = spawnSync("openssl", ["x509", "-noout", "-text"], { input: certificate });
      assert.equal(read.status, 0, read.stderr.toString());
      const text = read.stdout.toString();
      for (const part of [/Version: 3/, /ecdsa-with-SHA256/, /prime256v1/, /CA:FALSE/, /Digital Signature/]) {
        assert.match(text, part);
      }
      const again = spawnSync("openssl", ["x509", "-outform", "DER"], { input: certificate });
      const der = Buffer.from(certificate.replaceAll(/-----.*-----|\s/g, ""), "base64");
      assert.ok(again.stdout.equals(der), "openssl writes the same bytes");
    }
  });

  it("refuses names that are none", () => {
    for (const name of ["", "a b", "-a", "ex_ample.org", "300.1.1.1.1.", "a..b"]) {
      assert.throws(
        () => makeCertificate({ names: [name], validFromMs: FROM_MS, validToMs: TO_MS }),
        TypeError,
        name,
      );
    }
  });
});
