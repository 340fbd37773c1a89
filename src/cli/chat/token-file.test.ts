import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { SeededRandom } from "../../base/random.ts";
import { TokenFile, tokenFilePath } from "./token-file.ts";

interface Rig {
  readonly path: string;
  readonly problems: string[];
  nowMs: number;
  readonly open: () => TokenFile;
}

function openRig(test: TestContext): Rig {
  const directory = mkdtempSync(join(tmpdir(), "portico-tokens-"));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  const random = new SeededRandom(1);
  const problems: string[] = [];
  const path = join(directory, "portico", "tokens.json");
  const rig: Rig = {
    path,
    problems,
    nowMs: 1000,
    open: () =>
      new TokenFile({ path, nowMs: () => rig.nowMs, random, report: (problem) => problems.push(problem) }),
  };
  return rig;
}

describe("what is remembered for the next login", () => {
  it("is found by server and user, by whoever opens the file next", (test) => {
    const rig = openRig(test);
    const first = rig.open();
    assert.equal(first.find("a:1", "mina", "token"), undefined);
    first.remember("a:1", "Mina", "token", "aa01", 5000);
    first.remember("a:1", "mina", "guest", "bb02");
    first.remember("b:1", "mina", "token", "cc03", 5000);
    first.remember("a:1", "mina", "token", "dd04", 5000);
    const second = rig.open();
    assert.equal(second.find("A:1", "MINA", "token"), "dd04");
    assert.equal(second.find("a:1", "mina", "guest"), "bb02");
    second.forget("a:1", "mina", "token");
    assert.equal(first.find("a:1", "mina", "token"), undefined);
    assert.equal(first.find("b:1", "mina", "token"), "cc03");
    assert.deepEqual(rig.problems, []);
  });

  it("is nobody else's to read, and no half of it is ever there", (test) => {
    const rig = openRig(test);
    rig.open().remember("a:1", "mina", "token", "aa", 5000);
    assert.equal(statSync(rig.path).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(rig.path)).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(dirname(rig.path)), ["tokens.json"]);
  });

  it("expires", (test) => {
    const rig = openRig(test);
    rig.open().remember("a:1", "mina", "token", "aa", 5000);
    rig.nowMs = 5000;
    assert.equal(rig.open().find("a:1", "mina", "token"), undefined);
  });

  it("has an end", (test) => {
    const rig = openRig(test);
    const file = rig.open();
    for (let index = 0; index < 105; index++) file.remember(`a:${index}`, "mina", "token", "aa", 5000);
    assert.equal(file.find("a:4", "mina", "token"), undefined);
    assert.equal(file.find("a:5", "mina", "token"), "aa");
  });

  for (const broken of ["{", "[]", '{"version":2,"entries":[]}', '{"version":1,"entries":[{"server":1}]}']) {
    it(`is reported and ignored when it is ${broken}`, (test) => {
      const rig = openRig(test);
      mkdirSync(dirname(rig.path));
      writeFileSync(rig.path, broken);
      const file = rig.open();
      assert.equal(file.find("a:1", "mina", "token"), undefined);
      assert.equal(readFileSync(rig.path, "utf8"), broken);
      file.remember("a:1", "mina", "token", "aa", 5000);
      assert.equal(file.find("a:1", "mina", "token"), "aa");
      assert.equal(readFileSync(`${rig.path}.broken`, "utf8"), broken);
      assert.deepEqual(rig.problems, [`${rig.path} cannot be understood, and is ignored`]);
    });
  }

  it("is done without where it cannot be written", (test) => {
    const rig = openRig(test);
    writeFileSync(dirname(rig.path), "a file where the directory should be");
    rig.open().remember("a:1", "mina", "token", "aa", 5000);
    assert.match(rig.problems.join(), /cannot be (read|written) \(E(NOTDIR|EXIST)\)/);
    assert.ok(!existsSync(rig.path));
  });

  it("lies where the XDG specification says", () => {
    assert.equal(tokenFilePath({ XDG_STATE_HOME: "/var/state" }), "/var/state/portico/tokens.json");
    for (const XDG_STATE_HOME of ["", "relative/path"]) {
      assert.match(tokenFilePath({ XDG_STATE_HOME }), /\/\.local\/state\/portico\/tokens\.json$/);
    }
  });
});
