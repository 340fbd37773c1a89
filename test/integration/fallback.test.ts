import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { openChatClient } from "../../src/client/index.ts";
import { probeUring } from "../../src/engine/uring/probe.ts";
import { ServeProcess } from "../support/serve-process.ts";

const preload = (name: string): string => fileURLToPath(new URL(`../support/${name}.ts`, import.meta.url));

const probe = probeUring();

/** Why seccomp cannot be used here to deny io_uring, or false. */
function whyNoSeccomp(): string | false {
  if (!probe.available) return `io_uring does not work here anyway: ${probe.reason}`;
  const { status, stderr } = spawnSync(process.execPath, ["--import", preload("deny-io-uring"), "-e", ""], {
    encoding: "utf8",
  });
  if (status === 0) return false;
  return `no seccomp filter can be set here: ${/^\w*Error:? .*/m.exec(stderr)?.[0] ?? stderr.trim()}`;
}

const cannotDeny = whyNoSeccomp();

/** The contract of ports and of sessions, and the heart of the chat. */
const suites = [
  "test/conformance/port.test.ts",
  "test/conformance/session.test.ts",
  ...["talk", "login", "rooms", "messages", "resume", "lifecycle", "draining", "bad-input"].map(
    (name) => `test/integration/chat-${name}.test.ts`,
  ),
];

/** Runs test files in a process of their own, as `npm test` does, and gives what it printed. */
async function runTests(
  files: readonly string[],
  settings: NodeJS.ProcessEnv,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const ours = /^(NODE_TEST_CONTEXT|NODE_OPTIONS|PORTICO_.*|FORCE_COLOR)$/;
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !ours.test(key)));
  const child = spawn(
    process.execPath,
    [
      "--test",
      "--test-concurrency=2",
      "--test-timeout=240000",
      "--test-reporter=./test/support/ports-reporter.ts",
      ...files,
    ],
    { cwd: root, env: { ...env, NO_COLOR: "1", ...settings }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  const keep = (text: string): void => {
    output += text;
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}

/** What denies io_uring, and what the server has to say about it. */
const denials = [
  { name: "koffi cannot be loaded", file: "deny-koffi", says: /koffi/i, skip: false },
  {
    name: "a seccomp filter forbids io_uring",
    file: "deny-io-uring",
    says: /EPERM|not permitted|seccomp|forbid|denied/i,
    skip: cannotDeny,
  },
];

describe("falling back to libuv", () => {
  for (const { name, file, says, skip } of denials) {
    it(`serves on libuv and says why when ${name}`, { skip }, async () => {
      const directory = mkdtempSync(join(tmpdir(), "portico-fallback-"));
      const server = await ServeProcess.start(directory, { nodeFlags: ["--import", preload(file)] });
      const { client, close } = openChatClient({ server: server.packets });
      try {
        const backendLine = /^ *backend .*$/m.exec(server.output)?.[0] ?? server.output;
        assert.match(backendLine, /libuv/);
        assert.match(backendLine, says);
        const { lobby } = await client.connect({ name: "mina", password: "walnut-tree" }, { register: true });
        assert.equal((await client.publish(lobby.roomId, "it works all the same")).offset, 1);
      } finally {
        await close();
        assert.equal(await server.stop(), 0);
        const told = server.log.split("\n").filter((line) => says.test(line) || /uring/.test(line));
        assert.equal(told.length, 1, `it says so once:\n${server.log}`);
        rmSync(directory, { recursive: true, force: true });
      }
    });

    it(`refuses in one line when uring was asked for and ${name} (no port)`, { skip }, async () => {
      const directory = mkdtempSync(join(tmpdir(), "portico-fallback-"));
      await assert.rejects(
        ServeProcess.start(directory, {
          nodeFlags: ["--import", preload(file)],
          settings: ["engine.backend=uring"],
        }),
        (error: Error) => {
          assert.match(error.message, /serve ended with 1/);
          assert.equal(error.message.trim().split("\n").length, 2, error.message);
          assert.match(error.message, says);
          return true;
        },
      );
      rmSync(directory, { recursive: true, force: true });
    });
  }

  it("lets the suites and the chat pass on libuv when io_uring is denied", { skip: cannotDeny }, async () => {
    const { code, output } = await runTests(suites, {
      NODE_OPTIONS: `--import=${pathToFileURL(preload("deny-io-uring")).href}`,
      // The simulated port has nothing to do with it.
      PORTICO_TEST_BACKENDS: "uring,libuv",
    });
    assert.equal(code, 0, output);
    assert.match(output, /^ℹ fail 0$/m, output);
    const [last = ""] = output.trimEnd().split("\n").slice(-1);
    const [, count = ""] =
      /^ℹ ports libuv ([\d,]+) tests; skipped: uring \(.*\bEPERM\b.*\), iocp/.exec(last) ?? [];
    // Whole suites, not what is left of them.
    assert.ok(Number(count.replaceAll(",", "")) > 150, last);
  });
});
