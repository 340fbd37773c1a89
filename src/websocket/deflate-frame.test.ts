import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { ServerFrames } from "../../test/support/websocket-frames.ts";
import { ArenaExhaustedError, CHUNK_BYTES, SendBufferPool } from "../engine/index.ts";
import { HeapArena } from "../engine/memory/arena.ts";
import { deflateFrame, type FramedRange, releaseRanges } from "./deflate-frame.ts";
import { deflateSettings } from "./deflate-settings.ts";
import { Opcode } from "./frame-header.ts";
import { inflateMessage } from "./message-deflate.ts";

function only(ranges: readonly FramedRange[]) {
  const bytes = Buffer.concat(ranges.map(({ chunk, start, end }) => chunk.bytes.subarray(start, end)));
  const frames = new ServerFrames().add(bytes);
  assert.equal(frames.length, 1);
  const [frame] = frames;
  assert.ok(frame?.fin);
  const { rsv, payload, opcode } = frame;
  const plain = rsv === 4 ? inflateMessage(payload, 0, payload.length, 10_000_000) : payload;
  assert.ok(typeof plain !== "number");
  return { opcode, rsv, plain: Buffer.from(plain) };
}

function assertAtRest(pool: SendBufferPool): void {
  pool.trim();
  assert.equal(pool.usedCount, 0, "every chunk is free");
}

describe("deflateFrame", () => {
  it("makes one frame of several pieces", () => {
    const pool = new SendBufferPool(new HeapArena(1 << 20));
    const pieces = [Buffer.from("first ".repeat(100)), Buffer.from("second ".repeat(100))];
    const ranges = deflateFrame(pool, pieces, Opcode.BINARY);
    assert.equal(ranges.length, 1);
    assert.deepEqual(only(ranges), { opcode: 2, rsv: 4, plain: Buffer.concat(pieces) });
    releaseRanges(ranges);
    assertAtRest(pool);
  });

  it("leaves alone what is short or does not become smaller", () => {
    const pool = new SendBufferPool(new HeapArena(1 << 20));
    for (const plain of [Buffer.alloc(0), Buffer.alloc(255), randomBytes(5000)]) {
      const ranges = deflateFrame(pool, [plain], Opcode.TEXT);
      assert.deepEqual(only(ranges), { opcode: 1, rsv: 0, plain });
      releaseRanges(ranges);
    }
    const ranges = deflateFrame(
      pool,
      [Buffer.alloc(255)],
      Opcode.TEXT,
      deflateSettings({ thresholdBytes: 100 }),
    );
    assert.equal(only(ranges).rsv, 4);
    releaseRanges(ranges);
    assertAtRest(pool);
  });

  it("takes several chunks for a long frame, none of which is written again before it is released", () => {
    const pool = new SendBufferPool(new HeapArena(1 << 20));
    const plain = randomBytes(CHUNK_BYTES * 2 + 100);
    const ranges = deflateFrame(pool, [plain.subarray(0, 1000), plain.subarray(1000)], Opcode.BINARY);
    assert.ok(ranges.length >= 3);
    const other = deflateFrame(
      pool,
      [Buffer.alloc(CHUNK_BYTES * 2, 1)],
      Opcode.BINARY,
      deflateSettings({ thresholdBytes: 1e9 }),
    );
    assert.deepEqual(only(ranges), { opcode: 2, rsv: 0, plain });
    releaseRanges(ranges);
    releaseRanges(other);
    assertAtRest(pool);
  });

  it("holds nothing when the arena is exhausted", () => {
    const pool = new SendBufferPool(new HeapArena(CHUNK_BYTES * 4));
    assert.throws(
      () => deflateFrame(pool, [randomBytes(CHUNK_BYTES * 6)], Opcode.BINARY),
      ArenaExhaustedError,
    );
    assertAtRest(pool);
    const ranges = deflateFrame(pool, [Buffer.alloc(1000)], Opcode.BINARY);
    assert.equal(only(ranges).rsv, 4);
    releaseRanges(ranges);
    assertAtRest(pool);
  });
});
