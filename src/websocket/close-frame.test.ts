import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { closeCodeOf, describeFault, isCloseCode, WebSocketFault } from "./close-code.ts";
import { closePayload, readCloseCode } from "./close-frame.ts";

describe("close frames", () => {
  it("have a code and a reason, or nothing", () => {
    const payload = closePayload(3001, "안녕");
    assert.equal(readCloseCode(payload, 0, payload.length), 3001);
    assert.equal(Buffer.from(payload.subarray(2)).toString("utf8"), "안녕");
    assert.equal(readCloseCode(payload, 2, 2), 1005);
    assert.equal(readCloseCode(payload, 0, 1), -WebSocketFault.CLOSE_TOO_SHORT);
    assert.equal(readCloseCode(payload, 0, 4), -WebSocketFault.REASON_NOT_UTF8);
    assert.equal(readCloseCode(Uint8Array.of(0x03, 0xed), 0, 2), -WebSocketFault.CLOSE_CODE);
  });

  it("cut a long reason between characters", () => {
    assert.equal(closePayload(1000, "x".repeat(200)).length, 125);
    // 123 is 41 characters of three bytes; one byte before them leaves the last one out.
    assert.equal(closePayload(1000, "한".repeat(60)).length, 125);
    const cut = closePayload(1000, `x${"한".repeat(60)}`);
    assert.equal(cut.length, 2 + 1 + 40 * 3);
    assert.equal(readCloseCode(cut, 0, cut.length), 1000);
    const pairs = closePayload(1000, "😀".repeat(60));
    assert.equal(pairs.length, 2 + 30 * 4);
  });

  it("say only codes that may be said", () => {
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_536, Number.NaN]) {
      assert.throws(() => closePayload(code), RangeError);
    }
    for (const code of [1000, 1003, 1007, 1014, 3000, 4999]) assert.ok(isCloseCode(code));
  });

  it("answer each fault with a code that may be said, and with words that fit", () => {
    for (const fault of Object.values(WebSocketFault)) {
      assert.ok([1002, 1007, 1008, 1009].includes(closeCodeOf(fault)));
      assert.ok(describeFault(fault).length > 0 && describeFault(fault).length <= 123);
    }
    assert.equal(describeFault(1), "");
  });
});
