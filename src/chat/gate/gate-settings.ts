import { DEFAULT_PACKET_LIMIT_BYTES, PACKET_LIMIT_CEILING_BYTES } from "../../protocol/packet-framer.ts";
import { DEFAULT_TEXT_LIMIT_BYTES, TEXT_PACKET_OVERHEAD_BYTES } from "../../protocol/text.ts";
import { MESSAGE_LIMIT_CEILING_BYTES, OriginError, originRule } from "../../websocket/index.ts";
import type { JwtSettings } from "./jwt.ts";
import type { WordFilterSettings } from "./message-filter.ts";

/** What a gate allows. Every limit has a default, and an answer that docs/PROTOCOL.md gives. */
export interface GateSettings {
  readonly limits: GateLimits;
  readonly timeouts: GateTimeouts;
  readonly rates: GateRates;
  readonly login: GateLoginSettings;
  readonly filter: WordFilterSettings;
  readonly websocket: GateWebSocketSettings;
}

export interface GateLimits {
  /** A packet, header included. Above: PACKET_TOO_LARGE, disconnected. Default 16 KiB. */
  readonly packetBytes: number;
  /** A message's text in UTF-8. Above: TEXT_INVALID. Default 4000. */
  readonly textBytes: number;
  /** What waits to be sent to one session. Reached: disconnected, SLOW_READER. Default 1 MiB. */
  readonly sendQueueBytes: number;
  /** Connections at once. Reached: SERVER_FULL. Default 16,384. */
  readonly connections: number;
  /** Connections at once from one address; 0: no limit. Reached: ADDRESS_LIMIT. Default 1,024. */
  readonly connectionsPerAddress: number;
  /** Connections accepted per second; 0: no limit. Above: SERVER_FULL. Default 0. */
  readonly acceptsPerSecond: number;
  /** The same for one address. Above: ADDRESS_LIMIT. Default 0. */
  readonly acceptsPerSecondPerAddress: number;
  /** Packets that cannot be understood, in one session. Reached: PROTOCOL_ERROR. Default 10. */
  readonly invalidPackets: number;
}

export interface GateTimeouts {
  /** From connecting to having logged in. Above: HANDSHAKE_TIMEOUT. 0: no limit. Default 10 s. */
  readonly handshakeMs: number;
  /** Silence after which a client is pinged. 0: never. Default 25 s. */
  readonly pingMs: number;
  /** Silence after a ping. Above: HEARTBEAT_TIMEOUT. Default 8 s. */
  readonly pongMs: number;
}

/** 0 in any of them: no limit. Above: RATE_LIMITED with the time to wait. */
export interface GateRates {
  /** Default 50. */
  readonly packetsPerSecond: number;
  /** Packets that may come at once after a quiet time. Default 200. */
  readonly packetsBurst: number;
  /**
   * Login attempts, right or wrong, and other uses of a password: an account's to change or delete it, a
   * room's. Logins with a token count only when the token is wrong, and for themselves. Default 30.
   */
  readonly loginsPerMinutePerAddress: number;
  /** Default 20. */
  readonly registrationsPerHourPerAddress: number;
  /**
   * Bytes of what a user says times the members who get it; four seconds' worth at once. Default 64 MiB.
   */
  readonly fanOutBytesPerSecondPerUser: number;
  /** The same for all users of an address together. Default 64 MiB. */
  readonly fanOutBytesPerSecondPerAddress: number;
}

export interface GateLoginSettings {
  /** Guests may log in with a key of their own. Default false. */
  readonly guests: boolean;
  /** New accounts may be made. Default true. */
  readonly registration: boolean;
  /** New accounts need an invitation code. Default false. */
  readonly invitationRequired: boolean;
  /** Logins and registrations under way at once. More: BUSY; the hasher and the store have limits too. Default 16,384. */
  readonly attemptsAtOnce: number;
  /** How long a resume token is good for. 0: none are given. Default 30 days. */
  readonly tokenLifetimeMs: number;
  /** Tokens that one account keeps, 1 … 64; above: the longest unused goes. Default 16. */
  readonly tokensPerUser: number;
  /** Whose tokens (JWT) are taken too. Default: nobody's. */
  readonly jwt: JwtSettings | undefined;
}

/** Of connections over WebSocket; new ones go by what was set last. */
export interface GateWebSocketSettings {
  /** Whether clients that ask for it are sent compressed messages, and may send some. Default false. */
  readonly deflate: boolean;
  /** A message, of one packet or several, decompressed. Above: closed with 1009. Default 64 KiB. */
  readonly messageBytes: number;
  /**
   * Origins of the pages that may connect ("https://chat.example.org"; "*": all). Default: none; then
   * pages may that came from the host and port that they connect to. Others: 403.
   */
  readonly origins: readonly string[];
}

const MIB = 1_048_576;
const DAY_MS = 86_400_000;
const TOKENS_PER_USER_MOST = 64;
/** A room with the longest name and topic, or a refusal with the longest reason, fits. */
const PACKET_LEAST_BYTES = 1024;

export type GateSettingsInput = { readonly [Group in keyof GateSettings]?: Partial<GateSettings[Group]> };

export const defaultGateSettings: GateSettings = {
  limits: {
    packetBytes: DEFAULT_PACKET_LIMIT_BYTES,
    textBytes: DEFAULT_TEXT_LIMIT_BYTES,
    sendQueueBytes: 1_048_576,
    connections: 16_384,
    connectionsPerAddress: 1024,
    acceptsPerSecond: 0,
    acceptsPerSecondPerAddress: 0,
    invalidPackets: 10,
  },
  timeouts: { handshakeMs: 10_000, pingMs: 25_000, pongMs: 8000 },
  rates: {
    packetsPerSecond: 50,
    packetsBurst: 200,
    loginsPerMinutePerAddress: 30,
    registrationsPerHourPerAddress: 20,
    fanOutBytesPerSecondPerUser: 64 * MIB,
    fanOutBytesPerSecondPerAddress: 64 * MIB,
  },
  login: {
    guests: false,
    registration: true,
    invitationRequired: false,
    attemptsAtOnce: 16_384,
    tokenLifetimeMs: 30 * DAY_MS,
    tokensPerUser: 16,
    jwt: undefined,
  },
  filter: { words: [], action: "refuse" },
  websocket: { deflate: false, messageBytes: 65_536, origins: [] },
};

/** A setting that cannot be, or that contradicts another. `code` "BAD_SETTING". */
export class GateSettingsError extends Error {
  readonly code = "BAD_SETTING";
  constructor(message: string) {
    super(message);
    this.name = "GateSettingsError";
  }
}

/** Fills in the defaults. Throws GateSettingsError. */
export function resolveGateSettings(input: GateSettingsInput = {}): GateSettings {
  const settings: GateSettings = {
    limits: { ...defaultGateSettings.limits, ...input.limits },
    timeouts: { ...defaultGateSettings.timeouts, ...input.timeouts },
    rates: { ...defaultGateSettings.rates, ...input.rates },
    login: { ...defaultGateSettings.login, ...input.login },
    filter: { ...defaultGateSettings.filter, ...input.filter },
    websocket: { ...defaultGateSettings.websocket, ...input.websocket },
  };
  for (const [group, values] of Object.entries(settings)) {
    for (const [key, value] of Object.entries(values as Record<string, unknown>)) {
      if (typeof value === "number" && !(value >= 0)) {
        throw new GateSettingsError(`${group}.${key} must not be below 0, got ${value}`);
      }
    }
  }
  const { limits, timeouts, login, websocket } = settings;
  if (!(login.tokensPerUser >= 1 && login.tokensPerUser <= TOKENS_PER_USER_MOST)) {
    throw new GateSettingsError(
      `login.tokensPerUser must be 1 to ${TOKENS_PER_USER_MOST}, got ${login.tokensPerUser}`,
    );
  }
  if (limits.packetBytes < PACKET_LEAST_BYTES) {
    throw new GateSettingsError(
      `limits.packetBytes must be at least ${PACKET_LEAST_BYTES}, got ${limits.packetBytes}`,
    );
  }
  if (
    limits.packetBytes < limits.textBytes + TEXT_PACKET_OVERHEAD_BYTES ||
    limits.packetBytes > PACKET_LIMIT_CEILING_BYTES
  ) {
    throw new GateSettingsError(
      `limits.packetBytes (${limits.packetBytes}) must be at least limits.textBytes (${limits.textBytes}) ` +
        `+ ${TEXT_PACKET_OVERHEAD_BYTES}, and at most ${PACKET_LIMIT_CEILING_BYTES}`,
    );
  }
  if (limits.sendQueueBytes < limits.packetBytes) {
    throw new GateSettingsError(
      `limits.sendQueueBytes (${limits.sendQueueBytes}) must be at least limits.packetBytes (${limits.packetBytes})`,
    );
  }
  if (websocket.messageBytes < limits.packetBytes || websocket.messageBytes > MESSAGE_LIMIT_CEILING_BYTES) {
    throw new GateSettingsError(
      `websocket.messageBytes (${websocket.messageBytes}) must be at least limits.packetBytes ` +
        `(${limits.packetBytes}), and at most ${MESSAGE_LIMIT_CEILING_BYTES}`,
    );
  }
  try {
    originRule(websocket.origins);
  } catch (error) {
    if (!(error instanceof OriginError)) throw error;
    throw new GateSettingsError(`websocket.origins: ${error.message}`);
  }
  if (timeouts.pingMs > 0 && timeouts.pongMs === 0) {
    throw new GateSettingsError("timeouts.pongMs must be above 0 when clients are pinged");
  }
  return settings;
}
