import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DisconnectCode, PacketType } from "./codes.ts";
import {
  DEFAULT_PACKET_LIMIT_BYTES,
  PacketFramer,
  readPacketSize,
  readPacketType,
  writePacketHeader,
} from "./packet-framer.ts";
import { encodePacketBytes } from "./packet-encoder.ts";

const framer = new PacketFramer();
const INVALID_HEADER = -DisconnectCode.INVALID_HEADER;
const PACKET_TOO_LARGE = -DisconnectCode.PACKET_TOO_LARGE;

function sizeBytes(size: number): Uint8Array {
  return Uint8Array.of(size & 0xff, size >>> 8);
}

describe("packet framer", () => {
  it("fed one byte at a time, knows the size from the second byte on", () => {
    const packet = encodePacketBytes(PacketType.PING, { nonce: 300 });
    assert.deepEqual([...packet], [7, 0, 0xeb, 3, 0x08, 0xac, 0x02]);
    const answers = Array.from({ length: packet.length + 1 }, (_, end) => framer.frameLength(packet, 0, end));
    assert.deepEqual(answers, [0, 0, 7, 7, 7, 7, 7, 7]);
  });

  it("fed one byte at a time, finds the same packets at every place in a buffer", () => {
    const packets = [
      encodePacketBytes(PacketType.PING, {}),
      encodePacketBytes(PacketType.PUBLISH_REQUEST, { requestId: 1, roomId: 2, text: "hello" }),
      encodePacketBytes(PacketType.PONG, { nonce: 9 }),
    ];
    const stream = Buffer.concat([Buffer.alloc(3, 0xff), ...packets]);
    const found: number[] = [];
    let start = 3;
    for (let end = 3; end <= stream.length; end++) {
      const length = framer.frameLength(stream, start, end);
      if (length > 0 && length <= end - start) {
        found.push(length);
        start += length;
      }
    }
    assert.deepEqual(
      found,
      packets.map(({ length }) => length),
    );
    assert.equal(start, stream.length);
  });

  it("a header with size below 4 is rejected at once", () => {
    for (const size of [0, 1, 2, 3]) {
      const bytes = sizeBytes(size);
      assert.equal(framer.frameLength(bytes, 0, 1), 0);
      assert.equal(framer.frameLength(bytes, 0, 2), INVALID_HEADER);
    }
    assert.equal(framer.frameLength(sizeBytes(4), 0, 2), 4);
  });

  it("size 0 cannot loop for ever", () => {
    const zeros = new Uint8Array(64);
    let rounds = 0;
    let start = 0;
    for (; start < zeros.length; rounds++) {
      const length = framer.frameLength(zeros, start, zeros.length);
      if (length < 0) break;
      assert.notEqual(length, 0, "with bytes there, an answer that consumes nothing would loop");
      start += length;
    }
    assert.equal(rounds, 0);
    assert.equal(start, 0);
  });

  it("the maximum is checked before the body is awaited", () => {
    assert.equal(framer.frameLength(sizeBytes(DEFAULT_PACKET_LIMIT_BYTES), 0, 2), DEFAULT_PACKET_LIMIT_BYTES);
    assert.equal(framer.frameLength(sizeBytes(DEFAULT_PACKET_LIMIT_BYTES + 1), 0, 2), PACKET_TOO_LARGE);
    assert.equal(framer.frameLength(sizeBytes(65_535), 0, 2), PACKET_TOO_LARGE);
    const widest = new PacketFramer(65_535);
    assert.equal(widest.frameLength(sizeBytes(65_535), 0, 2), 65_535);
  });

  it("decides for every size in two bytes, and never above its limit", () => {
    const small = new PacketFramer(100);
    for (let size = 0; size <= 65_535; size++) {
      const expected = size < 4 ? INVALID_HEADER : size > 100 ? PACKET_TOO_LARGE : size;
      assert.equal(small.frameLength(sizeBytes(size), 0, 2), expected);
    }
  });

  it("takes limits from 4 to 65,535", () => {
    for (const limit of [4, 16_384, 65_535]) assert.equal(new PacketFramer(limit).frameLimitBytes, limit);
    for (const limit of [0, 3, 65_536, 4.5, Number.NaN, -1, Infinity]) {
      assert.throws(() => new PacketFramer(limit), RangeError);
    }
    assert.equal(new PacketFramer().frameLimitBytes, 16_384);
  });

  it("reads the header that it writes", () => {
    const bytes = new Uint8Array(10);
    assert.equal(writePacketHeader(bytes, 3, 65_535, 9001), 7);
    assert.equal(readPacketSize(bytes, 3), 65_535);
    assert.equal(readPacketType(bytes, 3), 9001);
    assert.deepEqual([...bytes], [0, 0, 0, 0xff, 0xff, 0x29, 0x23, 0, 0, 0]);
  });
});
