import type { ChatServerOptions } from "../chat/chat-server.ts";
import type { PorticoConfig } from "./config-schema.ts";

/** What `startChatServer` is told by a configuration. The log and the HTTP side are the caller's. */
export function serverOptions(config: PorticoConfig): ChatServerOptions {
  const { packets, data, engine, limits, timeouts, rates, login, lobby, notices } = config;
  return {
    packets: { address: packets.address },
    data: { directory: data.directory },
    engine: { backend: engine.backend, arenaLimitBytes: engine.arenaLimit },
    limits: {
      packetBytes: limits.packet,
      textBytes: limits.text,
      sendQueueBytes: limits.sendQueue,
      connections: limits.connections,
      connectionsPerAddress: limits.connectionsPerAddress,
      acceptsPerSecond: limits.acceptRate,
      acceptsPerSecondPerAddress: limits.acceptRatePerAddress,
      invalidPackets: limits.invalidPackets,
      roomsPerSession: limits.roomsPerSession,
      // A memory room keeps its newest message whatever happens.
      memoryRoomTail: Math.max(limits.memoryRoomTail, 1),
    },
    timeouts: {
      handshakeMs: timeouts.handshake,
      pingMs: timeouts.ping,
      pongMs: timeouts.pong,
      shutdownMs: timeouts.shutdown,
    },
    rates,
    login,
    lobby,
    notices,
  };
}
