import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { SeededRandom } from "../base/random.ts";
import { ADMIN_TOKEN_FILE, keptAdminToken } from "./admin-token.ts";

function directoryOf(test: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "portico-token-"));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "data");
}

describe("keptAdminToken", () => {
  it("makes a token once, its owner's alone, and keeps it", (test) => {
    const directory = directoryOf(test);
    const token = keptAdminToken(directory, new SeededRandom(1));
    assert.match(token, /^[\w-]{32}$/);
    assert.equal(keptAdminToken(directory, new SeededRandom(2)), token);
    assert.deepEqual(readdirSync(directory), [ADMIN_TOKEN_FILE], "nothing else is left behind");
    if (process.platform !== "win32") {
      const path = join(directory, ADMIN_TOKEN_FILE);
      assert.equal(statSync(path).mode & 0o777, 0o600);
      chmodSync(path, 0o644);
      keptAdminToken(directory, new SeededRandom(3));
      assert.equal(statSync(path).mode & 0o777, 0o600);
    }
  });

  it("makes another where the file cannot be a token", (test) => {
    const directory = directoryOf(test);
    const path = join(directory, ADMIN_TOKEN_FILE);
    mkdirSync(directory);
    for (const [seed, content] of [
      "",
      "short\n",
      "two words that are long enough\n",
      `${"x".repeat(300)}\n`,
    ].entries()) {
      writeFileSync(path, content);
      const token = keptAdminToken(directory, new SeededRandom(seed));
      assert.match(token, /^[\w-]{32}$/);
      assert.equal(readFileSync(path, "utf8"), `${token}\n`);
    }
  });

  it("takes one that a person wrote there", (test) => {
    const directory = directoryOf(test);
    mkdirSync(directory);
    writeFileSync(join(directory, ADMIN_TOKEN_FILE), "correct-horse-battery-staple\n");
    assert.equal(keptAdminToken(directory, new SeededRandom(1)), "correct-horse-battery-staple");
  });

  it("says what is wrong when the file cannot be read", (test) => {
    const directory = directoryOf(test);
    mkdirSync(join(directory, ADMIN_TOKEN_FILE), { recursive: true });
    assert.throws(() => keptAdminToken(directory, new SeededRandom(1)), { code: "EISDIR" });
  });
});
