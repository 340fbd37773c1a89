import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryDisk } from "../../src/chat/store/memory-disk.ts";
import { MemoryStore } from "../../src/chat/store/memory-store.ts";
import { openSqliteStore } from "../../src/chat/store/sqlite/sqlite-store.ts";
import { describeStore } from "./store-suite.ts";

describeStore("SqliteStore", async () => {
  const directory = await mkdtemp(join(tmpdir(), "portico-store-"));
  return {
    open: (options) => openSqliteStore({ ...options, directory: join(directory, "data") }),
    discard: () => rm(directory, { recursive: true }),
  };
});

describeStore("MemoryStore", async () => {
  const disk = new MemoryDisk();
  return {
    open: async (options) => new MemoryStore({ ...options, disk }),
    discard: async () => undefined,
  };
});

describeStore("MemoryStore, with a slow disk", async () => {
  const disk = new MemoryDisk();
  return {
    open: async (options) => new MemoryStore({ ...options, disk, defer: (action) => setImmediate(action) }),
    discard: async () => undefined,
  };
});
