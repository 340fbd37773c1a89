import { readFile } from "node:fs/promises";
import type { ChatServerOptions } from "../chat/chat-server.ts";
import type { TlsServerOptions } from "../engine/index.ts";
import { isTrustedAddress } from "../http/forwarded-address.ts";
import type { HttpLimits } from "../http/http-limits.ts";
import type { HttpServiceOptions } from "../http/http-service.ts";
import { CliError, EXIT_USAGE } from "./cli-error.ts";
import type { PorticoConfig } from "./config-schema.ts";

/** What `startChatServer` is told by a configuration, with the files it names read. Rejects with CliError. */
export async function serverOptions(
  config: PorticoConfig,
  tls?: TlsServerOptions,
): Promise<ChatServerOptions> {
  const { packets, data, engine, limits, timeouts, rates, login, lobby, notices, whispers } = config;
  const jwt = await jwtSettings(config);
  const filter = await wordFilter(config);
  return {
    packets: {
      address: packets.address,
      ...(packets.proxyProtocol
        ? { proxyHeader: (host) => isTrustedAddress(host, config.http.trustedProxies) }
        : {}),
      ...(tls === undefined ? {} : { tls }),
    },
    data: { directory: data.directory, maintenanceMs: data.maintenance },
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
      roomsOwnedPerUser: limits.roomsOwnedPerUser,
      roomMembers: limits.roomMembers,
      blocksPerUser: limits.blocksPerUser,
    },
    timeouts: {
      handshakeMs: timeouts.handshake,
      pingMs: timeouts.ping,
      pongMs: timeouts.pong,
      shutdownMs: timeouts.shutdown,
    },
    rates: {
      packetsPerSecond: rates.packetsPerSecond,
      packetsBurst: rates.packetsBurst,
      loginsPerMinutePerAddress: rates.loginsPerMinutePerAddress,
      registrationsPerHourPerAddress: rates.registrationsPerHourPerAddress,
      fanOutBytesPerSecondPerUser: rates.fanOutPerUser,
      fanOutBytesPerSecondPerAddress: rates.fanOutPerAddress,
    },
    login: {
      guests: login.guests,
      registration: login.registration,
      duplicates: login.duplicates,
      maxSessionsPerUser: login.maxSessionsPerUser,
      attemptsAtOnce: login.attemptsAtOnce,
      invitationRequired: login.invitations,
      tokenLifetimeMs: login.tokenLifetime,
      tokensPerUser: login.tokensPerUser,
      ...(jwt === undefined ? {} : { jwt }),
    },
    lobby,
    notices,
    whispers,
    filter,
    websocket: {
      deflate: config.websocket.deflate,
      messageBytes: config.websocket.message,
      origins: config.http.origins,
    },
  };
}

/** Slots that session ids have room for. */
const SLOT_LIMIT = 2 ** 20;

/**
 * What an HttpService is told by a configuration. Its slots begin where those of the packets' service end,
 * so that a session's number means one session.
 */
export function httpOptions({ http, limits }: PorticoConfig): Pick<
  HttpServiceOptions,
  "firstSlot" | "trustedProxies" | "proxyProtocol"
> & {
  readonly limits: HttpLimits;
} {
  return {
    firstSlot: limits.connections,
    limits: {
      connections: http.connections,
      // The chat itself keeps to limits.connections, however they come.
      upgradedConnections: Math.min(limits.connections, SLOT_LIMIT - limits.connections - http.connections),
      connectionsPerAddress:
        limits.connectionsPerAddress > 0 ? limits.connectionsPerAddress : Number.POSITIVE_INFINITY,
      acceptsPerSecond: limits.acceptRate,
      acceptsPerSecondPerAddress: limits.acceptRatePerAddress,
      headerBytes: http.headers,
      headersTimeoutMs: http.headersTimeout,
      requestTimeoutMs: http.requestTimeout,
      keepAliveTimeoutMs: http.keepAlive,
      stallTimeoutMs: http.stallTimeout,
      requestsPerConnection: http.requestsPerConnection,
      sendQueueBytes: limits.sendQueue,
    },
    trustedProxies: http.trustedProxies,
    proxyProtocol: http.proxyProtocol,
  };
}

type JwtSettings = NonNullable<NonNullable<ChatServerOptions["login"]>["jwt"]>;

async function jwtSettings({ jwt }: PorticoConfig): Promise<JwtSettings | undefined> {
  const { secret, jwksUrl, jwksFile, issuer, audience, nameClaim } = jwt;
  const common = { issuer, audience, ...(nameClaim === "" ? {} : { nameClaim }) };
  if (secret !== "") return { ...common, secret };
  if (jwksUrl !== "") return { ...common, jwksUrl };
  if (jwksFile !== "") return { ...common, jwks: await readText("jwt.jwksFile", jwksFile) };
  return undefined;
}

async function wordFilter({ moderation }: PorticoConfig): Promise<NonNullable<ChatServerOptions["filter"]>> {
  const { wordFile, wordAction } = moderation;
  if (wordFile === "") return { words: [] };
  const lines = (await readText("moderation.wordFile", wordFile)).split("\n");
  const words = lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  return { words, action: wordAction };
}

async function readText(key: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`${key}: ${path} cannot be read: ${why}`, EXIT_USAGE, { cause: error });
  }
}
