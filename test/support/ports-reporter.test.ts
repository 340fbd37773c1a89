import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { portOfTitle, PortTally, type PortTallyOptions, type TallyEvent } from "./port-tally.ts";

const root = "/somewhere";

/** A test or, with `tests` in it, a suite. */
interface Made {
  readonly name: string;
  readonly skip?: string | true;
  readonly fails?: boolean;
  readonly tests?: readonly Made[];
}

/** The events that the runner gives for them. */
function* eventsOf(file: string, made: readonly Made[], nesting = 0): Generator<TallyEvent> {
  for (const { name, skip, fails = false, tests } of made) {
    const common = {
      name,
      nesting,
      file: `${root}/test/conformance/a-suite.ts`,
      entryFile: `${root}/${file}`,
    };
    yield { type: "test:enqueue", data: common };
    yield { type: "test:start", data: common };
    yield* eventsOf(file, tests ?? [], nesting + 1);
    const details = { type: tests === undefined ? "test" : "suite" };
    yield { type: fails ? "test:fail" : "test:pass", data: { ...common, skip, details } };
  }
}

/** The tally of files, by their names. */
function tallyOf(files: Record<string, readonly Made[]>, options: Partial<PortTallyOptions> = {}): PortTally {
  const tally = new PortTally({ root, ...options });
  for (const [file, made] of Object.entries(files)) for (const each of eventsOf(file, made)) tally.add(each);
  tally.add({ type: "test:summary", data: {} });
  return tally;
}

/** `count` tests. */
function some(count: number, suffix = ""): Made[] {
  return Array.from({ length: count }, (_, index) => ({ name: `does ${index}${suffix}` }));
}

describe("the tally of ports", () => {
  it("reads ports from titles", () => {
    const titles: [string, ReturnType<typeof portOfTitle>][] = [
      ["talk on uring", "uring"],
      ["sessions on the libuv port", "libuv"],
      ["echo [simulated, rough network]", "simulated"],
      ["echo [TLS on iocp]", "iocp"],
      ["auto, on libuv", "libuv"],
      ["UringPort under churn", "uring"],
      ["a start on uring that fails, on libuv", "libuv"],
      ["refuses when uring was asked for (no port)", "none"],
      ["refuses when uring was asked for", undefined],
      ["on uringly", undefined],
      ["", undefined],
    ];
    for (const [title, port] of titles) assert.equal(portOfTitle(title), port, title);
  });

  it("counts tests by the innermost title that names a port", () => {
    const tally = tallyOf({
      "test/integration/talk.test.ts": [
        { name: "talk on uring", tests: [...some(1200), { name: "a suite", tests: some(4) }] },
        {
          name: "talk on libuv",
          tests: [...some(2), { name: "fails", fails: true }, ...some(1, " on iocp")],
        },
        { name: "help (no port)", tests: some(5) },
      ],
      "src/engine/uring/ring.test.ts": [
        { name: "Ring", tests: some(3) },
        { name: "UringPort", tests: some(2) },
      ],
      "src/chat/hub.test.ts": [{ name: "hub", tests: some(9) }],
      "test/simulation/all.test.ts": some(1, " on the simulated port"),
    });
    assert.equal(tally.summary(), "uring 1,206 tests, libuv 3, iocp 1, simulated 1");
    assert.deepEqual(tally.silentTests, []);
  });

  it("tells which ports were skipped, why, and what to do", () => {
    const tally = tallyOf({
      "test/conformance/port.test.ts": [
        { name: "the port on libuv", tests: some(1) },
        { name: "sessions on the uring port", skip: "denied" },
        { name: "the uring port on uring", skip: "denied" },
        { name: "something on uring", skip: "another reason" },
        { name: "sessions on the iocp port", skip: "this is linux" },
      ],
      "src/engine/iocp/overlapped.test.ts": [
        { name: "its table of errors", tests: some(9) },
        { name: "its socket", skip: "this is linux" },
      ],
    });
    assert.equal(
      tally.summary(),
      "libuv 1 test; skipped: uring (denied), " +
        "iocp (this is linux; npm run test:windows runs its tests), simulated (these files have no test of it)",
    );
  });

  it("tells what a run was narrowed to", () => {
    const files = { "test/integration/talk.test.ts": [{ name: "talk on libuv", tests: some(2) }] };
    assert.equal(
      tallyOf(files, { backends: "libuv,simulated" }).summary(),
      "libuv 2 tests; skipped: uring, iocp (PORTICO_TEST_BACKENDS is libuv,simulated), " +
        "simulated (these files have no test of it)",
    );
  });

  it("tells what was tested elsewhere, or why it was not", () => {
    const files = {
      "test/a.test.ts": [
        { name: "a on uring" },
        { name: "b on libuv" },
        { name: "c on simulated" },
        { name: "d on iocp", skip: "this is linux" },
      ],
    };
    assert.equal(
      tallyOf(files, { elsewhere: "iocp 214 tests under Wine 8.0, libuv 122" }).summary(),
      "uring 1 test, libuv 1, simulated 1; elsewhere: iocp 214 tests under Wine 8.0, libuv 122",
    );
    assert.equal(
      tallyOf(files, { elsewhere: "iocp skipped: wine64 is not installed" }).summary(),
      "uring 1 test, libuv 1, simulated 1; skipped: iocp (wine64 is not installed)",
    );
  });

  it("groups the reasons for which single tests were skipped, and keeps them few", () => {
    const skips = (count: number, skip: string): Made[] => some(count).map(({ name }) => ({ name, skip }));
    const tally = tallyOf({
      "test/integration/tls.test.ts": [
        { name: "TLS on uring", tests: [...some(1), ...skips(2, "no openssl")] },
        { name: "TLS on libuv", tests: [...some(1), ...skips(2, "no openssl")] },
      ],
      "test/a.test.ts": [...skips(6, "no browser"), { name: "x", skip: true }],
      "test/b.test.ts": ["a", "b", "c", "d", "e"].flatMap((reason, index) => skips(index + 2, reason)),
    });
    assert.match(
      tally.summary(),
      /; single tests skipped: 6 × no browser, 6 × e, 5 × d, 4 × c, 4 × no openssl, 3 × b, 3 for other reasons$/,
    );
  });

  it("finds tests that do not say their port where they must", () => {
    const tally = tallyOf({
      "test/integration/a.test.ts": [
        { name: "a", tests: [{ name: "b" }, { name: "c on uring" }] },
        { name: "d" },
      ],
      "test/conformance/b.test.ts": [
        { name: "e", fails: true },
        { name: "store (no port)", tests: some(1) },
      ],
      // Narrowed to nothing: the runner reports the file.
      "test/integration/c.test.ts": [{ name: `${root}/test/integration/c.test.ts` }],
      "test/integration/d.test.ts": [{ name: "test/integration/d.test.ts", fails: true }],
      "test/fuzz/e.test.ts": some(1),
    });
    assert.deepEqual(tally.silentTests, [
      "test/integration/a.test.ts: a > b",
      "test/integration/a.test.ts: d",
      "test/conformance/b.test.ts: e",
    ]);
  });
});

const reporter = join(import.meta.dirname, "ports-reporter.ts");

/** Runs test files with a reporter. */
function run(test: TestContext, files: Record<string, string>, name = reporter) {
  const directory = mkdtempSync(join(tmpdir(), "portico-reporter-"));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(directory, file, ".."), { recursive: true });
    writeFileSync(join(directory, file), `import { describe, it } from "node:test";\n${text}`);
  }
  // Neither this run's settings nor its colours.
  const ours = /^(NODE_TEST_CONTEXT|PORTICO_.*|FORCE_COLOR)$/;
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !ours.test(key)));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--test", "--test-concurrency=3", `--test-reporter=${name}`, ...Object.keys(files)],
    { cwd: directory, env: { ...env, NO_COLOR: "1" }, encoding: "utf8" },
  );
  assert.equal(stderr, "");
  return { status, stdout };
}

const passing = `describe("talk on libuv", () => { it("a", () => {}); it("b", () => {}); });
  describe("talk on iocp", { skip: "not here" }, () => { it("a", () => {}); });`;
const failing = `describe("talk on uring", () => { it("a", () => { throw new Error("what went wrong"); }); });`;
const silent = `describe("talk", () => { it("a", () => {}); });`;
const lastLine =
  "ℹ ports uring 1 test, libuv 2; skipped: iocp (not here; npm run test:windows runs its tests), " +
  "simulated (these files have no test of it)\n";

describe("the reporter of ports", () => {
  it("prints what spec prints, then one line, and the run ends as it should", (test) => {
    const files = { "test/integration/a.test.mjs": passing, "test/integration/b.test.mjs": failing };
    const plain = run(test, files, "spec");
    const own = run(test, files);
    const timeless = (text: string): string =>
      text.replaceAll(/\d+\.\d+ms|duration_ms .*/g, "").replaceAll(/portico-reporter-\w+/g, "");
    assert.equal(timeless(own.stdout), timeless(plain.stdout + lastLine));
    assert.match(own.stdout, /what went wrong/);
    assert.deepEqual([plain.status, own.status], [1, 1]);
    const { status, stdout } = run(test, { "test/integration/a.test.mjs": passing });
    assert.equal(status, 0);
    assert.match(stdout, /ℹ ports libuv 2 tests; skipped: .*\n$/);
  });

  it("fails a run in which a test does not say its port", (test) => {
    const { status, stdout } = run(test, {
      "test/integration/a.test.mjs": passing,
      "test/integration/b.test.mjs": silent,
    });
    assert.equal(status, 1);
    assert.match(
      stdout,
      /✖ tests that do not say .*\n {2}test\/integration\/b\.test\.mjs: talk > a\nℹ ports .*\n$/,
    );
    assert.equal(run(test, { "test/a.test.mjs": silent }).status, 0);
  });
});
