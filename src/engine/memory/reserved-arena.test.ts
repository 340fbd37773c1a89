import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Errno, PortError } from "../port-error.ts";
import { ArenaExhaustedError } from "./arena.ts";
import { MappedMemory } from "./mapped-memory.ts";
import { ReservedArena } from "./reserved-arena.ts";

const ADDRESS = 0x7000_0000_0000;

/** A range in ordinary memory, which says that it is at ADDRESS. */
class FakeMapping extends MappedMemory {
  readonly happened: string[] = [];
  /** The commit that finds no memory. */
  failsAt = -1;

  constructor(byteCount: number) {
    super(ADDRESS, byteCount);
  }

  commit(offset: number, byteCount: number): void {
    if (offset === this.failsAt) throw new PortError("commit", Errno.ENOMEM);
    this.happened.push(`commit ${offset} ${byteCount}`);
  }

  protected override viewAt(address: number, byteCount: number): ArrayBuffer {
    this.happened.push(`view ${address - ADDRESS} ${byteCount}`);
    return new ArrayBuffer(byteCount);
  }

  protected override unmap(): void {
    this.happened.push("unmap");
  }
}

function newArena(limitBytes: number): { arena: ReservedArena; memory: FakeMapping } {
  const memory = new FakeMapping(limitBytes);
  return { arena: new ReservedArena(() => memory, limitBytes), memory };
}

describe("ReservedArena", () => {
  it("commits each block before anybody sees it, one behind the other", () => {
    const { arena, memory } = newArena(16_384);
    const first = arena.allocate(4096);
    const second = arena.allocate(8192);
    assert.deepEqual([first.address, second.address], [ADDRESS, ADDRESS + 4096]);
    assert.deepEqual([first.bytes.byteLength, second.bytes.byteLength], [4096, 8192]);
    assert.equal(arena.allocatedBytes, 12_288);
    assert.deepEqual(memory.happened, ["commit 0 4096", "view 0 4096", "commit 4096 8192", "view 4096 8192"]);
  });

  it("is exhausted at its limit, and where the machine has no memory", () => {
    const { arena, memory } = newArena(8192);
    assert.throws(() => arena.allocate(12_288), ArenaExhaustedError);
    memory.failsAt = 0;
    assert.throws(() => arena.allocate(4096), ArenaExhaustedError);
    assert.equal(arena.allocatedBytes, 0, "what was refused is not counted");
    memory.failsAt = -1;
    arena.allocate(8192);
    assert.throws(() => arena.allocate(4096), ArenaExhaustedError);
  });

  it("needs no commit where pages come by themselves", () => {
    const range = {
      address: ADDRESS,
      view: (_: number, count: number) => new ArrayBuffer(count),
      release() {},
    };
    const arena = new ReservedArena(() => range, 4096);
    assert.equal(arena.allocate(4096).address, ADDRESS);
  });
});

describe("MappedMemory", () => {
  it("detaches every view before the memory goes back, once", () => {
    const memory = new FakeMapping(8192);
    const whole = new Uint8Array(memory.view());
    const rest = new Uint8Array(memory.view(4096));
    assert.deepEqual([whole.byteLength, rest.byteLength], [8192, 4096]);
    memory.release();
    memory.release();
    assert.deepEqual([whole.byteLength, rest.byteLength], [0, 0]);
    assert.equal(whole[0], undefined);
    assert.deepEqual(memory.happened, ["view 0 8192", "view 4096 4096", "unmap"]);
  });
});
