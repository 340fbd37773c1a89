import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { arbitraryMessage, libraryBytes } from "../../test/support/arbitrary-packet.ts";
import { ArenaExhaustedError, HeapArena } from "../engine/memory/arena.ts";
import { CHUNK_BYTES, SendBufferPool } from "../engine/memory/send-buffer-pool.ts";
import { SendQueue } from "../engine/send-queue.ts";
import { PacketType } from "./codes.ts";
import { decodeClientPacket, decodeServerPacket } from "./packet-decoder.ts";
import {
  encodePacketBytes,
  PacketEncoder,
  type PacketRange,
  packetSize,
  PacketTooLargeError,
} from "./packet-encoder.ts";
import { readPacketSize } from "./packet-framer.ts";
import { findPacket, isSentBy, type KnownPacketType, type PacketInit, PACKETS } from "./packets.ts";

function newPool(limitBytes = 1 << 22): SendBufferPool {
  return new SendBufferPool(new HeapArena(limitBytes));
}

function bytesOf({ chunk, start, end }: PacketRange): Uint8Array {
  return new Uint8Array(chunk.bytes.subarray(start, end));
}

function tooLarge(act: () => unknown): PacketTooLargeError {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof PacketTooLargeError);
    assert.equal(error.code, "PACKET_TOO_LARGE");
    return error;
  }
  return assert.fail("nothing was thrown");
}

function sameAs(hot: PacketRange, type: KnownPacketType, init: object): void {
  assert.deepEqual(bytesOf(hot), encodePacketBytes(type, init));
}

/** The same with numbers in the place of bigints, where they are exact. */
function withNumbers(value: unknown): unknown {
  if (typeof value === "bigint") {
    return Number.isSafeInteger(Number(value)) && BigInt(Number(value)) === value ? Number(value) : value;
  }
  if (Array.isArray(value)) return value.map(withNumbers);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withNumbers(inner)]));
}

const responseTypes = [
  PacketType.PUBLISH_RESPONSE,
  PacketType.EDIT_MESSAGE_RESPONSE,
  PacketType.DELETE_MESSAGE_RESPONSE,
  PacketType.REACT_RESPONSE,
] as const;

describe("packet encoder", () => {
  for (const packet of PACKETS) {
    it(`writes ${PacketType[packet.type]} byte for byte as the library does`, () => {
      const pool = newPool();
      const encoder = new PacketEncoder(pool, 65_535);
      fc.assert(
        fc.property(arbitraryMessage(packet.schema), (message) => {
          const expected = libraryBytes(packet, message);
          assert.deepEqual(encodePacketBytes(packet.type, message as object, 65_535), expected);
          assert.equal(packetSize(packet.type, message as object), expected.length);
          assert.deepEqual(bytesOf(encoder.encode(packet.type, message as object)), expected);
          // 64-bit fields may be given as numbers.
          assert.deepEqual(encodePacketBytes(packet.type, withNumbers(message) as object, 65_535), expected);
        }),
      );
    });

    it(`writes ${PacketType[packet.type]} so that it is read as it was`, () => {
      const decode = isSentBy(packet, "client") ? decodeClientPacket : decodeServerPacket;
      fc.assert(
        fc.property(arbitraryMessage(packet.schema), (message) => {
          const bytes = encodePacketBytes(packet.type, message as object, 65_535);
          const decoded = decode(bytes, 0, bytes.length);
          assert.equal(decoded.type, packet.type);
          // The library repairs lone surrogates when it writes, so compare with what it reads itself.
          const expected = fromBinary(packet.schema, toBinary(packet.schema, message));
          assert.deepEqual((decoded as { readonly body?: unknown }).body, expected);
        }),
      );
    });
  }

  it("takes numbers for 64-bit fields, and leaves out what is left out", () => {
    const init: PacketInit<PacketType.LOGIN_RESPONSE> = {
      requestId: 7,
      user: { id: -3, name: "guest" },
      lobby: { roomId: 1, lastOffset: Number.MAX_SAFE_INTEGER },
    };
    const same: PacketInit<PacketType.LOGIN_RESPONSE> = {
      requestId: 7,
      code: 0,
      detail: "",
      user: { id: -3n, name: "guest" },
      lobby: { roomId: 1, name: "", firstOffset: 0n, lastOffset: BigInt(Number.MAX_SAFE_INTEGER) },
    };
    const bytes = encodePacketBytes(PacketType.LOGIN_RESPONSE, init);
    assert.deepEqual(bytes, encodePacketBytes(PacketType.LOGIN_RESPONSE, same));
  });

  it("writes an optional field whenever it is given, its default too, and not when it is left out", () => {
    const bytes = encodePacketBytes(PacketType.UPDATE_ROOM_REQUEST, {
      requestId: 1,
      topic: "",
      access: 0,
      archived: false,
      slowModeMs: 0,
      retentionAgeMs: 0,
      retentionCount: undefined,
    });
    assert.deepEqual([...bytes.subarray(4)], [8, 1, 0x22, 0, 0x28, 0, 0x38, 0, 0x40, 0, 0x50, 0]);
    const packet = decodeClientPacket(bytes, 0, bytes.length);
    assert.ok(packet.type === PacketType.UPDATE_ROOM_REQUEST);
    const { name, topic, access, archived, slowModeMs, retentionAgeMs, retentionCount } = packet.body;
    assert.deepEqual(
      [name, topic, access, archived, slowModeMs, retentionAgeMs, retentionCount],
      [undefined, "", 0, false, 0, 0n, undefined],
    );
  });

  it("refuses values that their field cannot hold, before anything is written", () => {
    const pool = newPool();
    const encoder = new PacketEncoder(pool);
    const wrong: readonly (() => unknown)[] = [
      () => encoder.encode(PacketType.PING, { nonce: -1 }),
      () => encoder.encode(PacketType.PING, { nonce: 0x1_0000_0000 }),
      () => encoder.encode(PacketType.PING, { nonce: 1.5 }),
      () => encoder.encode(PacketType.PUBLISH_RESPONSE, { offset: -1 }),
      () => encoder.encode(PacketType.PUBLISH_RESPONSE, { offset: 2 ** 53 }),
      () => encoder.encode(PacketType.PUBLISH_RESPONSE, { offset: 1n << 64n }),
      () => encoder.encode(PacketType.LOGIN_RESPONSE, { user: { id: 1n << 63n } }),
      () => encoder.encode(PacketType.DISCONNECT, { code: Number("1.5") }),
      () => encoder.encodeMessageNotice(1, Number.NaN, 0, "", ""),
      () => encoder.encodeMessageNotice(1, 1, 1, "", "", 0, -1),
      () => encoder.encodeMessageNotice(1, 1, 1, "", "", 0, 0, 2 ** 53),
      () => encoder.encodeMessageNotice(1, 1, 1, "", "", Number("0.5")),
      () => encoder.encodePublishResponse(PacketType.PUBLISH_RESPONSE, 1, -1, 0),
      () => encoder.encodePublishRequest(2 ** 32, 1, "", ""),
    ];
    for (const act of wrong) assert.throws(act, RangeError);
    const { start } = encoder.encode(PacketType.PING, {});
    assert.equal(start, 0, "the refused packets took no room");
  });

  it("writes the hand-written packets as the general way does", () => {
    const encoder = new PacketEncoder(newPool(), 65_535);
    const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
    const whole = fc.oneof(fc.nat(300), fc.maxSafeNat());
    const text = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constant("x\ud800"));
    fc.assert(
      fc.property(
        uint32,
        uint32,
        whole,
        whole,
        text,
        text,
        fc.nat(5),
        whole,
        whole,
        (requestId, roomId, offset, timeMs, short, long, kind, target, replyTo) => {
          const notice = { roomId, offset, timeMs, sender: short, text: long };
          sameAs(
            encoder.encodeMessageNotice(roomId, offset, timeMs, short, long),
            PacketType.MESSAGE_NOTICE,
            notice,
          );
          sameAs(
            encoder.encodeMessageNotice(roomId, offset, timeMs, short, long, kind, target, replyTo),
            PacketType.MESSAGE_NOTICE,
            { ...notice, kind, target, replyTo },
          );
          for (const type of responseTypes) {
            const response = { requestId, offset, timeMs };
            sameAs(encoder.encodePublishResponse(type, requestId, offset, timeMs), type, response);
          }
          const request = { requestId, roomId, clientMessageId: short, text: long };
          sameAs(
            encoder.encodePublishRequest(requestId, roomId, short, long),
            PacketType.PUBLISH_REQUEST,
            request,
          );
        },
      ),
    );
  });

  it("a u16 size is never truncated above 65,535", () => {
    const encoder = new PacketEncoder(newPool(), 65_535);
    // Header 4, tag 1, length 3: this text makes the packet exactly 65,535 bytes.
    const longest = "x".repeat(65_535 - 8);
    const { chunk, start, end } = encoder.encode(PacketType.ERROR_NOTICE, { detail: longest });
    assert.equal(end - start, 65_535);
    assert.equal(readPacketSize(chunk.bytes, start), 65_535);
    for (const extra of [1, 2, 65_535, 200_000]) {
      const detail = longest + "x".repeat(extra);
      const error = tooLarge(() => encoder.encode(PacketType.ERROR_NOTICE, { detail }));
      assert.equal(error.sizeBytes, 65_535 + extra);
      assert.equal(error.limitBytes, 65_535);
      tooLarge(() => encodePacketBytes(PacketType.ERROR_NOTICE, { detail }, 65_535));
      tooLarge(() => encoder.encodeMessageNotice(1, 1, 1, "a", detail));
      tooLarge(() => encoder.encodePublishRequest(1, 1, "a", detail));
    }
    assert.throws(() => new PacketEncoder(newPool(), 65_536), RangeError);
    assert.throws(() => encodePacketBytes(PacketType.PING, {}, 70_000), RangeError);
  });

  it("keeps to a smaller limit, to the byte", () => {
    const encoder = new PacketEncoder(newPool(), 20);
    encoder.encode(PacketType.ERROR_NOTICE, { detail: "x".repeat(14) });
    const error = tooLarge(() => encoder.encode(PacketType.ERROR_NOTICE, { detail: "x".repeat(15) }));
    assert.equal(error.packetType, PacketType.ERROR_NOTICE);
    assert.equal(error.message, "ERROR_NOTICE: a packet of 21 bytes is above the limit of 20");
  });

  it("lays packets side by side, so that a run of them is one range", () => {
    const pool = newPool();
    const encoder = new PacketEncoder(pool);
    const first = encoder.encodePublishResponse(PacketType.PUBLISH_RESPONSE, 1, 2, 3).start;
    const { chunk } = encoder.encodeMessageNotice(1, 2, 3, "alice", "안녕");
    const { end } = encoder.encode(PacketType.USER_LEFT_NOTICE, { roomId: 1, names: ["bob", "eve"] });
    const queue = new SendQueue();
    queue.push(chunk, first, end);
    assert.equal(queue.pieceCount, 1);
    const expected = Buffer.concat([
      encodePacketBytes(PacketType.PUBLISH_RESPONSE, { requestId: 1, offset: 2, timeMs: 3 }),
      encodePacketBytes(PacketType.MESSAGE_NOTICE, {
        roomId: 1,
        offset: 2,
        timeMs: 3,
        sender: "alice",
        text: "안녕",
      }),
      encodePacketBytes(PacketType.USER_LEFT_NOTICE, { roomId: 1, names: ["bob", "eve"] }),
    ]);
    assert.deepEqual(Buffer.from(chunk.bytes.subarray(first, end)), expected);
    queue.consume(queue.byteCount);
    pool.trim();
    assert.equal(pool.usedCount, 0);
  });

  it("goes on in the next chunk when a packet does not fit, and loses nothing", () => {
    const pool = newPool();
    const encoder = new PacketEncoder(pool);
    const queue = new SendQueue();
    const expected: Uint8Array[] = [];
    for (let index = 0; index < 100; index++) {
      const body = { roomId: 1, offset: index, text: "y".repeat(4000) };
      const { chunk, start, end } = encoder.encode(PacketType.MESSAGE_NOTICE, body);
      assert.ok(end <= CHUNK_BYTES);
      queue.push(chunk, start, end);
      expected.push(encodePacketBytes(PacketType.MESSAGE_NOTICE, body));
    }
    const sent: Uint8Array[] = [];
    for (let piece = 0; piece < queue.pieceCount; piece++) {
      sent.push(queue.chunkAt(piece).bytes.subarray(queue.startAt(piece), queue.endAt(piece)));
    }
    assert.ok(queue.pieceCount > 1 && queue.pieceCount < 10);
    assert.deepEqual(Buffer.concat(sent), Buffer.concat(expected));
  });

  it("a range is sent only after it was serialised", () => {
    const pool = newPool();
    const encoder = new PacketEncoder(pool);
    const queue = new SendQueue();
    const chunk = pool.open(100);
    assert.throws(() => queue.push(chunk, 0, 100), /only written bytes are sent/);
    assert.throws(() => encoder.encode(PacketType.PING, {}), /close the range that is open/);
    pool.close(0);
    const range = encoder.encode(PacketType.PING, { nonce: 1 });
    const { start, end } = range;
    assert.deepEqual([...bytesOf(range)], [6, 0, 0xeb, 3, 8, 1]);
    queue.push(range.chunk, start, end);
    assert.throws(() => queue.push(range.chunk, start, end + 1), /only written bytes are sent/);
  });

  it("passes on that the arena is at its limit, and works again when there is memory", () => {
    const pool = new SendBufferPool(new HeapArena(CHUNK_BYTES), CHUNK_BYTES);
    const encoder = new PacketEncoder(pool, 65_535);
    const big = { detail: "z".repeat(40_000) };
    const { chunk } = encoder.encode(PacketType.ERROR_NOTICE, big);
    chunk.retain();
    assert.throws(() => encoder.encode(PacketType.ERROR_NOTICE, big), ArenaExhaustedError);
    encoder.encode(PacketType.PING, {});
    chunk.release();
  });

  it("has a definition for every packet type of the schema, and no other", () => {
    const numbers = Object.values(PacketType).filter((value) => Number(value) > 0);
    assert.deepEqual(
      PACKETS.map(({ type }) => type),
      numbers,
    );
    assert.equal(findPacket(0), undefined);
    assert.equal(findPacket(PacketType.HELLO)?.schema.name, "Hello");
    // A type number and the message it stands for have the same name.
    for (const { type, schema } of PACKETS) {
      assert.equal(schema.name.toUpperCase(), (PacketType[type] ?? "").replaceAll("_", ""));
    }
  });
});
