import assert from "node:assert/strict";
import type { IncomingHttpHeaders } from "node:http";
import { describe, it } from "node:test";
import { deflateSettings } from "./deflate-settings.ts";
import { checkUpgrade, type UpgradeRequest, type UpgradeRules } from "./handshake.ts";
import { originRule } from "./origin-rule.ts";

const rules: UpgradeRules = {
  protocols: ["portico.v1", "portico.v2"],
  protocolRequired: true,
  allowsOrigin: originRule([]),
  deflate: undefined,
};

const headers: IncomingHttpHeaders = {
  host: "chat.example",
  upgrade: "websocket",
  connection: "Upgrade",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version": "13",
  "sec-websocket-protocol": "portico.v1",
};

function check(
  changed: IncomingHttpHeaders = {},
  request: Partial<UpgradeRequest> = {},
  changedRules: Partial<UpgradeRules> = {},
) {
  return checkUpgrade(
    { method: "GET", url: "/ws", httpVersion: "1.1", headers: { ...headers, ...changed }, ...request },
    { ...rules, ...changedRules },
  );
}

function refused(changed: IncomingHttpHeaders, request: Partial<UpgradeRequest> = {}) {
  const answer = check(changed, request);
  assert.ok(!answer.ok, JSON.stringify(changed));
  assert.ok(answer.reason.length > 0);
  return answer;
}

describe("checkUpgrade", () => {
  it("answers the example of RFC 6455, 1.3", () => {
    const answer = check();
    assert.ok(answer.ok);
    assert.equal(answer.protocol, "portico.v1");
    assert.equal(
      Buffer.from(answer.responseBytes).toString("latin1"),
      [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "Sec-WebSocket-Protocol: portico.v1",
        "",
        "",
      ].join("\r\n"),
    );
  });

  it("takes what browsers and proxies write in other ways", () => {
    for (const changed of [
      { connection: "keep-alive, Upgrade" },
      { connection: "UPGRADE" },
      { upgrade: "WebSocket" },
      { upgrade: "h2c, websocket" },
      { "sec-websocket-version": " 13 " },
      { "sec-websocket-protocol": "other, portico.v1" },
      { "sec-websocket-extensions": "permessage-deflate; client_max_window_bits" },
      { "content-length": "0" },
      { origin: "https://chat.example" },
    ]) {
      assert.ok(check(changed).ok, JSON.stringify(changed));
    }
  });

  it("refuses what is no handshake", () => {
    assert.deepEqual(refused({}, { method: "POST" }).headers, { Allow: "GET" });
    assert.equal(refused({}, { method: "POST" }).status, 405);
    for (const changed of [
      { host: undefined },
      { host: "" },
      { connection: undefined },
      { connection: "close" },
      { "sec-websocket-key": undefined },
      { "sec-websocket-key": "" },
      { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ" },
      { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=== " },
      { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZSEh" },
      { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==" },
      { "sec-websocket-protocol": undefined },
      { "sec-websocket-protocol": "Portico.v1" },
      { "sec-websocket-protocol": ",,;\0" },
      { "sec-websocket-extensions": ";;" },
      { "content-length": "5" },
      { "transfer-encoding": "chunked" },
    ] satisfies IncomingHttpHeaders[]) {
      assert.equal(refused(changed).status, 400);
    }
    for (const httpVersion of ["1.0", "2.0", ""]) assert.equal(refused({}, { httpVersion }).status, 400);
  });

  it("says with 426 what it would upgrade to", () => {
    for (const upgrade of [undefined, "", "h2c", "websockets"]) {
      const answer = refused({ upgrade });
      assert.equal(answer.status, 426);
      assert.equal(answer.headers["Upgrade"], "websocket");
    }
    for (const version of [undefined, "", "8", "12", "14", "13, 13", "013"]) {
      const answer = refused({ "sec-websocket-version": version });
      assert.equal(answer.status, 426);
      assert.equal(answer.headers["Sec-WebSocket-Version"], "13");
    }
  });

  it("refuses strangers' pages with 403", () => {
    assert.equal(refused({ origin: "https://evil.example" }).status, 403);
    assert.equal(refused({ origin: "null" }).status, 403);
  });

  it("chooses the client's first protocol that it speaks; none is needed where none is required", () => {
    const both = check({ "sec-websocket-protocol": "x, portico.v2, portico.v1" });
    assert.ok(both.ok && both.protocol === "portico.v2");
    const none = check({ "sec-websocket-protocol": undefined }, {}, { protocolRequired: false });
    assert.ok(none.ok && none.protocol === undefined);
    assert.ok(!Buffer.from(none.responseBytes).includes("Sec-WebSocket-Protocol"));
    const unknown = check({ "sec-websocket-protocol": "x" }, {}, { protocolRequired: false });
    assert.ok(unknown.ok && unknown.protocol === undefined);
  });

  it("negotiates compression where it is configured", () => {
    const offer = { "sec-websocket-extensions": "permessage-deflate" };
    const off = check(offer);
    assert.ok(off.ok && off.deflate === undefined);
    const on = check(offer, {}, { deflate: deflateSettings() });
    assert.ok(on.ok && on.deflate !== undefined);
    assert.ok(
      Buffer.from(on.responseBytes).includes(`\r\nSec-WebSocket-Extensions: ${on.deflate.header}\r\n`),
    );
    const declined = check(
      { "sec-websocket-extensions": "permessage-deflate; nonsense" },
      {},
      { deflate: deflateSettings() },
    );
    assert.ok(declined.ok && declined.deflate === undefined);
  });
});
