import type { SeededRandom } from "../../src/base/random.ts";
import { type ChatServer, startChatServer } from "../../src/chat/chat-server.ts";
import type { PasswordHasher } from "../../src/chat/gate/password.ts";
import type { MemoryStore } from "../../src/chat/store/memory-store.ts";
import { TcpTransport, type Transport } from "../../src/client/index.ts";
import { SendBufferPool } from "../../src/engine/index.ts";
import type { SimulatedPort } from "../../src/engine/simulated/simulated-port.ts";
import { WebDoor, WebTransport } from "../support/web-transport.ts";

const address = { family: 4, host: "127.0.0.1", port: 9000 } as const;
const webAddress = { family: 4, host: "127.0.0.1", port: 8080 } as const;
/** What may wait for one session. */
export const QUEUE_BYTES = 65_536;
const CONNECTIONS = 1024;

/** The work of a hash without the work. */
const quickHasher: PasswordHasher = {
  hash: async (password) => `quick:${password}`,
  verify: async (password, phc) => phc === `quick:${password}`,
  verifyAbsent: async () => false,
};

export interface SimulatedServerOptions {
  readonly port: SimulatedPort;
  readonly store: MemoryStore;
  readonly random: SeededRandom;
  /** New accounts need an invitation. */
  readonly hasInvitations: boolean;
}

/** A chat server on a simulated host, with its door for WebSockets, which is opened when the server is up. */
export function openSimulatedServer(options: SimulatedServerOptions): {
  readonly door: WebDoor;
  readonly starting: Promise<ChatServer>;
} {
  const { port, store, random, hasInvitations } = options;
  const sendBuffers = new SendBufferPool(port.arena);
  const door = new WebDoor({
    port,
    sendBuffers,
    address: webAddress,
    connections: CONNECTIONS,
    sendQueueBytes: QUEUE_BYTES,
  });
  const starting = startChatServer({
    packets: { address },
    port,
    sendBuffers,
    store,
    hasher: quickHasher,
    random,
    limits: { sendQueueBytes: QUEUE_BYTES, connections: CONNECTIONS, connectionsPerAddress: 0 },
    websocket: { deflate: true },
    timeouts: { handshakeMs: 10_000, pingMs: 3000, pongMs: 2000 },
    rates: {
      packetsPerSecond: 0,
      packetsBurst: 0,
      loginsPerMinutePerAddress: 0,
      registrationsPerHourPerAddress: 0,
      fanOutBytesPerSecondPerUser: 0,
      fanOutBytesPerSecondPerAddress: 0,
    },
    login: { maxSessionsPerUser: 64, guests: true, invitationRequired: hasInvitations },
    data: { maintenanceMs: 1000 },
  });
  return { door, starting };
}

/** Half of the users come over WebSocket, in all the ways that there are. */
export function wayToServer(port: SimulatedPort, random: SeededRandom): Transport {
  if (random.chance(0.5)) return new TcpTransport({ port, address, connectTimeoutMs: 2000 });
  return new WebTransport({
    port,
    address: webAddress,
    deflate: random.chance(0.4),
    ...(random.chance(0.3) ? { fragmentBytes: 16 + random.below(300) } : {}),
  });
}
