import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { copyDatabase } from "./backup-copy.ts";

it("a copy waits for the transaction that it met", async (test) => {
  const directory = mkdtempSync(join(tmpdir(), "portico-copy-"));
  const database = new DatabaseSync(join(directory, "one.db"));
  test.after(() => {
    database.close();
    rmSync(directory, { recursive: true });
  });
  database.exec("CREATE TABLE facts (fact TEXT)");
  database.exec("BEGIN IMMEDIATE; INSERT INTO facts VALUES ('committed')");
  const copying = copyDatabase(database, join(directory, "two.db"));
  await setTimeout(30);
  database.exec("COMMIT");
  await copying;
  const copy = new DatabaseSync(join(directory, "two.db"));
  assert.deepEqual({ ...copy.prepare("SELECT fact FROM facts").get() }, { fact: "committed" });
  copy.close();
});
