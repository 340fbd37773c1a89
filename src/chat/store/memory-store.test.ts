import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { messageOf, range, withCode } from "../../../test/conformance/store-fixtures.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { MemoryStore } from "./memory-store.ts";

/** A disk that works when told to. */
class HandDisk {
  readonly #actions: (() => void)[] = [];

  readonly defer = (action: () => void): void => {
    this.#actions.push(action);
  };

  get actionCount(): number {
    return this.#actions.length;
  }

  /** Does the oldest action, and what promises do because of it. */
  async step(): Promise<void> {
    this.#actions.shift()?.();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  async drain(): Promise<void> {
    while (this.#actions.length > 0) await this.step();
  }
}

async function openOnHandDisk() {
  const hand = new HandDisk();
  const store = new MemoryStore({ defer: hand.defer });
  const opening = store.ask("openRoom", { name: "room", kind: "logged", members: [], nowMs: 1 });
  await hand.drain();
  const { id } = await opening;
  return { hand, store, id };
}

/** Says how a promise ended, if it did. */
function watch(promise: Promise<unknown>): () => "waiting" | "resolved" | "rejected" {
  let state: "waiting" | "resolved" | "rejected" = "waiting";
  void promise.then(
    () => (state = "resolved"),
    () => (state = "rejected"),
  );
  return () => state;
}

describe("MemoryStore", () => {
  it("commits as one group what is asked for while a transaction runs", async () => {
    const { hand, store, id } = await openOnHandDisk();
    const first = watch(store.append([messageOf(id, 1)]));
    await hand.step();
    const rest = range(2, 9).map((serial) => watch(store.append([messageOf(id, serial)])));
    assert.equal(hand.actionCount, 1, "the answer of the first transaction");
    await hand.step();
    assert.equal(first(), "resolved");
    assert.deepEqual(new Set(rest.map((state) => state())), new Set(["waiting"]));
    assert.equal(hand.actionCount, 1, "one transaction for all of them");
    await hand.step();
    await hand.step();
    assert.deepEqual(new Set(rest.map((state) => state())), new Set(["resolved"]));
    assert.equal(hand.actionCount, 0);
  });

  it("leaves on the disk what was committed, answered or not, and nothing else", async () => {
    const { hand, store, id } = await openOnHandDisk();
    const states = range(1, 3).map((serial) => watch(store.append([messageOf(id, serial)])));
    const before = store.snapshotDurable();
    await hand.step();
    const late = watch(store.append([messageOf(id, 4)]));
    store.crash();
    await hand.drain();
    assert.deepEqual(
      [...states, late].map((state) => state()),
      Array(4).fill("waiting"),
    );

    assert.deepEqual(before.log(id), []);
    const after = new MemoryStore({ disk: store.disk });
    assert.equal((await after.ask("findRoom", { name: "room" }))?.lastOffset, 3);
    const again = await after.append([messageOf(id, 2, { timeMs: 1 }), messageOf(id, 4)]);
    assert.deepEqual(
      again.map(({ offset, duplicate }) => [offset, duplicate]),
      [
        [2, true],
        [4, false],
      ],
    );
    assert.equal(watch(store.ask("findRoom", { name: "room" }))(), "waiting", "nobody is there to answer");
  });

  it("fails as it is told to", async () => {
    const store = new MemoryStore();
    const { id } = await store.ask("openRoom", { name: "room", kind: "logged", members: [], nowMs: 1 });
    store.failNextAppend();
    const group = await Promise.allSettled([
      store.append([messageOf(id, 1)]),
      store.append([messageOf(id, 2)]),
    ]);
    assert.deepEqual(
      group.map((each) => each.status),
      ["rejected", "rejected"],
    );
    await assert.rejects(
      Promise.resolve(group[0]?.status === "rejected" && Promise.reject(group[0].reason)),
      withCode("WRITE_FAILED"),
    );
    assert.deepEqual(store.disk.log(id), []);

    store.failNextAppend("diesBeforeCommit");
    await assert.rejects(store.append([messageOf(id, 1)]), withCode("UNKNOWN_OUTCOME"));
    assert.deepEqual(store.disk.log(id), []);

    store.failNextAppend("diesAfterCommit");
    await assert.rejects(store.append([messageOf(id, 1)]), withCode("UNKNOWN_OUTCOME"));
    assert.equal(store.disk.log(id).length, 1);
    const [again] = await store.append([messageOf(id, 1)]);
    assert.deepEqual([again?.offset, again?.duplicate], [1, true]);
  });

  it("goes the same way each time", async () => {
    const runs = await Promise.all(
      range(1, 2).map(async () => {
        const disk = new MemoryDisk();
        const store = new MemoryStore({ disk });
        const rooms = await Promise.all(
          ["x", "y"].map((name) =>
            store.ask("openRoom", { name: name, kind: "logged", members: [], nowMs: 1 }),
          ),
        );
        await Promise.all(
          range(1, 100).map((serial) => store.append([messageOf(rooms[serial % 2]?.id ?? 0, serial)])),
        );
        return rooms.map((room) => [room, disk.log(room.id)]);
      }),
    );
    assert.deepEqual(runs[0], runs[1]);
  });
});
