import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChatServer } from "../../src/chat/chat-server.ts";
import { type BackendChoice, socketAddress } from "../../src/engine/index.ts";
import { announce, option } from "./control.ts";

/**
 * Portico's whole chat server, as `portico serve` runs it, with its limits of rate and of connections
 * per address off: one machine plays every client. Its data goes to the system's temporary folder, or to
 * the one given with --data.
 */
const given = option("data", "");
const directory = given === "" ? mkdtempSync(join(tmpdir(), "portico-bench-")) : given;
if (given === "") process.on("exit", () => rmSync(directory, { recursive: true, force: true }));

const server = await startChatServer({
  packets: { address: socketAddress("127.0.0.1", 0) },
  data: { directory },
  engine: { backend: option("backend", "auto") as BackendChoice },
  limits: { connections: Number(option("connections", "20000")), connectionsPerAddress: 0 },
  rates: {
    packetsPerSecond: 0,
    loginsPerMinutePerAddress: 0,
    fanOutBytesPerSecondPerUser: 0,
    fanOutBytesPerSecondPerAddress: 0,
  },
  login: { guests: true },
});
announce(server.addresses.packets.port, () => server.counters());
