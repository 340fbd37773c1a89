import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { HeapArena } from "./memory/arena.ts";
import { CHUNK_BYTES, type SendChunk, SendBufferPool } from "./memory/send-buffer-pool.ts";
import { GATHER_PIECES, SendQueue } from "./send-queue.ts";

function newPool(limitBytes = 1 << 24): SendBufferPool {
  return new SendBufferPool(new HeapArena(limitBytes));
}

function write(pool: SendBufferPool, bytes: Uint8Array): { chunk: SendChunk; start: number; end: number } {
  const chunk = pool.open(bytes.byteLength);
  const start = chunk.writtenBytes;
  chunk.bytes.set(bytes, start);
  pool.close(bytes.byteLength);
  return { chunk, start, end: start + bytes.byteLength };
}

function contents(queue: SendQueue, pieceCount: number): Buffer {
  const parts: Uint8Array[] = [];
  for (let index = 0; index < pieceCount; index++) {
    parts.push(queue.chunkAt(index).bytes.subarray(queue.startAt(index), queue.endAt(index)));
  }
  return Buffer.concat(parts);
}

describe("send queue", () => {
  it("merges neighbours, but never into a piece the kernel has", () => {
    const pool = newPool();
    const queue = new SendQueue();
    const first = write(pool, Buffer.from("ab"));
    const second = write(pool, Buffer.from("cd"));
    const third = write(pool, Buffer.from("ef"));
    queue.push(first.chunk, first.start, first.end);
    queue.push(second.chunk, second.start, second.end);
    assert.equal(queue.pieceCount, 1);
    queue.freeze(1);
    queue.push(third.chunk, third.start, third.end);
    assert.equal(queue.pieceCount, 2);
    queue.consume(4);
    assert.equal(contents(queue, 1).toString(), "ef");
    queue.clear();
    pool.trim();
    assert.equal(pool.usedCount, 0);
  });

  it("sends every byte once and in order, and releases every chunk, whatever the sends take", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.record({ push: fc.uint8Array({ minLength: 1, maxLength: 40 }), gap: fc.boolean() }),
            fc.record({ sent: fc.nat(100) }),
          ),
          { maxLength: 120 },
        ),
        (steps) => {
          const pool = newPool();
          const queue = new SendQueue();
          let expected = Buffer.alloc(0);
          let sent = Buffer.alloc(0);
          for (const step of steps) {
            if ("push" in step) {
              if (step.gap) write(pool, Buffer.from("not for this queue"));
              const range = write(pool, step.push);
              queue.push(range.chunk, range.start, range.end);
              expected = Buffer.concat([expected, step.push]);
            } else if (!queue.isEmpty) {
              const taken = Math.min(queue.pieceCount, GATHER_PIECES);
              queue.freeze(taken);
              const bytes = contents(queue, taken).subarray(0, step.sent);
              sent = Buffer.concat([sent, bytes]);
              queue.consume(bytes.byteLength);
            }
          }
          assert.equal(queue.byteCount, expected.byteLength - sent.byteLength);
          sent = Buffer.concat([sent, contents(queue, queue.pieceCount)]);
          assert.ok(sent.equals(expected));
          queue.clear();
          pool.trim();
          assert.equal(pool.usedCount, 0);
        },
      ),
    );
  });

  it("refuses bytes that were not written", () => {
    const pool = newPool();
    const range = write(pool, Buffer.from("abc"));
    assert.throws(() => new SendQueue().push(range.chunk, range.start, range.end + 1), { code: "ASSERTION" });
  });
});

describe("send-buffer pool", () => {
  it("a range is sent only after it was closed, so uninitialised bytes cannot leave", () => {
    const pool = newPool();
    const chunk = pool.open(100);
    const start = chunk.writtenBytes;
    chunk.bytes.set(Buffer.from("half"), start);
    assert.throws(() => new SendQueue().push(chunk, start, start + 4), { code: "ASSERTION" });
    pool.close(4);
    const queue = new SendQueue();
    queue.push(chunk, start, start + 4);
    assert.throws(() => queue.push(chunk, start + 4, start + 5), { code: "ASSERTION" });
    queue.clear();
  });

  it("gives a chunk back when the last of its references goes, not before", () => {
    const pool = newPool();
    const range = write(pool, Buffer.alloc(CHUNK_BYTES));
    const queues = [new SendQueue(), new SendQueue()];
    for (const queue of queues) queue.push(range.chunk, range.start, range.end);
    pool.trim();
    assert.equal(pool.usedCount, 1);
    queues[0]?.consume(CHUNK_BYTES);
    assert.equal(pool.usedCount, 1);
    queues[1]?.clear();
    assert.equal(pool.usedCount, 0);
    assert.throws(() => range.chunk.release(), { code: "ASSERTION" });
  });

  it("uses the same chunks again and keeps within the arena's limit", () => {
    const pool = newPool(CHUNK_BYTES * 4);
    const queue = new SendQueue();
    for (let round = 0; round < 100; round++) {
      const range = write(pool, Buffer.alloc(40_000));
      queue.push(range.chunk, range.start, range.end);
      queue.consume(40_000);
    }
    assert.equal(pool.chunkCount, 4);
    assert.throws(
      () => {
        for (;;) {
          const range = write(pool, Buffer.alloc(CHUNK_BYTES));
          queue.push(range.chunk, range.start, range.end);
        }
      },
      { code: "ARENA_EXHAUSTED" },
    );
    queue.clear();
    pool.trim();
    assert.equal(pool.usedCount, 0, "and goes on after it was exhausted");
    assert.throws(() => pool.open(CHUNK_BYTES + 1), RangeError);
  });
});
