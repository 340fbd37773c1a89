import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { maintainAll, messageOf } from "../../../../test/conformance/store-fixtures.ts";
import { OPEN_ROOM_SETTINGS } from "../open-room-settings.ts";
import { DATABASE_FILE } from "./database-file.ts";
import { APPLICATION_ID, migrations } from "./schema.ts";
import { openSqliteStore } from "./sqlite-store.ts";

/** A database as version 1 left it. */
function makeVersion1(path: string): void {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; ${migrations[0]}
    PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1;
    INSERT INTO accounts (name, name_key, password_hash, created_ms) VALUES
      ('Ada', 'ada', '$a', 1), ('Bob', 'bob', '$b', 2);
    INSERT INTO rooms (name, kind, epoch, created_ms) VALUES
      ('lobby', 'logged', 'e1', 3), ('@1:2', 'direct', 'e2', 4), ('@-5:1', 'direct', 'e3', 5),
      ('@2:2', 'direct', 'e4', 6);
    INSERT INTO messages VALUES
      (1, 1, 1, 'Ada', 'a', 'hello needle', 10), (1, 2, -5, 'Guest', 'b', 'good day', 20),
      (2, 1, 2, 'Bob', 'a', 'needle for you', 30), (3, 1, -5, 'Guest', 'a', 'psst', 40);`);
  database.close();
}

describe("migration from version 1", () => {
  it("keeps everything, and lets it be listed, searched, changed and read", async () => {
    const directory = await mkdtemp(join(tmpdir(), "portico-migration-"));
    try {
      makeVersion1(join(directory, DATABASE_FILE));
      const store = await openSqliteStore({ directory });
      const ada = await store.ask("findAccount", { nameKey: "ada" });
      assert.deepEqual([ada?.id, ada?.passwordHash, ada?.isAdmin, ada?.displayName], [1, "$a", false, ""]);
      const lobby = await store.ask("findRoom", { name: "lobby" });
      assert.deepEqual([lobby?.epoch, lobby?.lastOffset, lobby?.settings], ["e1", 2, OPEN_ROOM_SETTINGS]);
      const log = await store.ask("historyAfter", { roomId: 1, after: 0, limit: 9, userId: 1 });
      assert.deepEqual(
        log.map(({ kind, senderName, text, deleted }) => [kind, senderName, text, deleted]),
        [
          ["text", "Ada", "hello needle", false],
          ["text", "Guest", "good day", false],
        ],
      );
      const talks = await store.ask("listConversations", { userId: 1, after: "", limit: 9 });
      assert.deepEqual(
        talks.map(({ id, name, unreadCount, readOffset }) => [id, name, unreadCount, readOffset]),
        [
          [3, "Guest", 0, 1],
          [2, "Bob", 0, 1],
        ],
      );
      const roster = (await store.ask("findRoomById", { id: 2 }))?.roster ?? [];
      assert.deepEqual(
        roster.map(({ userId, role }) => [userId, role]),
        [
          [1, "member"],
          [2, "member"],
        ],
      );
      assert.equal((await store.ask("listMembers", { roomId: 4, afterKey: "", limit: 9 })).total, 1);
      await maintainAll(store);
      const search = { userId: 1, roomIds: [1], roomId: 0, query: "needle", before: 0, limit: 9 };
      assert.deepEqual(
        (await store.ask("search", search))?.map(({ roomId }) => roomId),
        [2, 1],
      );
      const answers = await store.append([
        messageOf(1, 0, { senderId: 1, clientMessageId: "a" }),
        messageOf(1, 1, { senderId: 1, kind: "edit", target: 1, text: "edited" }),
      ]);
      assert.deepEqual(
        answers.map(({ offset, duplicate }) => [offset, duplicate]),
        [
          [1, true],
          [3, false],
        ],
      );
      await store.close();
      const again = await openSqliteStore({ directory });
      assert.equal((await again.ask("findRoomById", { id: 1 }))?.lastOffset, 3);
      await again.close();
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
