import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { DEADLINE_MS } from "../../test/support/chat-test-client.ts";
import { testBackends } from "../../test/support/chat-test-server.ts";
import { openPort } from "../engine/index.ts";
import { LogFile, type LogFileOptions } from "./log-file.ts";

type Backend = (typeof testBackends)[number];

/** A log file of at most 100 bytes; each line has ten. */
async function open(test: TestContext, backend: Backend, options: Partial<LogFileOptions> = {}) {
  const directory = mkdtempSync(join(tmpdir(), "portico-log-"));
  const path = join(directory, "portico.log");
  const { port } = openPort({ backend });
  const troubles: Error[] = [];
  const rooms: number[] = [];
  const file = await LogFile.open(port, {
    path,
    maxBytes: 100,
    keep: 3,
    queueBytes: 65_536,
    onTrouble: (error) => troubles.push(error),
    onRoom: () => rooms.push(1),
    ...options,
  });
  test.after(async () => {
    await file.close();
    await port.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const write = (number: number): boolean => file.write(`line ${String(number).padStart(4, "0")}\n`);
  /** Everything that is in files, the oldest first. */
  const all = (): string[] => {
    const ages = readdirSync(directory)
      .map((name) => Number(/^portico\.log\.(\d+)$/.exec(name)?.[1] ?? 0))
      .sort((left, right) => right - left);
    return ages.flatMap((age) => read(age === 0 ? path : `${path}.${age}`));
  };
  return { directory, path, file, write, all, troubles, rooms };
}

function read(path: string): string[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}

/** Lines come in an order; between them the port has its turns. */
async function writeSlowly(write: (number: number) => boolean, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++) {
    assert.ok(write(number));
    await wait(1);
  }
}

function numbers(lines: readonly string[]): number[] {
  return lines.map((line) => Number(line.slice("line ".length)));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** Looks until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  while (!isSo()) {
    if (deadline.aborted) throw new Error(`it did not become so: ${String(isSo)}`);
    await wait(5);
  }
}

for (const backend of testBackends) {
  describe(`LogFile on ${backend}`, () => {
    it("appends to what is there, and has everything when it is closed", async (test) => {
      const { path, file, write } = await open(test, backend, { maxBytes: 1_000_000 });
      for (const number of range(0, 500)) assert.ok(write(number));
      await file.close();
      assert.deepEqual(numbers(read(path)), range(0, 500));
      assert.equal(file.queuedBytes, 0);
    });

    it("begins a new file when one is full, without a line lost or torn", async (test) => {
      const { path, file, write, all, troubles } = await open(test, backend, { keep: 200 });
      await writeSlowly(write, 0, 120);
      await file.close();
      assert.deepEqual(troubles, []);
      assert.deepEqual(numbers(all()), range(0, 120));
      assert.ok(existsSync(`${path}.1`), "more than one file");
    });

    it("keeps as many older files as it is told", async (test) => {
      const { directory, file, write, all } = await open(test, backend, { keep: 2 });
      await writeSlowly(write, 0, 120);
      await file.close();
      assert.deepEqual(readdirSync(directory).sort(), ["portico.log", "portico.log.1", "portico.log.2"]);
      const kept = numbers(all());
      assert.deepEqual(kept, range(120 - kept.length, 120), "the newest");
    });

    it("takes the size of what was there before for its own", async (test) => {
      const directory = mkdtempSync(join(tmpdir(), "portico-log-"));
      test.after(() => rmSync(directory, { recursive: true, force: true }));
      const path = join(directory, "portico.log");
      writeFileSync(path, `${"old ".repeat(40)}\n`);
      const { file, write } = await open(test, backend, { path });
      write(1);
      await until(() => existsSync(`${path}.1`));
      await file.close();
      assert.match(readFileSync(`${path}.1`, "utf8"), /^old /);
    });

    it("goes on in a new file after somebody moved it away", async (test) => {
      const { path, file, write } = await open(test, backend, { maxBytes: 1_000_000 });
      write(1);
      await until(() => read(path).length === 1);
      renameSync(path, `${path}.moved`);
      write(2);
      await until(() => read(`${path}.moved`).length === 2);
      file.reopen();
      await until(() => existsSync(path));
      await until(() => write(3) && read(path).length > 0);
      await file.close();
      assert.deepEqual(numbers(read(`${path}.moved`)).slice(0, 2), [1, 2]);
    });

    it("refuses a line when too many wait, and tells when there is room again", async (test) => {
      const { file, write, rooms } = await open(test, backend, { queueBytes: 100, maxBytes: 1_000_000 });
      const taken = range(0, 50).filter((number) => write(number));
      assert.equal(taken.length, 10);
      await until(() => rooms.length > 0);
      assert.ok(write(50));
      await file.close();
    });

    it("stays with the file it has when it can begin no new one, and says why", async (test) => {
      const { path, file, write, troubles } = await open(test, backend);
      // A file does not take the place of a directory.
      for (const age of [1, 2]) writeFileSync(`${path}.${age}`, "older");
      mkdirSync(join(`${path}.3`, "in the way"), { recursive: true });
      await writeSlowly(write, 0, 30);
      await until(() => troubles.length > 0);
      await file.close();
      assert.deepEqual(numbers(read(path)), range(0, 30));
    });

    it("cannot be opened where there is no such directory", async (test) => {
      await assert.rejects(open(test, backend, { path: "/nonexistent/portico.log" }), { code: "ENOENT" });
    });
  });
}
