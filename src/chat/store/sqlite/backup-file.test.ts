import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, it } from "node:test";
import { SeededRandom } from "../../../base/random.ts";
import {
  makeAccount,
  messageOf,
  openRoom,
  range,
  withCode,
} from "../../../../test/conformance/store-fixtures.ts";
import { MemoryStore } from "../memory-store.ts";
import { type Store, StoreError } from "../store.ts";
import { DATABASE_FILE } from "./database-file.ts";
import { checkBackup, restoreBackup } from "./restore.ts";
import { openSqliteStore } from "./sqlite-store.ts";

describe("backup and restore", () => {
  let directory: string;
  let data: string;
  let file: string;
  let store: Store;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "portico-backup-"));
    data = join(directory, "data");
    file = join(directory, "backup.db");
    store = await openSqliteStore({ directory: data });
  });

  afterEach(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });

  const textsIn = async (opened: Store): Promise<string[]> => {
    const room = await opened.ask("findRoom", { name: "room" });
    const log = await opened.ask("historyAfter", { roomId: room?.id ?? 0, after: 0, limit: 1e6, userId: 0 });
    return log.map(({ text }) => text);
  };

  const faultOf = (act: () => unknown): StoreError => {
    try {
      act();
    } catch (error) {
      if (error instanceof StoreError) return error;
      throw error;
    }
    return assert.fail("nothing was wrong");
  };

  it("copies everything while messages are appended", async () => {
    const id = await openRoom(store);
    await makeAccount(store, "Ada");
    const text = "x".repeat(1000);
    for (const round of range(0, 9)) {
      await store.append(
        range(0, 999).map((n) => messageOf(id, round * 1000 + n, { text: `${round * 1000 + n} ${text}` })),
      );
    }
    const backup = store.backup(file);
    let isOver = false;
    void backup.finally(() => (isOver = true));
    let appended = 10_000;
    while (!isOver) await store.append([messageOf(id, appended++, { text: `${appended - 1} ${text}` })]);
    await backup;
    assert.ok(appended > 10_001, "appending went on");
    const facts = checkBackup(file);
    assert.deepEqual([facts.accounts, facts.rooms, facts.schemaVersion], [1, 1, 2]);
    assert.ok(facts.messages >= 10_000 && facts.messages <= appended);
    if (process.platform !== "win32") assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(directory).sort(), ["backup.db", "data"]);
    const other = join(directory, "other");
    restoreBackup(file, other, { replace: false });
    const restored = await openSqliteStore({ directory: other });
    const texts = await textsIn(restored);
    await restored.close();
    assert.deepEqual(
      texts,
      range(0, facts.messages - 1).map((n) => `${n} ${text}`),
      "one moment of the log",
    );
  });

  it("refuses a file that exists, and a place that cannot be written, and leaves nothing", async () => {
    writeFileSync(file, "mine");
    await assert.rejects(
      store.backup(file),
      (error) => withCode("STORE_UNUSABLE")(error) && /exists/.test(String(error)),
    );
    assert.equal(statSync(file).size, 4);
    await assert.rejects(store.backup(join(directory, "no", "such", "place.db")), withCode("STORE_UNUSABLE"));
    await assert.rejects(new MemoryStore().backup(join(directory, "m.db")), withCode("STORE_UNUSABLE"));
    assert.deepEqual(readdirSync(directory).sort(), ["backup.db", "data"]);
    await openRoom(store);
  });

  it("is finished before the store is closed", async () => {
    const backup = store.backup(file);
    await store.close();
    await backup;
    assert.equal(checkBackup(file).rooms, 0);
    await assert.rejects(store.backup(`${file}2`), withCode("STORE_CLOSED"));
  });

  it("restores into a new directory, with new epochs", async () => {
    await store.append([messageOf(await openRoom(store), 1)]);
    const before = await store.ask("findRoom", { name: "room" });
    await store.backup(file);
    const other = join(directory, "deep", "other");
    assert.deepEqual(
      restoreBackup(file, other, { replace: false, random: new SeededRandom(1) }),
      checkBackup(file),
    );
    const restored = await openSqliteStore({ directory: other });
    assert.deepEqual(await textsIn(restored), ["text 1"]);
    const after = await restored.ask("findRoom", { name: "room" });
    assert.ok(after !== undefined && after.epoch !== "" && after.epoch !== before?.epoch);
    await restored.close();
    assert.deepEqual(readdirSync(other), [DATABASE_FILE]);
  });

  it("replaces a database only when told to, and moves it aside", async () => {
    const id = await openRoom(store);
    await store.append([messageOf(id, 1)]);
    await store.backup(file);
    await store.append([messageOf(id, 2)]);
    assert.equal(faultOf(() => restoreBackup(file, data, { replace: false })).code, "STORE_UNUSABLE");
    assert.equal(faultOf(() => restoreBackup(file, data, { replace: true })).code, "STORE_LOCKED");
    await store.append([messageOf(id, 3)]);
    await store.close();
    assert.match(faultOf(() => restoreBackup(file, data, { replace: false })).message, /exists already$/);
    restoreBackup(file, data, { replace: true });
    const aside = join(data, `${DATABASE_FILE}.before-restore`);
    assert.equal(checkBackup(aside).messages, 3);
    assert.match(faultOf(() => restoreBackup(file, data, { replace: true })).message, /earlier restore/);
    store = await openSqliteStore({ directory: data });
    assert.deepEqual(await textsIn(store), ["text 1"]);
    assert.deepEqual(
      readdirSync(data).filter((name) => name.includes("restoring")),
      [],
    );
  });

  it("replaces a database that is damaged", async () => {
    await openRoom(store);
    await store.backup(file);
    await store.close();
    writeFileSync(join(data, DATABASE_FILE), "not what it was ".repeat(1000));
    restoreBackup(file, data, { replace: true });
    store = await openSqliteStore({ directory: data });
    assert.ok((await store.ask("findRoom", { name: "room" })) !== undefined);
  });

  it("says what is wrong with a file, and touches nothing", async () => {
    await openRoom(store);
    await store.backup(file);
    const wrong = join(directory, "wrong.db");
    const alter = (sql: string): void => {
      rmSync(wrong, { force: true });
      restoreBackup(file, directory, { replace: false });
      const database = new DatabaseSync(join(directory, DATABASE_FILE));
      database.exec(`${sql}; VACUUM INTO '${wrong}'`);
      database.close();
      rmSync(join(directory, DATABASE_FILE));
    };
    const cases: readonly (readonly [prepare: () => void, code: string, message: RegExp])[] = [
      [() => rmSync(wrong, { force: true }), "STORE_UNUSABLE", /there is no file/],
      [() => writeFileSync(wrong, ""), "STORE_UNUSABLE", /is empty/],
      [() => writeFileSync(wrong, "a letter to my aunt ".repeat(500)), "STORE_UNUSABLE", /not a database/],
      [() => alter("PRAGMA application_id = 7"), "STORE_UNUSABLE", /another program/],
      [() => alter("PRAGMA user_version = 99"), "STORE_TOO_NEW", /version 99/],
      [() => writeFileSync(`${wrong}-wal`, "x"), "STORE_UNUSABLE", /in use/],
    ];
    for (const [prepare, code, message] of cases) {
      prepare();
      const target = join(directory, "target");
      const fault = faultOf(() => restoreBackup(wrong, target, { replace: true }));
      assert.deepEqual([fault.code, existsSync(target)], [code, false], fault.message);
      assert.match(fault.message, message);
      assert.ok(!fault.message.includes("\n"));
    }
  });
});
