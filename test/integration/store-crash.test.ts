import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Store } from "../../src/chat/store/store.ts";
import { openSqliteStore } from "../../src/chat/store/sqlite/sqlite-store.ts";
import { messageOf } from "../conformance/store-suite.ts";

const ROUNDS = 4;

interface Acknowledged {
  readonly roomId: number;
  readonly offset: number;
  readonly clientMessageId: string;
}

/** Lets a process append to `directory`, kills it after `count` lines at least, and gives what it was told. */
async function appendUntilKilled(directory: string, prefix: string, count: number): Promise<Acknowledged[]> {
  const script = fileURLToPath(new URL("../support/appending-process.ts", import.meta.url));
  const child = spawn(process.execPath, [script, directory, prefix], {
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
  const lines = output.split("\n").slice(0, -1);
  return lines.map((line) => {
    const [roomId, offset, clientMessageId = ""] = line.split(" ");
    return { roomId: Number(roomId), offset: Number(offset), clientMessageId };
  });
}

describe("SqliteStore and kill -9", () => {
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
        const room = await store.findRoom(name);
        assert.ok(room !== undefined);
        const log = await store.historyAfter(room.id, 0, 1_000_000);
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
  });
});
