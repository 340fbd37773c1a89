import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openDatabaseInMemory } from "./database-file.ts";
import { LazyStatement } from "./lazy-statement.ts";
import { MessageAppender } from "./message-appender.ts";
import { makeHandlers, makeTables } from "./request-table.ts";

/** Reads of whole tables that are meant, or that are of a few rows. */
const ALLOWED: readonly RegExp[] = [
  // The queue, from its beginning, up to a limit.
  /^SCAN search_queue$/,
  // Full-text search is a scan of the words that are looked for.
  /^SCAN search VIRTUAL TABLE INDEX \d+:.*M/,
  // By a range of rowids.
  /^SCAN search VIRTUAL TABLE INDEX \d+:[<>=]/,
  // The deleted rooms alone; the end of the audit log alone; the address bans, which are listed all.
  /^SCAN rooms USING (COVERING )?INDEX rooms_deleted$/,
  /^SCAN address_bans$/,
  /^SCAN CONSTANT ROW$/,
  /^SCAN own$/,
  // What is counted inside was found by an index.
  /^SCAN \(subquery-\d+\)$/,
];

function collectStatements(): string[] {
  const database = openDatabaseInMemory();
  const texts: string[] = [];
  const tables = makeTables((text) => {
    texts.push(text);
    return new LazyStatement(database, text);
  });
  makeHandlers(tables);
  assert.ok(new MessageAppender(tables));
  return texts;
}

describe("query plans", () => {
  const database = openDatabaseInMemory();
  for (const text of new Set(collectStatements())) {
    it(`uses an index: ${text.replaceAll(/\s+/g, " ").trim().slice(0, 100)}`, () => {
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${text}`).all();
      const scans = plan.map(({ detail }) => String(detail)).filter((detail) => detail.startsWith("SCAN "));
      const unexpected = scans.filter((scan) => !ALLOWED.some((allowed) => allowed.test(scan)));
      assert.deepEqual(unexpected, []);
    });
  }

  const unsorted: readonly (readonly [name: string, pattern: RegExp])[] = [
    ["history", /LEFT JOIN accounts ON accounts\.id = sender_id/],
    ["open rooms", /kind = 'logged' AND access <> 'private'/],
    ["conversations", /ORDER BY own\.active_ms DESC/],
    ["members", /ORDER BY room_members\.name_key/],
    ["accounts", /ORDER BY name_key LIMIT/],
    ["search in a room", /ORDER BY search\.rowid DESC/],
  ];
  for (const [name, pattern] of unsorted) {
    it(`reads a page of ${name} in its order, without sorting`, () => {
      const texts = collectStatements().filter((text) => pattern.test(text));
      assert.ok(texts.length > 0);
      for (const text of texts) {
        const plan = database.prepare(`EXPLAIN QUERY PLAN ${text}`).all();
        assert.ok(!plan.some(({ detail }) => String(detail).includes("TEMP B-TREE")), JSON.stringify(plan));
      }
    });
  }
});
