import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { RoomId } from "../../src/chat/names.ts";
import { type NewMessage, type Store, StoreError, type StoreErrorCode } from "../../src/chat/store/store.ts";

/** One kind of store under test, with a medium of its own that is empty at first. */
export interface StoreHarness {
  /** Opens a store on the medium: the same one each time. */
  open(options?: { readonly queueLimit?: number }): Promise<Store>;
  /** Throws the medium away; every store is closed by then. */
  discard(): Promise<void>;
}

const NOW_MS = 1_700_000_000_000;

/** A message; `serial` makes its client message id and its text. */
export function messageOf(roomId: RoomId, serial: number, change: Partial<NewMessage> = {}): NewMessage {
  return {
    roomId,
    senderId: 7,
    senderName: "Seven",
    clientMessageId: `id-${serial}`,
    text: `text ${serial}`,
    timeMs: NOW_MS + serial,
    ...change,
  };
}

/** For assert.rejects: a StoreError with this code. */
export function withCode(code: StoreErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.code === code;
}

/** Whole numbers from `first` to `last`. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

/** What every store must do, whatever it is made of. */
export function describeStore(name: string, makeHarness: () => Promise<StoreHarness>): void {
  describe(`store contract: ${name}`, () => {
    let harness: StoreHarness;
    let store: Store;

    beforeEach(async () => {
      harness = await makeHarness();
      store = await harness.open();
    });

    afterEach(async () => {
      await store.close();
      await harness.discard();
    });

    async function reopen(): Promise<void> {
      await store.close();
      store = await harness.open();
    }

    async function openRoom(roomName = "room"): Promise<RoomId> {
      const room = await store.openRoom(roomName, "logged", NOW_MS);
      return room.id;
    }

    async function offsetsAfter(roomId: RoomId, after: number, limit: number): Promise<number[]> {
      const messages = await store.historyAfter(roomId, after, limit);
      return messages.map((message) => message.offset);
    }

    async function offsetsBefore(roomId: RoomId, before: number, limit: number): Promise<number[]> {
      const messages = await store.historyBefore(roomId, before, limit);
      return messages.map((message) => message.offset);
    }

    describe("accounts", () => {
      const account = { name: "Ada", nameKey: "ada", passwordHash: "$argon2id$…", nowMs: NOW_MS };

      it("makes one and finds it", async () => {
        const made = await store.createAccount(account);
        assert.ok(made.created);
        assert.ok(made.id > 0);
        const { name: accountName, nameKey, passwordHash } = account;
        assert.deepEqual(await store.findAccount("ada"), {
          id: made.id,
          name: accountName,
          nameKey,
          passwordHash,
        });
        assert.equal(await store.findAccount("Ada"), undefined);
        assert.equal(await store.findAccount(""), undefined);
      });

      it("makes exactly one of many asked for at once with one name key", async () => {
        const asked = range(1, 20).map((n) => store.createAccount({ ...account, name: `Ada${n}` }));
        const made = await Promise.all(asked);
        assert.equal(made.filter((each) => each.created).length, 1);
        const kept = made.findIndex((each) => each.created);
        const found = await store.findAccount("ada");
        assert.equal(found?.name, `Ada${kept + 1}`);
      });

      it("keeps them over reopening, and gives no id twice", async () => {
        const ada = await store.createAccount(account);
        await reopen();
        assert.deepEqual(await store.createAccount(account), { created: false });
        const bob = await store.createAccount({ ...account, name: "Bob", nameKey: "bob" });
        assert.ok(ada.created && bob.created && ada.id !== bob.id);
        assert.equal((await store.findAccount("ada"))?.id, ada.id);
      });
    });

    describe("rooms", () => {
      it("makes a room once, and keeps its kind and epoch", async () => {
        const made = await store.openRoom("general", "logged", NOW_MS);
        assert.equal(made.name, "general");
        assert.equal(made.kind, "logged");
        assert.ok(made.epoch.length > 0);
        assert.deepEqual([made.firstOffset, made.lastOffset], [0, 0]);
        assert.deepEqual(await store.openRoom("general", "direct", NOW_MS + 1), made);
        assert.deepEqual(await store.findRoom("general"), made);
        await reopen();
        assert.deepEqual(await store.openRoom("general", "direct", NOW_MS + 2), made);
      });

      it("finds no room that was not made", async () => {
        assert.equal(await store.findRoom("nowhere"), undefined);
        assert.equal(await store.findRoom("nowhere"), undefined);
      });

      it("makes one of many asked for at once, and different ones for different names", async () => {
        const same = await Promise.all(range(1, 10).map(() => store.openRoom("same", "direct", NOW_MS)));
        assert.equal(new Set(same.map((room) => room.id)).size, 1);
        assert.equal(new Set(same.map((room) => room.epoch)).size, 1);
        const names = range(1, 10).map((n) => `room ${n}`);
        const rooms = await Promise.all(names.map((each) => store.openRoom(each, "logged", NOW_MS)));
        assert.equal(new Set(rooms.map((room) => room.id)).size, 10);
      });

      it("says which offsets it has", async () => {
        const id = await openRoom();
        await store.append([messageOf(id, 1), messageOf(id, 2)]);
        const room = await store.findRoom("room");
        assert.deepEqual([room?.firstOffset, room?.lastOffset], [1, 2]);
      });
    });

    describe("append", () => {
      it("counts offsets from 1, in order, and answers each message", async () => {
        const id = await openRoom();
        assert.deepEqual(await store.append([messageOf(id, 1), messageOf(id, 2)]), [
          { offset: 1, timeMs: NOW_MS + 1, duplicate: false },
          { offset: 2, timeMs: NOW_MS + 2, duplicate: false },
        ]);
        assert.deepEqual(await store.append([]), []);
        assert.deepEqual(await store.append([messageOf(id, 3)]), [
          { offset: 3, timeMs: NOW_MS + 3, duplicate: false },
        ]);
      });

      it("keeps a text as it is", async () => {
        const id = await openRoom();
        const texts = [
          "",
          "한글과 漢字",
          "🦊 \u{1F468}\u200D\u{1F469}",
          "a\0b",
          "'); DROP TABLE messages; --",
          "x".repeat(16_000),
        ];
        await store.append(
          texts.map((text, serial) => messageOf(id, serial, { text, senderName: `이름 ${serial}` })),
        );
        const kept = await store.historyAfter(id, 0, 100);
        assert.deepEqual(
          kept.map((message) => message.text),
          texts,
        );
        assert.equal(kept[1]?.senderName, "이름 1");
      });

      it("gives 10,000 messages over 16 rooms contiguous offsets, in the order asked for", async () => {
        const rooms = await Promise.all(range(1, 16).map((n) => openRoom(`room ${n}`)));
        const asked = range(0, 9_999).map((serial) => {
          const id = rooms[serial % rooms.length] ?? 0;
          return store.append([messageOf(id, serial, { senderId: serial % 50 })]);
        });
        const answers = await Promise.all(asked);
        for (const [serial, answer] of answers.entries()) {
          assert.deepEqual(answer, [
            { offset: Math.floor(serial / 16) + 1, timeMs: NOW_MS + serial, duplicate: false },
          ]);
        }
        for (const id of rooms) assert.deepEqual(await offsetsAfter(id, 0, 1000), range(1, 625));
      });

      it("finds duplicates within a call, within a batch and in the log", async () => {
        const id = await openRoom();
        const within = await store.append([
          messageOf(id, 1),
          messageOf(id, 1, { text: "other", timeMs: NOW_MS + 99 }),
        ]);
        const first = { offset: 1, timeMs: NOW_MS + 1 };
        assert.deepEqual(within, [
          { ...first, duplicate: false },
          { ...first, duplicate: true },
        ]);
        const together = await Promise.all([
          store.append([messageOf(id, 2)]),
          store.append([messageOf(id, 2, { timeMs: NOW_MS + 99 }), messageOf(id, 3)]),
          store.append([messageOf(id, 1)]),
        ]);
        assert.deepEqual(together, [
          [{ offset: 2, timeMs: NOW_MS + 2, duplicate: false }],
          [
            { offset: 2, timeMs: NOW_MS + 2, duplicate: true },
            { offset: 3, timeMs: NOW_MS + 3, duplicate: false },
          ],
          [{ ...first, duplicate: true }],
        ]);
        assert.deepEqual(await offsetsAfter(id, 0, 10), [1, 2, 3]);
        assert.equal((await store.historyAfter(id, 0, 1))[0]?.text, "text 1");
      });

      it("takes the same id from another sender or in another room as another message", async () => {
        const [one, two] = [await openRoom("one"), await openRoom("two")];
        const answers = await store.append([
          messageOf(one, 1),
          messageOf(one, 1, { senderId: 8 }),
          messageOf(one, 1, { senderId: -8 }),
          messageOf(two, 1),
        ]);
        assert.deepEqual(
          answers.map((answer) => [answer.offset, answer.duplicate]),
          [
            [1, false],
            [2, false],
            [3, false],
            [1, false],
          ],
        );
      });

      it("goes on after reopening: messages, offsets and duplicates", async () => {
        const id = await openRoom();
        await store.append(range(1, 100).map((serial) => messageOf(id, serial)));
        await reopen();
        assert.equal((await store.findRoom("room"))?.lastOffset, 100);
        assert.deepEqual(await offsetsAfter(id, 0, 1000), range(1, 100));
        assert.deepEqual(await store.append([messageOf(id, 50, { timeMs: 1 }), messageOf(id, 101)]), [
          { offset: 50, timeMs: NOW_MS + 50, duplicate: true },
          { offset: 101, timeMs: NOW_MS + 101, duplicate: false },
        ]);
      });

      it("refuses a call that names a room which does not exist, and only that call", async () => {
        const id = await openRoom();
        const [good, bad, after] = await Promise.allSettled([
          store.append([messageOf(id, 1)]),
          store.append([messageOf(id, 2), messageOf(12_345, 1)]),
          store.append([messageOf(id, 3)]),
        ]);
        assert.equal(good.status, "fulfilled");
        assert.ok(bad.status === "rejected" && withCode("WRITE_FAILED")(bad.reason));
        assert.ok(after.status === "fulfilled");
        assert.deepEqual(
          (await store.historyAfter(id, 0, 10)).map((message) => message.text),
          ["text 1", "text 3"],
        );
      });

      it("refuses more than its queue takes, and takes again when it has emptied", async () => {
        await store.close();
        store = await harness.open({ queueLimit: 10 });
        const id = await openRoom();
        const asked = range(1, 25).map((serial) => store.append([messageOf(id, serial)]));
        const answers = await Promise.allSettled(asked);
        assert.deepEqual(
          answers.map((answer) => answer.status),
          range(1, 25).map((serial) => (serial <= 10 ? "fulfilled" : "rejected")),
        );
        for (const answer of answers) {
          if (answer.status === "rejected") assert.ok(withCode("STORE_BUSY")(answer.reason));
        }
        const [next] = await store.append([messageOf(id, 11)]);
        assert.equal(next?.offset, 11);
        await assert.rejects(
          store.append(range(20, 40).map((serial) => messageOf(id, serial))),
          withCode("STORE_BUSY"),
        );
      });
    });

    describe("history", () => {
      it("reads both ways, oldest first, within its limits", async () => {
        const id = await openRoom();
        await store.append(range(1, 20).map((serial) => messageOf(id, serial)));
        assert.deepEqual(await offsetsAfter(id, 0, 3), [1, 2, 3]);
        assert.deepEqual(await offsetsAfter(id, 17, 100), [18, 19, 20]);
        assert.deepEqual(await offsetsAfter(id, 20, 100), []);
        assert.deepEqual(await offsetsAfter(id, 1000, 100), []);
        assert.deepEqual(await offsetsAfter(id, 5, 0), []);
        assert.deepEqual(await offsetsBefore(id, 0, 3), [18, 19, 20]);
        assert.deepEqual(await offsetsBefore(id, 5, 3), [2, 3, 4]);
        assert.deepEqual(await offsetsBefore(id, 3, 100), [1, 2]);
        assert.deepEqual(await offsetsBefore(id, 1, 100), []);
        assert.deepEqual(await offsetsBefore(id, 1000, 2), [19, 20]);
        assert.deepEqual(await offsetsBefore(id, 0, 0), []);
        assert.deepEqual(await store.historyAfter(id, 6, 1), [
          { offset: 7, senderName: "Seven", text: "text 7", timeMs: NOW_MS + 7 },
        ]);
      });

      it("keeps rooms apart, and has nothing for an empty or unknown one", async () => {
        const [one, two] = [await openRoom("one"), await openRoom("two")];
        await store.append([messageOf(one, 1)]);
        assert.deepEqual(await store.historyAfter(two, 0, 10), []);
        assert.deepEqual(await store.historyBefore(12_345, 0, 10), []);
      });

      it("sees what was appended, as soon as that is acknowledged", async () => {
        const id = await openRoom();
        await Promise.all(
          range(1, 50).map(async (serial) => {
            const [appended] = await store.append([messageOf(id, serial)]);
            assert.ok(appended !== undefined);
            const [read] = await store.historyAfter(id, appended.offset - 1, 1);
            assert.equal(read?.text, `text ${serial}`);
          }),
        );
      });
    });

    describe("close", () => {
      it("does everything that was asked for, and nothing after", async () => {
        const id = await openRoom();
        const asked = range(1, 500).map((serial) => store.append([messageOf(id, serial)]));
        const found = store.findRoom("room");
        const closed = store.close();
        await assert.rejects(store.append([messageOf(id, 501)]), withCode("STORE_CLOSED"));
        await assert.rejects(store.findRoom("room"), withCode("STORE_CLOSED"));
        await assert.rejects(store.historyAfter(id, 0, 1), withCode("STORE_CLOSED"));
        await Promise.all(asked);
        assert.ok((await found) !== undefined);
        await closed;
        await store.close();
        store = await harness.open();
        assert.equal((await store.findRoom("room"))?.lastOffset, 500);
      });

      it("lets no other have the medium meanwhile", async () => {
        await assert.rejects(harness.open(), withCode("STORE_LOCKED"));
        assert.equal(await store.findRoom("room"), undefined);
      });
    });
  });
}
