import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { NewMessage } from "../../src/chat/store/store.ts";
import { makeAccount, messageOf, NOW_MS, openRoom, type StoreFixture } from "./store-fixtures.ts";

/** Edits, deletions, reactions and replies: entries of the log that change others. */
export function describeChanges(fixture: StoreFixture): void {
  const history = (roomId: number, userId = 0) =>
    fixture.store.ask("historyAfter", { roomId, after: 0, limit: 100, userId });

  describe("entries that change a message", () => {
    it("edits by the author, and shows the message as it is now, the edits as they were", async () => {
      const { store } = fixture;
      const id = await openRoom(store);
      const answers = await store.append([
        messageOf(id, 1, { text: "first" }),
        messageOf(id, 2, { kind: "edit", target: 1, text: "second", replyTo: 1 }),
        messageOf(id, 3, { kind: "edit", target: 1, text: "third" }),
      ]);
      assert.deepEqual(
        answers.map(({ offset, refused }) => [offset, refused]),
        [
          [1, undefined],
          [2, undefined],
          [3, undefined],
        ],
      );
      await fixture.reopen();
      assert.deepEqual(
        (await history(id)).map(({ offset, kind, target, text, editedMs }) => [
          offset,
          kind,
          target,
          text,
          editedMs,
        ]),
        [
          [1, "text", 0, "third", NOW_MS + 3],
          [2, "edit", 1, "second", 0],
          [3, "edit", 1, "third", 0],
        ],
      );
    });

    it("erases a deleted message and its edits", async () => {
      const { store } = fixture;
      const id = await openRoom(store);
      await store.append([
        messageOf(id, 1, { text: "secret" }),
        messageOf(id, 2, { text: "kept" }),
        messageOf(id, 3, { kind: "edit", target: 1, text: "secret 2" }),
        messageOf(id, 4, { kind: "edit", target: 2, text: "kept 2" }),
        messageOf(id, 5, { kind: "reaction", target: 1, text: "👍" }),
        messageOf(id, 6, { kind: "delete", target: 1, text: "" }),
      ]);
      assert.deepEqual(
        (await history(id)).map(({ kind, text, deleted, reactions }) => [
          kind,
          text,
          deleted,
          reactions.length,
        ]),
        [
          ["text", "", true, 0],
          ["text", "kept 2", false, 0],
          ["edit", "", false, 0],
          ["edit", "kept 2", false, 0],
          ["reaction", "👍", false, 0],
          ["delete", "", false, 0],
        ],
      );
    });

    it("refuses what is another's or not there, which takes no offset and is not remembered", async () => {
      const { store } = fixture;
      const id = await openRoom(store);
      const other = await openRoom(store, "other");
      await store.append([
        messageOf(id, 1),
        messageOf(id, 2, { senderId: -8 }),
        messageOf(id, 3, { kind: "reaction", target: 1, text: "x" }),
        messageOf(other, 1),
        messageOf(other, 2),
        messageOf(other, 3),
        messageOf(other, 4),
      ]);
      const refusalOf = async (change: Partial<NewMessage>) => {
        const [answer] = await store.append([messageOf(id, 50, change)]);
        return [answer?.offset, answer?.duplicate, answer?.refused];
      };
      const noTarget = [0, false, "NO_TARGET"];
      const notAuthor = [0, false, "NOT_AUTHOR"];
      for (const kind of ["edit", "delete"] as const) {
        assert.deepEqual(await refusalOf({ kind, target: 2 }), notAuthor);
        assert.deepEqual(await refusalOf({ kind, target: 3 }), noTarget, "no text");
        assert.deepEqual(
          await refusalOf({ kind, target: 4, asModerator: true }),
          noTarget,
          "in another room",
        );
        assert.deepEqual(await refusalOf({ kind, target: 0 }), noTarget);
        assert.deepEqual(await refusalOf({ kind, target: -1 }), noTarget);
      }
      assert.deepEqual(await refusalOf({ kind: "reaction", target: 3 }), noTarget);
      assert.deepEqual(await refusalOf({ kind: "reactionRemoved", target: 99 }), noTarget);
      assert.deepEqual(await refusalOf({ kind: "delete", target: 2, asModerator: true }), [
        4,
        false,
        undefined,
      ]);
      const [repeat, late] = await store.append([
        messageOf(id, 50, { kind: "delete", target: 2 }),
        messageOf(id, 51, { kind: "edit", target: 2, asModerator: true }),
      ]);
      assert.deepEqual([repeat?.offset, repeat?.duplicate], [4, true], "done already, so not refused");
      assert.deepEqual([late?.offset, late?.refused], [0, "NO_TARGET"], "deleted");
      const [next] = await store.append([messageOf(id, 51)]);
      assert.deepEqual([next?.offset, next?.duplicate], [5, false]);
    });

    it("lets a moderator edit another's message; what changes and what is changed may come together", async () => {
      const { store } = fixture;
      const id = await openRoom(store);
      const answers = await store.append([
        messageOf(id, 1),
        messageOf(id, 2, { kind: "edit", target: 1, text: "mild", senderId: -9, asModerator: true }),
        messageOf(id, 2, { kind: "edit", target: 1, text: "wild", senderId: -9, asModerator: true }),
        messageOf(id, 3, { kind: "reaction", target: 3, text: "x" }),
      ]);
      assert.deepEqual(
        answers.map(({ offset, duplicate, refused }) => [offset, duplicate, refused]),
        [
          [1, false, undefined],
          [2, false, undefined],
          [2, true, undefined],
          [0, false, "NO_TARGET"],
        ],
      );
      const [message] = await history(id);
      assert.deepEqual([message?.text, message?.senderId], ["mild", -7]);
    });

    it("counts reactions in the order they were first given, once for each user", async () => {
      const { store } = fixture;
      const id = await openRoom(store);
      let serial = 1;
      const react = (senderId: number, text: string, kind: "reaction" | "reactionRemoved" = "reaction") =>
        store.append([messageOf(id, ++serial, { senderId, text, kind, target: 1 })]);
      await store.append([messageOf(id, 1)]);
      await react(-7, "👍");
      await react(-8, "❤️");
      await react(-8, "👍");
      const [again] = await react(-8, "👍");
      assert.deepEqual([again?.offset, again?.refused], [0, "NO_CHANGE"], "given already");
      await react(-7, "👍", "reactionRemoved");
      const [nothing] = await react(-9, "👍", "reactionRemoved");
      assert.deepEqual([nothing?.offset, nothing?.refused], [0, "NO_CHANGE"], "not given");
      assert.equal((await history(id))[0]?.changedOffset, 5);
      const shown = async (userId: number) => (await history(id, userId))[0]?.reactions;
      assert.deepEqual(await shown(-8), [
        { reaction: "👍", count: 1, mine: true },
        { reaction: "❤️", count: 1, mine: true },
      ]);
      await fixture.reopen();
      assert.deepEqual(await shown(-7), [
        { reaction: "👍", count: 1, mine: false },
        { reaction: "❤️", count: 1, mine: false },
      ]);
      const [before] = await fixture.store.ask("historyBefore", {
        roomId: id,
        before: 2,
        limit: 1,
        userId: -8,
      });
      assert.equal(before?.reactions.length, 2);
    });

    it("shows the first fifty different reactions of a message", async () => {
      const { store } = fixture;
      const id = await openRoom(store);
      const reactions = Array.from({ length: 60 }, (_, index) => `r${index}`);
      await store.append([
        messageOf(id, 0),
        ...reactions.map((text, index) => messageOf(id, index + 1, { kind: "reaction", target: 1, text })),
      ]);
      const [message] = await history(id);
      assert.deepEqual(
        message?.reactions.map(({ reaction }) => reaction),
        reactions.slice(0, 50),
      );
    });

    it("keeps what a message answers, and names accounts as they are called", async () => {
      const { store } = fixture;
      const ada = await makeAccount(store, "Ada");
      const id = await openRoom(store);
      await store.append([
        messageOf(id, 1, { senderId: ada, senderName: "whatever", replyTo: 77 }),
        messageOf(id, 2, { senderId: -5, senderName: "Guest" }),
      ]);
      assert.deepEqual(
        (await history(id)).map(({ senderName, senderId, replyTo }) => [senderName, senderId, replyTo]),
        [
          ["Ada", ada, 77],
          ["Guest", -5, 0],
        ],
      );
    });

    it("throws away nothing for numbers that are none", async () => {
      const { store } = fixture;
      const id = await openRoom(store);
      for (const change of [{ target: 0.5 }, { replyTo: Number.NaN }, { timeMs: Infinity }]) {
        await assert.rejects(async () => store.append([messageOf(id, 1, change)]), RangeError);
      }
      assert.deepEqual(await history(id), []);
    });
  });
}
