import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, it } from "node:test";
import { promisify } from "node:util";
import { messageOf, range, withCode } from "../../../../test/conformance/store-fixtures.ts";
import { type Appended, type Store, StoreError, type StoreErrorCode } from "../store.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import { DATABASE_FILE } from "./database-file.ts";
import { openSqliteStore, type SqliteStoreOptions } from "./sqlite-store.ts";

describe("SqliteStore", () => {
  let directory: string;
  let path: string;
  let store: Store | undefined;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "portico-sqlite-"));
    path = join(directory, DATABASE_FILE);
  });

  afterEach(async () => {
    await store?.close();
    store = undefined;
    await rm(directory, { recursive: true });
  });

  async function open(options: Partial<SqliteStoreOptions> = {}): Promise<Store> {
    store = await openSqliteStore({ directory, ...options });
    return store;
  }

  async function openOneRoom(
    options: Partial<SqliteStoreOptions> = {},
  ): Promise<{ opened: Store; id: number }> {
    const opened = await open(options);
    const room = await opened.ask("openRoom", { name: "room", kind: "logged", members: [], nowMs: 1 });
    return { opened, id: room.id };
  }

  /** Runs SQL on the database while no store has it. */
  function alter(sql: string): void {
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
  }

  async function closeStore(): Promise<void> {
    await store?.close();
    store = undefined;
  }

  describe("requests made at once", () => {
    const token = (userId: number, hash: string) =>
      ({ userId, hash, label: "", address: "", nowMs: 1, expiresMs: 1_000, keep: 16 }) as const;

    it("are done in order, and one that fails takes nothing from the others", async () => {
      const { opened, id } = await openOneRoom();
      const account = { name: "mina", nameKey: "mina", passwordHash: "", nowMs: 1 };
      const [created, appended, first, second] = await Promise.allSettled([
        opened.ask("createAccount", account),
        opened.append([messageOf(id, 1)]),
        opened.ask("createToken", token(1, "one")),
        opened.ask("createToken", token(1, "one")),
      ]);
      assert.deepEqual(created, { status: "fulfilled", value: { created: true, id: 1 } });
      assert.ok(second.status === "rejected");
      assert.equal((second.reason as StoreError).code, "WRITE_FAILED");
      assert.ok(appended.status === "fulfilled" && appended.value[0]?.offset === 1);
      assert.ok(first.status === "fulfilled");
      await closeStore();
      const reopened = await open();
      assert.equal((await reopened.ask("listTokens", { userId: 1, nowMs: 1 })).length, 1);
      assert.equal(
        (await reopened.ask("historyAfter", { roomId: id, after: 0, limit: 9, userId: 0 })).length,
        1,
      );
    });

    it("all fail when the disk is full, and none of them is kept", async () => {
      const { opened, id } = await openOneRoom({ sizeLimitBytes: 600 * 1024 });
      const long = "x".repeat(4000);
      const outcomes = await Promise.allSettled(
        range(1, 400).map((count) => opened.append([{ ...messageOf(id, count), text: long }])),
      );
      const failedCount = outcomes.filter(({ status }) => status === "rejected").length;
      assert.ok(failedCount > 0, "the disk was full");
      const kept = await opened.ask("historyAfter", { roomId: id, after: 0, limit: 1000, userId: 0 });
      assert.equal(kept.length, outcomes.length - failedCount);
    });
  });

  describe("opening", () => {
    it("makes the directory and leaves one file when closed", async () => {
      directory = join(directory, "deep", "er");
      await open();
      await closeStore();
      assert.ok(existsSync(join(directory, DATABASE_FILE)));
      assert.ok(!existsSync(join(directory, `${DATABASE_FILE}-wal`)));
    });

    it("refuses a database of a newer version, naming both, and leaves it as it is", async () => {
      await open();
      await closeStore();
      alter("PRAGMA user_version = 99; PRAGMA journal_mode = DELETE");
      await assert.rejects(open(), (error) => {
        assert.ok(error instanceof StoreError);
        assert.equal(error.code, "STORE_TOO_NEW");
        assert.match(error.message, /version 99\b.*versions up to 2\b/);
        return true;
      });
      const database = new DatabaseSync(path, { readOnly: true });
      assert.deepEqual({ ...database.prepare("PRAGMA user_version").get() }, { user_version: 99 });
      assert.deepEqual({ ...database.prepare("PRAGMA journal_mode").get() }, { journal_mode: "delete" });
      database.close();
    });

    it("brings an empty file to the present version", async () => {
      writeFileSync(path, "");
      await open();
      await closeStore();
      const database = new DatabaseSync(path, { readOnly: true });
      assert.deepEqual(
        { ...database.prepare("PRAGMA user_version").get() },
        { user_version: SCHEMA_VERSION },
      );
      database.close();
    });

    const unusable: readonly [name: string, prepare: () => void][] = [
      [
        "a file where the directory should be",
        () => {
          directory = join(directory, "file");
          writeFileSync(directory, "");
        },
      ],
      [
        "a directory that cannot be made",
        () => {
          directory = join("/proc", "portico");
        },
      ],
      ["a directory where the database should be", () => mkdirSync(path)],
      ["a file that is no database", () => writeFileSync(path, "This is a letter to my aunt.\n".repeat(100))],
      ["another program's database", () => alter("CREATE TABLE songs (title TEXT)")],
      ["a database with another application's id", () => alter("PRAGMA application_id = 7")],
    ];
    for (const [name, prepare] of unusable) {
      it(
        `refuses ${name}`,
        { skip: name.includes("made") && process.platform !== "linux" && "needs /proc" },
        async () => {
          const kept = directory;
          prepare();
          try {
            await assert.rejects(open(), (error) => {
              assert.ok(error instanceof StoreError);
              assert.equal(error.code, "STORE_UNUSABLE");
              assert.ok(error.message.includes(directory), `"${error.message}" does not say where`);
              return true;
            });
          } finally {
            directory = kept;
          }
        },
      );
    }

    it("refuses a database that another process has, and has it when that one is gone", async () => {
      const module = new URL("./sqlite-store.ts", import.meta.url).href;
      const script = `
        import { openSqliteStore } from ${JSON.stringify(module)};
        try { await openSqliteStore({ directory: ${JSON.stringify(directory)} }); console.log("OPENED"); }
        catch (error) { console.log(error.code); }
        process.exit();`;
      const openElsewhere = async (): Promise<string> => {
        const { stdout } = await promisify(execFile)(process.execPath, [
          "--input-type=module",
          "--eval",
          script,
        ]);
        return stdout.trim();
      };
      await open();
      assert.equal(await openElsewhere(), "STORE_LOCKED");
      await closeStore();
      assert.equal(await openElsewhere(), "OPENED");
      await open();
    });
  });

  describe("when writing fails", () => {
    it("keeps nothing of that transaction, consumes no offset, and goes on", async () => {
      const { opened, id } = await openOneRoom();
      await opened.append([messageOf(id, 1)]);
      await closeStore();
      alter(`CREATE TRIGGER broken BEFORE INSERT ON messages WHEN NEW.text = 'poison'
             BEGIN SELECT RAISE(FAIL, 'the disk is on fire'); END`);
      const again = await open();
      const together = await Promise.allSettled([
        again.append([messageOf(id, 2)]),
        again.append([messageOf(id, 3), messageOf(id, 4, { text: "poison" })]),
        again.append([messageOf(id, 5)]),
      ]);
      for (const each of together) {
        assert.ok(each.status === "rejected");
        assert.ok(withCode("WRITE_FAILED")(each.reason));
        assert.match(String(each.reason), /the disk is on fire/);
      }
      assert.deepEqual(await textsOf(again, id), ["text 1"]);
      const [second] = await again.append([messageOf(id, 3)]);
      assert.deepEqual([second?.offset, second?.duplicate], [2, false]);
    });

    it("survives a full disk and goes on when there is room again", async () => {
      const { opened, id } = await openOneRoom({ sizeLimitBytes: 500 * 1024 });
      let acknowledged = 0;
      await assert.rejects(async () => {
        for (let serial = 1; serial < 1000; serial++) {
          await opened.append([messageOf(id, serial, { text: "x".repeat(2000) })]);
          acknowledged = serial;
        }
      }, withCode("WRITE_FAILED"));
      assert.ok(acknowledged > 10);
      assert.equal((await opened.ask("findRoom", { name: "room" }))?.lastOffset, acknowledged);
      const [known] = await opened.append([messageOf(id, 1)]);
      assert.ok(known?.duplicate);
      await closeStore();
      const again = await open();
      const [next] = await again.append([messageOf(id, acknowledged + 1)]);
      assert.equal(next?.offset, acknowledged + 1);
    });
  });

  describe("when its thread dies", () => {
    const dyingWorker = new URL("../../../../test/support/dying-store-worker.ts", import.meta.url);

    for (const when of ["before", "after"] as const) {
      it(`says that the outcome is unknown, comes back, and keeps the ids (death ${when} the commit)`, async () => {
        const troubles: StoreErrorCode[] = [];
        const { opened, id } = await openOneRoom({
          workerEntry: dyingWorker,
          onTrouble: (error) => troubles.push(error.code),
        });
        await opened.append([messageOf(id, 1)]);
        const lost = opened.append([messageOf(id, 2, { text: `die ${when} commit` })]);
        // Appends leave for the thread at the end of the running job.
        await Promise.resolve();
        const read = opened.ask("findRoom", { name: "room" });
        await assert.rejects(lost, withCode("UNKNOWN_OUTCOME"));
        await assert.rejects(read, withCode("UNKNOWN_OUTCOME"));
        assert.deepEqual(troubles, ["UNKNOWN_OUTCOME"]);
        await untilBack(opened);
        const [again] = await opened.append([messageOf(id, 2, { text: "spoken again" })]);
        assert.deepEqual([again?.offset, again?.duplicate], [2, when === "after"]);
        const kept = when === "after" ? "die after commit" : "spoken again";
        assert.deepEqual(await textsOf(opened, id), ["text 1", kept]);
      });
    }

    it("can be closed while it is down", async () => {
      const { opened, id } = await openOneRoom({ workerEntry: dyingWorker });
      const asked = range(1, 50).map((serial) =>
        opened.append([messageOf(id, serial, { text: serial === 1 ? "die before commit" : "x" })]),
      );
      const closed = opened.close();
      const answers: PromiseSettledResult<readonly Appended[]>[] = await Promise.allSettled(asked);
      assert.ok(answers.every((answer) => answer.status === "rejected"));
      await closed;
    });
  });
});

async function textsOf(opened: Store, roomId: number): Promise<string[]> {
  const messages = await opened.ask("historyAfter", { roomId: roomId, after: 0, limit: 100_000, userId: 0 });
  return messages.map((message) => message.text);
}

/** Asks until the store answers again. */
async function untilBack(opened: Store): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await opened.ask("findRoom", { name: "room" });
      return;
    } catch (error) {
      if (!withCode("STORE_CLOSED")(error) || attempt > 500) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
  }
}
