import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WebSocketFault } from "./close-code.ts";
import { frameHeaderBytes, writeFrameHeader } from "./frame-header.ts";
import { WebSocketFramer } from "./websocket-framer.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

/** What the framer says of these bytes; with each beginning of them it must not know yet (0). */
function decided(framer: WebSocketFramer, text: string): number {
  const bytes = Buffer.concat([hex("dead"), hex(text)]);
  for (let end = 3; end < bytes.length; end++) assert.equal(framer.frameLength(bytes, 2, end), 0);
  return framer.frameLength(bytes, 2, bytes.length);
}

describe("WebSocketFramer", () => {
  const framer = new WebSocketFramer(65_536);

  it("knows a frame's length from its header", () => {
    assert.equal(decided(framer, "82 80"), 6);
    assert.equal(decided(framer, "81 fd"), 6 + 125);
    assert.equal(decided(framer, "02 fe 00 7e"), 8 + 126);
    assert.equal(decided(framer, "80 fe ff ff"), 8 + 65_535);
    assert.equal(decided(framer, "81 ff 00 00 00 00 00 01 00 00"), 14 + 65_536);
    assert.equal(decided(framer, "89 fd"), 6 + 125);
    assert.equal(framer.frameLength(hex("8180"), 1, 1), 0);
  });

  it("refuses by the first byte that says so", () => {
    const refused: readonly (readonly [text: string, fault: number])[] = [
      ["c1", WebSocketFault.RESERVED_BITS],
      ["a1", WebSocketFault.RESERVED_BITS],
      ["91", WebSocketFault.RESERVED_BITS],
      ["83", WebSocketFault.RESERVED_OPCODE],
      ["07", WebSocketFault.RESERVED_OPCODE],
      ["8b", WebSocketFault.RESERVED_OPCODE],
      ["8f", WebSocketFault.RESERVED_OPCODE],
      ["09", WebSocketFault.CONTROL_FRAGMENTED],
      ["08", WebSocketFault.CONTROL_FRAGMENTED],
      ["81 05", WebSocketFault.NOT_MASKED],
      ["88 00", WebSocketFault.NOT_MASKED],
      ["89 fe", WebSocketFault.CONTROL_TOO_LONG],
      ["88 ff", WebSocketFault.CONTROL_TOO_LONG],
      ["81 fe 00 7d", WebSocketFault.LENGTH_NOT_MINIMAL],
      // Whatever the last two bytes are, two would have sufficed.
      ["81 ff 00 00 00 00 00 00", WebSocketFault.LENGTH_NOT_MINIMAL],
      ["81 ff 80", WebSocketFault.MESSAGE_TOO_BIG],
      ["81 ff 00 00 01", WebSocketFault.MESSAGE_TOO_BIG],
      ["81 ff 00 00 00 00 00 02", WebSocketFault.MESSAGE_TOO_BIG],
      ["81 ff 00 00 00 00 00 01 01", WebSocketFault.MESSAGE_TOO_BIG],
      ["81 ff 00 00 00 00 00 01 00 01", WebSocketFault.MESSAGE_TOO_BIG],
    ];
    for (const [text, fault] of refused) assert.equal(decided(framer, text), -fault, text);
  });

  it("holds messages to its limit, and not control frames", () => {
    const small = new WebSocketFramer(100);
    assert.equal(decided(small, "82 e4"), 106);
    assert.equal(decided(small, "82 e5"), -WebSocketFault.MESSAGE_TOO_BIG);
    assert.equal(decided(small, "82 fe 00 7e"), -WebSocketFault.MESSAGE_TOO_BIG);
    assert.equal(decided(small, "82 fe 01"), -WebSocketFault.MESSAGE_TOO_BIG);
    assert.equal(decided(small, "89 fd"), 131);
    assert.ok(small.frameLimitBytes >= 131);
    for (const limit of [0, -1, 1.5, Number.NaN, 67_108_865]) {
      assert.throws(() => new WebSocketFramer(limit), RangeError);
    }
  });

  it("takes RSV1 where deflate was negotiated, and only where a message begins", () => {
    const deflating = new WebSocketFramer(65_536, true);
    assert.equal(decided(deflating, "c1 80"), 6);
    assert.equal(decided(deflating, "42 80"), 6);
    for (const text of ["c0", "40", "c8", "c9", "ca", "e1", "d2"]) {
      assert.equal(decided(deflating, text), -WebSocketFault.RESERVED_BITS, text);
    }
  });

  it("reads what writeFrameHeader writes", () => {
    const large = new WebSocketFramer(67_108_864);
    for (const count of [0, 1, 125, 126, 65_535, 65_536, 67_108_864]) {
      const bytes = new Uint8Array(14);
      assert.equal(writeFrameHeader(bytes, 0, 2, count, { masked: true }), frameHeaderBytes(count));
      assert.equal(large.frameLength(bytes, 0, 10), frameHeaderBytes(count) + 4 + count);
    }
    const far = new Uint8Array(10);
    writeFrameHeader(far, 0, 1, Number.MAX_SAFE_INTEGER, { fin: false, rsv1: true });
    assert.equal(Buffer.from(far).toString("hex"), "417f001fffffffffffff");
  });
});
