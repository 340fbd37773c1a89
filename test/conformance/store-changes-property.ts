import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import type { NewMessage, StoredMessage } from "../../src/chat/store/store.ts";
import { messageOf, NOW_MS, openRoom, type StoreFixture } from "./store-fixtures.ts";

const USERS = [-1, -2, -3];
const REACTIONS = ["👍", "❤️"];

interface Given {
  readonly reaction: string;
  readonly users: Set<number>;
}

/** What a log does, in the plainest way. */
class LogModel {
  readonly entries: (Omit<StoredMessage, "reactions"> & { readonly given: Given[] })[] = [];
  readonly #offsets = new Map<string, number>();

  append(message: NewMessage): { offset: number; timeMs: number; duplicate: boolean; refused?: string } {
    const { kind, target, text, timeMs, senderId } = message;
    const key = `${senderId} ${message.clientMessageId}`;
    const known = this.#offsets.get(key);
    if (known !== undefined) {
      return { offset: known, timeMs: this.entries[known - 1]?.timeMs ?? 0, duplicate: true };
    }
    const about = this.entries[target - 1];
    if (kind !== "text") {
      const refused = { offset: 0, timeMs, duplicate: false };
      if (about === undefined || about.kind !== "text" || about.deleted)
        return { ...refused, refused: "NO_TARGET" };
      const isOthers = about.senderId !== senderId && (kind === "edit" || kind === "delete");
      if (isOthers && !message.asModerator) return { ...refused, refused: "NOT_AUTHOR" };
      const isGiven = about.given.some((given) => given.reaction === text && given.users.has(senderId));
      if (kind === (isGiven ? "reaction" : "reactionRemoved")) return { ...refused, refused: "NO_CHANGE" };
    }
    const offset = this.entries.length + 1;
    const { senderName, replyTo } = message;
    this.#offsets.set(key, offset);
    this.entries.push({
      offset,
      senderId,
      senderName,
      text,
      timeMs,
      kind,
      target,
      replyTo,
      editedMs: 0,
      deleted: false,
      changedOffset: 0,
      given: [],
    });
    if (about !== undefined && kind !== "text") {
      this.#change(about, message);
      Object.assign(about, { changedOffset: offset });
    }
    return { offset, timeMs, duplicate: false };
  }

  shownTo(userId: number): StoredMessage[] {
    return this.entries.map(({ given, ...entry }) => ({
      ...entry,
      reactions: given.map(({ reaction, users }) => ({
        reaction,
        count: users.size,
        mine: users.has(userId),
      })),
    }));
  }

  #change(about: LogModel["entries"][number], { kind, target, text, timeMs, senderId }: NewMessage): void {
    const given = about.given.find(({ reaction }) => reaction === text);
    if (kind === "edit") Object.assign(about, { text, editedMs: timeMs });
    if (kind === "delete") {
      Object.assign(about, { text: "", deleted: true });
      about.given.length = 0;
      for (const entry of this.entries) {
        if (entry.kind === "edit" && entry.target === target) Object.assign(entry, { text: "" });
      }
    }
    if (kind === "reaction") {
      if (given === undefined) about.given.push({ reaction: text, users: new Set([senderId]) });
      else given.users.add(senderId);
    }
    if (kind === "reactionRemoved" && given !== undefined) {
      given.users.delete(senderId);
      if (given.users.size === 0) about.given.splice(about.given.indexOf(given), 1);
    }
  }
}

const operation = fc.record({
  kind: fc.constantFrom("text", "text", "edit", "delete", "reaction", "reaction", "reactionRemoved"),
  target: fc.integer({ min: 0, max: 8 }),
  senderId: fc.constantFrom(...USERS),
  reaction: fc.constantFrom(...REACTIONS),
  asModerator: fc.boolean(),
  repeats: fc.option(fc.nat(20), { freq: 8 }),
});

/** Any sequence of entries, in any groups, against a simple model. */
export function describeChangesProperty(fixture: StoreFixture): void {
  describe("any sequence of entries", () => {
    it("gives the answers and the log that a simple model gives", async () => {
      let roomCount = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(operation, { maxLength: 6 }), { maxLength: 8 }),
          async (groups) => {
            const { store } = fixture;
            const id = await openRoom(store, `room ${++roomCount}`);
            const model = new LogModel();
            let serial = 0;
            const asked = groups.map((group) => {
              const messages = group.map(({ kind, target, senderId, reaction, asModerator, repeats }) => {
                serial++;
                const text = kind === "reaction" || kind === "reactionRemoved" ? reaction : `text ${serial}`;
                const timeMs = NOW_MS + serial;
                const change = { kind, senderId, asModerator, timeMs, replyTo: serial % 3 } as const;
                return messageOf(id, repeats ?? 100 + serial, {
                  ...change,
                  text: kind === "delete" ? "" : text,
                  target: kind === "text" ? 0 : target,
                });
              });
              return { messages, answers: store.append(messages) };
            });
            for (const { messages, answers } of asked) {
              assert.deepEqual(
                await answers,
                messages.map((message) => model.append(message)),
              );
            }
            const userId = USERS[0] ?? 0;
            assert.deepEqual(
              await store.ask("historyAfter", { roomId: id, after: 0, limit: 1000, userId }),
              model.shownTo(userId),
            );
          },
        ),
        { numRuns: 60 },
      );
    });
  });
}
