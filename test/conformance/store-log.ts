import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RoomId } from "../../src/chat/names.ts";
import { messageOf, NOW_MS, openRoom, range, type StoreFixture, withCode } from "./store-fixtures.ts";

/** Appending texts, and reading them again. */
export function describeLog(fixture: StoreFixture): void {
  async function offsetsAfter(roomId: RoomId, after: number, limit: number): Promise<number[]> {
    const messages = await fixture.store.ask("historyAfter", { roomId, after, limit, userId: 0 });
    return messages.map((message) => message.offset);
  }

  async function offsetsBefore(roomId: RoomId, before: number, limit: number): Promise<number[]> {
    const messages = await fixture.store.ask("historyBefore", { roomId, before, limit, userId: 0 });
    return messages.map((message) => message.offset);
  }

  describe("append", () => {
    it("counts offsets from 1, in order, and answers each message", async () => {
      const id = await openRoom(fixture.store);
      assert.deepEqual(await fixture.store.append([messageOf(id, 1), messageOf(id, 2)]), [
        { offset: 1, timeMs: NOW_MS + 1, duplicate: false },
        { offset: 2, timeMs: NOW_MS + 2, duplicate: false },
      ]);
      assert.deepEqual(await fixture.store.append([]), []);
      assert.deepEqual(await fixture.store.append([messageOf(id, 3)]), [
        { offset: 3, timeMs: NOW_MS + 3, duplicate: false },
      ]);
    });

    it("keeps a text as it is", async () => {
      const id = await openRoom(fixture.store);
      const texts = [
        "",
        "한글과 漢字",
        "🦊 \u{1F468}\u200D\u{1F469}",
        "a\0b",
        "'); DROP TABLE messages; --",
        "x".repeat(16_000),
      ];
      await fixture.store.append(
        texts.map((text, serial) => messageOf(id, serial, { text, senderName: `이름 ${serial}` })),
      );
      const kept = await fixture.store.ask("historyAfter", { roomId: id, after: 0, limit: 100, userId: 0 });
      assert.deepEqual(
        kept.map((message) => message.text),
        texts,
      );
      assert.equal(kept[1]?.senderName, "이름 1");
    });

    it("gives 10,000 messages over 16 rooms contiguous offsets, in the order asked for", async () => {
      const rooms = await Promise.all(range(1, 16).map((n) => openRoom(fixture.store, `room ${n}`)));
      const asked = range(0, 9_999).map((serial) => {
        const id = rooms[serial % rooms.length] ?? 0;
        return fixture.store.append([messageOf(id, serial, { senderId: -1 - (serial % 50) })]);
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
      const id = await openRoom(fixture.store);
      const within = await fixture.store.append([
        messageOf(id, 1),
        messageOf(id, 1, { text: "other", timeMs: NOW_MS + 99 }),
      ]);
      const first = { offset: 1, timeMs: NOW_MS + 1 };
      assert.deepEqual(within, [
        { ...first, duplicate: false },
        { ...first, duplicate: true },
      ]);
      const together = await Promise.all([
        fixture.store.append([messageOf(id, 2)]),
        fixture.store.append([messageOf(id, 2, { timeMs: NOW_MS + 99 }), messageOf(id, 3)]),
        fixture.store.append([messageOf(id, 1)]),
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
      assert.equal(
        (await fixture.store.ask("historyAfter", { roomId: id, after: 0, limit: 1, userId: 0 }))[0]?.text,
        "text 1",
      );
    });

    it("takes the same id from another sender or in another room as another message", async () => {
      const [one, two] = [await openRoom(fixture.store, "one"), await openRoom(fixture.store, "two")];
      const answers = await fixture.store.append([
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
      const id = await openRoom(fixture.store);
      await fixture.store.append(range(1, 100).map((serial) => messageOf(id, serial)));
      await fixture.reopen();
      assert.equal((await fixture.store.ask("findRoom", { name: "room" }))?.lastOffset, 100);
      assert.deepEqual(await offsetsAfter(id, 0, 1000), range(1, 100));
      assert.deepEqual(await fixture.store.append([messageOf(id, 50, { timeMs: 1 }), messageOf(id, 101)]), [
        { offset: 50, timeMs: NOW_MS + 50, duplicate: true },
        { offset: 101, timeMs: NOW_MS + 101, duplicate: false },
      ]);
    });

    it("refuses a message to a room which does not exist, and only that", async () => {
      const id = await openRoom(fixture.store);
      const [both, after] = await Promise.all([
        fixture.store.append([messageOf(12_345, 1), messageOf(id, 2)]),
        fixture.store.append([messageOf(id, 3), messageOf(12_345, 4, { kind: "delete", target: 1 })]),
      ]);
      const refused = { offset: 0, duplicate: false, refused: "NO_TARGET" };
      assert.deepEqual(both, [
        { ...refused, timeMs: NOW_MS + 1 },
        { offset: 1, timeMs: NOW_MS + 2, duplicate: false },
      ]);
      assert.deepEqual(after, [
        { offset: 2, timeMs: NOW_MS + 3, duplicate: false },
        { ...refused, timeMs: NOW_MS + 4 },
      ]);
    });

    it("refuses more than its queue takes, and takes again when it has emptied", async () => {
      await fixture.reopen({ queueLimit: 10 });
      const id = await openRoom(fixture.store);
      const asked = range(1, 25).map((serial) => fixture.store.append([messageOf(id, serial)]));
      const answers = await Promise.allSettled(asked);
      assert.deepEqual(
        answers.map((answer) => answer.status),
        range(1, 25).map((serial) => (serial <= 10 ? "fulfilled" : "rejected")),
      );
      for (const answer of answers) {
        if (answer.status === "rejected") assert.ok(withCode("STORE_BUSY")(answer.reason));
      }
      const [next] = await fixture.store.append([messageOf(id, 11)]);
      assert.equal(next?.offset, 11);
      await assert.rejects(
        fixture.store.append(range(20, 40).map((serial) => messageOf(id, serial))),
        withCode("STORE_BUSY"),
      );
    });
  });

  describe("history", () => {
    it("takes no limit below 0, which would be none", async () => {
      const id = await openRoom(fixture.store);
      for (const limit of [-1, 0.5, Number.NaN]) {
        await assert.rejects(offsetsAfter(id, 0, limit), RangeError);
      }
    });

    it("reads both ways, oldest first, within its limits", async () => {
      const id = await openRoom(fixture.store);
      await fixture.store.append(range(1, 20).map((serial) => messageOf(id, serial)));
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
      assert.deepEqual(
        await fixture.store.ask("historyAfter", { roomId: id, after: 6, limit: 1, userId: 0 }),
        [
          {
            offset: 7,
            senderId: -7,
            senderName: "Seven",
            text: "text 7",
            timeMs: NOW_MS + 7,
            kind: "text",
            target: 0,
            replyTo: 0,
            editedMs: 0,
            deleted: false,
            reactions: [],
            changedOffset: 0,
          },
        ],
      );
    });

    it("keeps rooms apart, and has nothing for an empty or unknown one", async () => {
      const [one, two] = [await openRoom(fixture.store, "one"), await openRoom(fixture.store, "two")];
      await fixture.store.append([messageOf(one, 1)]);
      assert.deepEqual(
        await fixture.store.ask("historyAfter", { roomId: two, after: 0, limit: 10, userId: 0 }),
        [],
      );
      assert.deepEqual(
        await fixture.store.ask("historyBefore", { roomId: 12_345, before: 0, limit: 10, userId: 0 }),
        [],
      );
    });

    it("sees what was appended, as soon as that is acknowledged", async () => {
      const id = await openRoom(fixture.store);
      await Promise.all(
        range(1, 50).map(async (serial) => {
          const [appended] = await fixture.store.append([messageOf(id, serial)]);
          assert.ok(appended !== undefined);
          const [read] = await fixture.store.ask("historyAfter", {
            roomId: id,
            after: appended.offset - 1,
            limit: 1,
            userId: 0,
          });
          assert.equal(read?.text, `text ${serial}`);
        }),
      );
    });
  });
}
