import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChatServer } from "../../src/chat/chat-server.ts";
import { type BackendChoice, openPort, SendBufferPool, socketAddress } from "../../src/engine/index.ts";
import { createHttpServer } from "../../src/http/http-limits.ts";
import { HttpService } from "../../src/http/http-service.ts";
import { announce, option } from "./control.ts";

/**
 * Portico's whole chat server with its HTTP port, as `portico serve` runs them, without the pages: members
 * come over WebSocket. Its limits of rate and of connections per address are off: one machine plays every
 * client.
 */
const directory = mkdtempSync(join(tmpdir(), "portico-bench-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));

const connections = Number(option("connections", "20000"));
const { port } = openPort({ backend: option("backend", "auto") as BackendChoice });
const sendBuffers = new SendBufferPool(port.arena);
const http = new HttpService({
  port,
  sendBuffers,
  firstSlot: connections,
  limits: { upgradedConnections: connections },
});
const server = await startChatServer({
  packets: { address: socketAddress("127.0.0.1", 0) },
  port,
  sendBuffers,
  data: { directory },
  limits: { connections, connectionsPerAddress: 0 },
  rates: {
    packetsPerSecond: 0,
    loginsPerMinutePerAddress: 0,
    fanOutBytesPerSecondPerUser: 0,
    fanOutBytesPerSecondPerAddress: 0,
  },
  login: { guests: true },
});
http.setUpgrade("/ws", (request, session, head) => server.acceptWebSocket(request, session, head));
const address = await http.listen(socketAddress("127.0.0.1", 0), createHttpServer(http.limits));
announce(address.port, () => server.counters());
