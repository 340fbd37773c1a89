import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { openChatClient } from "../../src/client/index.ts";
import { probeUring } from "../../src/engine/uring/probe.ts";
import { ServeProcess } from "../support/serve-process.ts";

const preload = (name: string): string => fileURLToPath(new URL(`../support/${name}.ts`, import.meta.url));

const probe = probeUring();

/** What denies io_uring, and what the server has to say about it. */
const denials = [
  { name: "koffi cannot be loaded", file: "deny-koffi", says: /koffi/i, skip: false },
  {
    name: "a seccomp filter forbids io_uring",
    file: "deny-io-uring",
    says: /EPERM|not permitted|seccomp|forbid|denied/i,
    skip: probe.available ? false : `io_uring does not work here anyway: ${probe.reason}`,
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
        rmSync(directory, { recursive: true, force: true });
      }
    });

    it(`refuses to start, in one line, when uring was asked for and ${name}`, { skip }, async () => {
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
});
