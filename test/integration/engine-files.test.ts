import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { AsyncFile, openPort, type PortError } from "../../src/engine/index.ts";
import { probeUring } from "../../src/engine/uring/probe.ts";

const directory = mkdtempSync(join(tmpdir(), "portico-files-"));
after(() => rmSync(directory, { recursive: true, force: true }));

const probe = probeUring();
const uringSkip = probe.available ? false : `io_uring does not work here: ${probe.reason}`;
const isLinux = process.platform === "linux";

for (const backend of ["uring", "libuv"] as const) {
  describe(`files on ${backend}`, { skip: backend === "uring" ? uringSkip : false }, () => {
    it(
      "hear of a full disk from the kernel",
      { skip: isLinux ? false : "/dev/full is Linux's" },
      async () => {
        const { port } = openPort({ backend });
        const errors: PortError[] = [];
        const file = await AsyncFile.open(port, "/dev/full", { onError: (error) => errors.push(error) });
        assert.equal(file.sizeBytes, 0);
        file.write("no room\n");
        await assert.rejects(file.flush(), { code: "ENOSPC" });
        assert.equal(errors.length, 1);
        await assert.rejects(file.close(), { code: "ENOSPC" });
        assert.equal(file.counters.lostBytes, 8);
        await port.close();
        assert.equal(port.counters.outstandingOperations, 0);
      },
    );

    it("do not keep the process alive while nothing is under way, but until then", () => {
      const path = join(directory, `idle-${backend}`);
      const program = join(import.meta.dirname, "../support/idle-file-process.ts");
      const { status, stderr } = spawnSync(process.execPath, [program, backend, path], {
        encoding: "utf8",
        timeout: 60_000, // hung
      });
      assert.equal(status, 0, stderr);
      assert.equal(readFileSync(path, "utf8"), "flushed\nunder way\n");
    });

    it(
      "are made with the mode that was asked for",
      { skip: isLinux ? false : "modes are POSIX's" },
      async () => {
        const { port } = openPort({ backend });
        const umask = process.umask(0o022);
        try {
          for (const [name, options, expected] of [
            ["default", {}, 0o640],
            ["secret", { mode: 0o600 }, 0o600],
          ] as const) {
            const path = join(directory, `${name}-${backend}`);
            const file = await AsyncFile.open(port, path, options);
            await file.rotate(`${path}.next`);
            await file.close();
            for (const each of [path, `${path}.next`]) assert.equal(statSync(each).mode & 0o777, expected);
          }
        } finally {
          process.umask(umask);
        }
        await port.close();
      },
    );
  });
}

describe("an open on uring that the kernel keeps waiting", { skip: uringSkip }, () => {
  it("is taken back when the port closes", async (context) => {
    const path = join(directory, "fifo");
    try {
      execFileSync("mkfifo", [path]);
    } catch {
      context.skip("there is no mkfifo here");
      return;
    }
    assert.ok(existsSync(path));
    const { port } = openPort({ backend: "uring" });
    const opening = AsyncFile.open(port, path); // nobody reads
    const refused = assert.rejects(opening, { code: "ECANCELED" });
    await new Promise((resolve) => port.startTimer(50, () => resolve(undefined)));
    await port.close();
    await refused;
    assert.equal(port.counters.outstandingOperations, 0);
    assert.equal(port.counters.openFiles, 0);
  });
});
