import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Store, StoredMessage, StoredRoom } from "../../src/chat/store/store.ts";
import { openSqliteStore } from "../../src/chat/store/sqlite/sqlite-store.ts";
import { messageOf } from "../conformance/store-fixtures.ts";

const ROUNDS = 4;

interface Acknowledged {
  readonly roomId: number;
  readonly offset: number;
  readonly clientMessageId: string;
}

/** Lets appending-process.ts work, kills it after `count` lines at least, and gives those. */
async function linesUntilKilled(count: number, ...args: readonly string[]): Promise<string[]> {
  const script = fileURLToPath(new URL("../support/appending-process.ts", import.meta.url));
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  let output = "";
  let lineCount = 0;
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text: string) => {
    output += text;
    lineCount += text.split("\n").length - 1;
    if (lineCount >= count) child.kill("SIGKILL");
  });
  const [, signal] = await closed;
  assert.equal(signal, "SIGKILL", "it ended before it was killed");
  return output.split("\n").slice(0, -1);
}

async function appendUntilKilled(directory: string, prefix: string, count: number): Promise<Acknowledged[]> {
  const lines = await linesUntilKilled(count, directory, prefix);
  return lines.map((line) => {
    const [roomId, offset, clientMessageId = ""] = line.split(" ");
    return { roomId: Number(roomId), offset: Number(offset), clientMessageId };
  });
}

describe("SqliteStore and kill -9 (no port)", () => {
  let directory: string;
  let store: Store | undefined;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "portico-crash-"));
  });

  after(async () => {
    await store?.close();
    await rm(directory, { recursive: true });
  });

  it("every acknowledged message is there once, where it was said to be", async () => {
    const acknowledged: Acknowledged[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      acknowledged.push(...(await appendUntilKilled(directory, `round${round}`, 500 * round)));
      // At once: nothing that the dead process held may stand in the way.
      store = await openSqliteStore({ directory });
      for (const name of ["a", "b", "c", "d"]) {
        const room: StoredRoom | undefined = await store.ask("findRoom", { name: name });
        assert.ok(room !== undefined);
        const log: readonly StoredMessage[] = await store.ask("historyAfter", {
          roomId: room.id,
          after: 0,
          limit: 1_000_000,
          userId: 0,
        });
        assert.deepEqual(
          log.map((message) => message.offset),
          Array.from({ length: room.lastOffset }, (_, index) => index + 1),
          "offsets are contiguous",
        );
        const texts = log.map((message) => message.text);
        assert.equal(new Set(texts).size, texts.length, "nothing is there twice");
        for (const { roomId, offset, clientMessageId } of acknowledged) {
          if (roomId === room.id) assert.equal(texts[offset - 1], clientMessageId);
        }
      }
      await store.close();
    }
    assert.ok(acknowledged.length >= 5000);
  });

  it("the same ids asked for again get the same offsets", async () => {
    const acknowledged = await appendUntilKilled(directory, "again", 300);
    store = await openSqliteStore({ directory });
    const again = await store.append(
      acknowledged.map(({ roomId, clientMessageId }) =>
        messageOf(roomId, 0, { senderId: 1, clientMessageId }),
      ),
    );
    assert.deepEqual(
      again.map(({ offset, duplicate }) => ({ offset, duplicate })),
      acknowledged.map(({ offset }) => ({ offset, duplicate: true })),
    );
    await store.close();
  });

  it("acknowledged edits, deletions and read markers are there", async () => {
    const lines = await linesUntilKilled(2000, directory, "changes", "changes");
    const was = new Map<string, Map<number, string>>();
    const readTo = new Map<string, number>();
    for (const line of lines) {
      const [roomId = "", offset, what = "", userId] = line.split(" ");
      if (what === "read") readTo.set(`${roomId} ${userId}`, Number(offset));
      else was.set(roomId, (was.get(roomId) ?? new Map<number, string>()).set(Number(offset), what));
    }
    store = await openSqliteStore({ directory });
    for (const [roomId, messages] of was) {
      const log: readonly StoredMessage[] = await store.ask("historyAfter", {
        roomId: Number(roomId),
        after: 0,
        limit: 1e6,
        userId: 0,
      });
      for (const [offset, what] of messages) {
        const message: StoredMessage | undefined = log[offset - 1];
        assert.equal(message?.offset, offset);
        // What came after the last acknowledged step may have happened too.
        if (what === "deleted") assert.ok(message.deleted);
        if (what === "edited") assert.ok(message.deleted || message.text.startsWith("edited "));
        if (message.deleted) assert.equal(message.text, "");
        else assert.equal(message.editedMs > 0, message.text.startsWith("edited "));
      }
    }
    for (const [key, offset] of readTo) {
      const [roomId, userId] = key.split(" ").map(Number);
      const marker: number = await store.ask("markRead", {
        roomId: roomId ?? 0,
        userId: userId ?? 0,
        offset: 0,
      });
      assert.ok(marker >= offset, `${key} had read up to ${offset}, and the marker is at ${marker}`);
    }
    assert.ok(readTo.size > 0);
    await store.close();
  });
});
