import assert from "node:assert/strict";
import { SeededRandom } from "../../../src/base/random.ts";
import { AsyncFile } from "../../../src/engine/index.ts";
import type { PortCase } from "../port-suite.ts";

/** Records of one letter each, numbered, so that any loss, repeat or tear shows. */
function record(index: number, random: SeededRandom): string {
  return `${index} ${"é".repeat(random.below(random.chance(0.02) ? 40_000 : 60))}\n`;
}

/** `AsyncFile` over every port. */
export function asyncFileCases(portCase: PortCase): void {
  portCase("records written without waiting are in the file, whole and in order", async (_world, env) => {
    const path = `${env.files.directory}/log`;
    const file = await env.settled(AsyncFile.open(env.server, path, { queueLimitBytes: 8 << 20 }));
    const random = new SeededRandom(43);
    const records: string[] = [];
    for (let index = 0; index < 1500; index++) {
      const text = record(index, random);
      records.push(text);
      assert.ok(file.write(random.chance(0.5) ? text : Buffer.from(text)));
      if (random.chance(0.02)) await env.settled(random.chance(0.5) ? file.flush() : file.sync());
    }
    await env.settled(file.flush());
    const expected = Buffer.from(records.join(""));
    assert.equal(file.queuedBytes, 0);
    assert.equal(file.sizeBytes, expected.byteLength);
    assert.ok(file.counters.writes < records.length / 2, "what came in one turn went out merged");
    await env.settled(file.close());
    await env.settled(file.close());
    assert.ok(env.files.read(path).equals(expected));
    assert.equal(file.write("late\n"), false);
    await assert.rejects(file.sync(), { code: "FILE_CLOSED" });
    assert.deepEqual(
      [file.counters.droppedRecords, file.counters.lostBytes, file.counters.errors],
      [0, 0, 0],
    );
  });

  portCase(
    "a file that is renamed and opened anew loses no byte and tears no record",
    async (_world, env) => {
      const path = `${env.files.directory}/rotated`;
      const file = await env.settled(AsyncFile.open(env.server, path, { queueLimitBytes: 8 << 20 }));
      const random = new SeededRandom(47);
      const paths: string[] = [];
      const records: string[] = [];
      for (let round = 0; round < 12; round++) {
        for (let count = 0; count < 40; count++) {
          records.push(record(records.length, random));
          assert.ok(file.write(records.at(-1) as string));
        }
        if (random.chance(0.5)) await env.settled(file.flush());
        env.files.rename(path, `${path}.${round}`);
        paths.push(`${path}.${round}`);
        const rotated = file.rotate(path);
        records.push(record(records.length, random)); // while the other file is being opened
        assert.ok(file.write(records.at(-1) as string));
        if (round % 4 === 3) records.push(record(records.length, random));
        if (round % 4 === 3) assert.ok(file.write(records.at(-1) as string));
        await env.settled(rotated);
      }
      await env.settled(file.close());
      const contents = [...paths, path].map((each) => env.files.read(each).toString());
      assert.equal(contents.join(""), records.join(""));
      for (const content of contents) assert.match(content, /^(?:\d+ é*\n)*$/, "whole records");
    },
  );

  portCase("a file that cannot be opened for a rotation leaves the present one", async (_world, env) => {
    const { directory } = env.files;
    const file = await env.settled(AsyncFile.open(env.server, `${directory}/kept`));
    file.write("before\n");
    await assert.rejects(env.settled(file.rotate(`${directory}/missing/log`)), { code: "ENOENT" });
    file.write("after\n");
    await env.settled(Promise.all([file.rotate(`${directory}/second`), file.rotate(`${directory}/third`)]));
    assert.equal(file.path, `${directory}/third`);
    file.write("at last\n");
    await env.settled(file.close());
    assert.equal(env.files.read(`${directory}/kept`).toString(), "before\nafter\n");
    assert.equal(env.files.read(`${directory}/second`).toString(), "");
    assert.equal(env.files.read(`${directory}/third`).toString(), "at last\n");
    const missing = AsyncFile.open(env.server, `${directory}/missing/log`);
    await assert.rejects(env.settled(missing), { code: "ENOENT" });
  });

  portCase("records that do not fit are dropped whole, counted and told", async (_world, env) => {
    const path = `${env.files.directory}/bounded`;
    const told: number[] = [];
    const file: AsyncFile = await env.settled(
      AsyncFile.open(env.server, path, {
        queueLimitBytes: 1000,
        onDropped: (records, bytes) => {
          told.push(records);
          assert.ok(file.write(`dropped ${records} ${bytes}\n`));
        },
      }),
    );
    let accepted = 0;
    while (file.write("0123456789abcde\n")) accepted++;
    assert.equal(accepted, 62);
    assert.equal(file.write("x".repeat(200)), false);
    assert.equal(file.write("8 bytes\n"), true, "a smaller one may still fit");
    assert.deepEqual(told, [], "not while there is no room for saying so");
    await env.until(() => told.length > 0, "it is told");
    await env.settled(file.close());
    assert.equal(
      env.files.read(path).toString(),
      `${"0123456789abcde\n".repeat(62)}8 bytes\ndropped 2 216\n`,
    );
    assert.deepEqual([file.counters.droppedRecords, file.counters.droppedBytes], [2, 216]);
  });

  portCase("a port that closes ends an asynchronous file, and says what was lost", async (_world, env) => {
    const { directory } = env.files;
    const idle = await env.settled(AsyncFile.open(env.server, `${directory}/idle`));
    const busy = await env.settled(AsyncFile.open(env.server, `${directory}/busy`));
    idle.write("kept\n");
    await env.settled(idle.flush());
    for (let count = 0; count < 100; count++) busy.write("0123456789\n");
    const flushed = busy.flush().catch((error: unknown) => error);
    const rotated = idle.rotate(`${directory}/other`).catch((error: unknown) => error);
    await env.close();
    await Promise.all([flushed, rotated]);
    assert.ok(!idle.isOpen && !busy.isOpen);
    assert.equal(busy.write("late\n"), false);
    await idle.close();
    const { lostBytes, writtenBytes } = busy.counters;
    assert.equal(lostBytes + writtenBytes, 1100);
    if (lostBytes > 0) await assert.rejects(busy.close(), { code: "FILE_CLOSED" });
  });
}
