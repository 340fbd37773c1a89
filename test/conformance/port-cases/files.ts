import assert from "node:assert/strict";
import { errnoName, type FileEvents, type FileOptions, type PortFile } from "../../../src/engine/index.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { GATHER_PIECES, SendQueue } from "../../../src/engine/send-queue.ts";
import type { PortEnvironment } from "../environments.ts";
import type { PortCase } from "../port-suite.ts";
import { pattern, type PortWorld } from "../port-witness.ts";

/** One file's events, held against the contract, as `Witness` does for sockets. */
class FileWitness implements FileEvents {
  readonly queue = new SendQueue();
  readonly history: string[] = [];
  readonly writeEnds: number[] = [];
  outstanding: "none" | "write" | "sync" = "none";
  isClosed = false;
  onDone: () => void = () => {};
  file!: PortFile;
  readonly #world: PortWorld;

  constructor(world: PortWorld) {
    this.#world = world;
  }

  static async open(
    world: PortWorld,
    env: PortEnvironment,
    path: string,
    options: FileOptions = {},
  ): Promise<FileWitness> {
    const witness = new FileWitness(world);
    witness.file = await env.settled(env.server.openFile(path, options, witness));
    return witness;
  }

  #call(run: () => void): void {
    this.#world.callDepth++;
    try {
      run();
    } finally {
      this.#world.callDepth--;
    }
  }

  /** Queues a copy, as a piece of its own. */
  queueBytes(bytes: Uint8Array): void {
    const pool = this.#world.serverPool;
    const chunk = pool.open(bytes.byteLength + 1);
    const start = chunk.writtenBytes;
    chunk.bytes.set(bytes, start);
    pool.close(bytes.byteLength + 1);
    this.queue.push(chunk, start, start + bytes.byteLength);
  }

  write(): void {
    this.outstanding = "write";
    this.#call(() => this.file.write(this.queue));
  }

  sync(): void {
    this.outstanding = "sync";
    this.#call(() => this.file.sync());
  }

  close(): void {
    this.#call(() => this.file.close());
  }

  /** Writes until nothing is left. */
  async writeAll(env: PortEnvironment): Promise<void> {
    this.onDone = () => {
      if (!this.queue.isEmpty) this.write();
    };
    this.write();
    await env.until(() => this.queue.isEmpty, "everything is written");
    this.onDone = () => {};
  }

  async closeAll(env: PortEnvironment): Promise<void> {
    this.close();
    await env.until(() => this.isClosed, "the file closes");
  }

  #check(event: string, expected: "write" | "sync" | "none"): void {
    const { problems } = this.#world;
    if (this.#world.callDepth > 0) problems.push(`${event} came inside a call of the port`);
    if (this.isClosed) problems.push(`${event} came after onClosed`);
    if (this.outstanding !== expected)
      problems.push(`${event} came while ${this.outstanding} was outstanding`);
    this.outstanding = "none";
  }

  onWritten(result: number): void {
    this.#check("onWritten", "write");
    if (result === 0 || result > this.queue.byteCount)
      this.#world.problems.push(`a write of ${result} bytes`);
    this.queue.consume(Math.max(0, result));
    this.writeEnds.push(result);
    this.history.push(result < 0 ? `write ${errnoName(result)}` : "write");
    this.onDone();
  }

  onSynced(result: number): void {
    this.#check("onSynced", "sync");
    this.history.push(result < 0 ? `sync ${errnoName(result)}` : "sync");
    this.onDone();
  }

  onClosed(): void {
    this.#check("onClosed", "none");
    this.isClosed = true;
    this.history.push("closed");
    this.queue.clear();
  }
}

/** Files: opened, written at their end, synced, closed. */
export function fileCases(portCase: PortCase): void {
  portCase("a file takes every byte once, in order, whatever the pieces", async (world, env) => {
    const path = `${env.files.directory}/pieces`;
    const file = await FileWitness.open(world, env, path);
    assert.equal(file.file.sizeBytes, 0);
    assert.equal(file.file.path, path);
    assert.equal(env.server.counters.openFiles, 1);
    const random = new SeededRandom(41);
    let position = 0;
    for (let round = 0; round < 40; round++) {
      const pieceCount = round % 5 === 0 ? 1 : 1 + random.below(GATHER_PIECES * 2);
      for (let piece = 0; piece < pieceCount; piece++) {
        const byteCount = 1 + random.below(random.chance(0.05) ? 20_000 : 200);
        file.queueBytes(pattern(position, byteCount));
        position += byteCount;
      }
      await file.writeAll(env);
    }
    file.sync();
    await env.until(() => file.outstanding === "none", "it is synced");
    assert.equal(file.history.at(-1), "sync");
    assert.equal(env.server.counters.writtenBytes, position);
    await file.closeAll(env);
    assert.ok(env.files.read(path).equals(pattern(0, position)));
    assert.equal(env.server.counters.openFiles, 0);
  });

  portCase("a file that is there is appended to, emptied or refused", async (world, env) => {
    const path = `${env.files.directory}/existing`;
    const write = async (options: FileOptions, text: string): Promise<number> => {
      const file = await FileWitness.open(world, env, path, options);
      file.queueBytes(Buffer.from(text));
      await file.writeAll(env);
      await file.closeAll(env);
      return file.file.sizeBytes;
    };
    assert.equal(await write({ existing: "refuse" }, "one "), 0);
    assert.equal(await write({}, "two "), 4);
    assert.equal(await write({ existing: "append" }, "three"), 8);
    assert.equal(env.files.read(path).toString(), "one two three");
    await assert.rejects(FileWitness.open(world, env, path, { existing: "refuse" }), {
      name: "PortError",
      code: "EEXIST",
    });
    assert.equal(await write({ existing: "truncate" }, "four"), 0);
    assert.equal(env.files.read(path).toString(), "four");
  });

  portCase("two who have a file open write behind each other", async (world, env) => {
    const path = `${env.files.directory}/shared`;
    const one = await FileWitness.open(world, env, path);
    const other = await FileWitness.open(world, env, path);
    for (let round = 0; round < 10; round++) {
      const file = round % 2 === 0 ? one : other;
      file.queueBytes(Buffer.from(`${round};`));
      await file.writeAll(env);
    }
    await one.closeAll(env);
    await other.closeAll(env);
    assert.equal(env.files.read(path).toString(), "0;1;2;3;4;5;6;7;8;9;");
  });

  portCase("a file that cannot be opened rejects with the errno", async (world, env) => {
    const { directory } = env.files;
    const open = (path: string): Promise<FileWitness> => FileWitness.open(world, env, path);
    await assert.rejects(open(`${directory}/missing/file`), { name: "PortError", code: "ENOENT" });
    await assert.rejects(open(directory), { code: "EISDIR" });
    await assert.rejects(open(`${directory}/nul\0byte`), { code: "EINVAL" });
    await assert.rejects(open(`${directory}/${"x".repeat(5000)}`), { code: "ENAMETOOLONG" });
    const file = await open(`${directory}/file`);
    await assert.rejects(open(`${directory}/file/below`), { code: "ENOTDIR" });
    await file.closeAll(env);
    assert.equal(env.server.counters.outstandingOperations, 0);
  });

  portCase("a file that is closed takes nothing more, and closes once", async (world, env) => {
    const file = await FileWitness.open(world, env, `${env.files.directory}/closed`);
    file.queueBytes(Buffer.from("never"));
    file.close();
    file.close();
    assert.throws(() => file.file.write(file.queue), { code: "EBADF" });
    assert.throws(() => file.file.sync(), { code: "EBADF" });
    await env.until(() => file.isClosed, "the file closes");
    file.close();
    assert.throws(() => file.file.write(new SendQueue()), { name: /Error/ });
    await env.pause();
    assert.deepEqual(file.history, ["closed"]);
  });

  portCase("closing with a write outstanding gives both their terminal completions", async (world, env) => {
    for (let round = 0; round < 10; round++) {
      const path = `${env.files.directory}/outstanding-${round}`;
      const file = await FileWitness.open(world, env, path);
      file.queueBytes(pattern(0, 30_000));
      if (round % 3 === 2) {
        await file.writeAll(env);
        file.sync();
      } else {
        file.write();
      }
      file.close();
      await env.until(() => file.isClosed, "the file closes");
      const [first, second] = file.history.slice(-2);
      assert.match(first ?? "", /^(write|sync)( ECANCELED)?$/);
      assert.equal(second, "closed");
      const written = file.writeEnds.reduce((sum, result) => sum + Math.max(0, result), 0);
      assert.ok(env.files.read(path).equals(pattern(0, written)), "what was told is what is there");
    }
  });

  portCase("a port that closes closes its files, whatever they are at", async (world, env) => {
    const { directory } = env.files;
    const idle = await FileWitness.open(world, env, `${directory}/idle`);
    const writing = await FileWitness.open(world, env, `${directory}/writing`);
    const syncing = await FileWitness.open(world, env, `${directory}/syncing`);
    writing.queueBytes(pattern(0, 50_000));
    writing.write();
    syncing.sync();
    const opening = env.server.openFile(`${directory}/opening`, {}, new FileWitness(world));
    const refused = assert.rejects(opening, { name: "PortError" });
    world.isClosing = true;
    await env.close();
    await refused;
    for (const file of [idle, writing, syncing]) {
      assert.ok(file.isClosed);
      assert.equal(file.history.at(-1), "closed");
    }
    await assert.rejects(env.server.openFile(`${directory}/late`, {}, idle), { code: "ESHUTDOWN" });
  });

  portCase("many files are opened and written at once", async (world, env) => {
    const { directory } = env.files;
    const files = await Promise.all(
      Array.from({ length: 40 }, (_, index) => FileWitness.open(world, env, `${directory}/many-${index}`)),
    );
    for (const [index, file] of files.entries()) {
      file.queueBytes(pattern(index * 1000, 700));
      file.onDone = () => {
        if (!file.queue.isEmpty) file.write();
      };
      file.write();
    }
    await env.until(() => files.every((file) => file.queue.isEmpty), "all are written");
    for (const file of files) file.close();
    await env.until(() => files.every((file) => file.isClosed), "all are closed");
    for (let index = 0; index < files.length; index++) {
      assert.ok(env.files.read(`${directory}/many-${index}`).equals(pattern(index * 1000, 700)));
    }
  });
}
