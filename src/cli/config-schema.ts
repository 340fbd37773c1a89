import * as z from "zod";
import { backendChoices } from "../engine/index.ts";
import { PACKET_LIMIT_CEILING_BYTES } from "../protocol/packet-framer.ts";
import { TEXT_PACKET_OVERHEAD_BYTES } from "../protocol/text.ts";
import { MESSAGE_LIMIT_CEILING_BYTES } from "../websocket/index.ts";
import {
  address,
  bearerToken,
  byteSize,
  choice,
  cidrList,
  duration,
  flag,
  keyInfos,
  optionalAddress,
  originList,
  path,
  show,
  textLine,
  wholeNumber,
  type KeyInfo,
} from "./config-value.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MILLION = 1_000_000;

/** Every section and key, with its default, its range and a sentence about it. */
export const configSchema = z
  .strictObject({
    packets: z.strictObject({
      address: address("127.0.0.1:9000", "Where clients connect over TCP."),
      proxyProtocol: flag(false, "Whether connections of http.trustedProxies begin with a PROXY header."),
      tls: flag(false, "Whether packets go over TLS."),
    }),
    http: z.strictObject({
      address: address("127.0.0.1:8080", "Where HTTP, WebSocket and the web client are served."),
      connections: wholeNumber(
        1024,
        1,
        16_384,
        "HTTP connections at once; WebSockets count for limits.connections.",
      ),
      trustedProxies: cidrList(
        "Proxies whose X-Forwarded-For and PROXY headers are believed: ranges, separated by commas.",
      ),
      proxyProtocol: flag(false, "Whether HTTP connections of trusted proxies begin with a PROXY header."),
      tls: flag(false, "Whether HTTP and WebSocket, administration too, go over TLS (https, wss)."),
      origins: originList(
        "Whose pages may connect by WebSocket, separated by commas; empty: this server's own.",
      ),
      headers: byteSize("16KiB", KIB, MIB, "The largest request line and headers together."),
      headersTimeout: duration("10s", 100, HOUR_MS, "Time for a request's headers."),
      requestTimeout: duration("30s", 100, HOUR_MS, "Time for a whole request."),
      keepAlive: duration("10s", 100, HOUR_MS, "Time without a request after which a connection is closed."),
      stallTimeout: duration(
        "60s",
        100,
        HOUR_MS,
        "Time in which a client takes nothing of an answer, after which it is given up.",
      ),
      requestsPerConnection: wholeNumber(1000, 1, MILLION, "Requests after which a connection is closed."),
    }),
    tls: z.strictObject({
      certificate: textLine("A file with the certificate and those above it, PEM; see docs/TLS.md."),
      key: textLine("A file with the certificate's key, PEM, not encrypted."),
      more: textLine("Certificates for other names: pairs CERTIFICATE KEY of files, separated by commas."),
      minVersion: choice(["TLSv1.2", "TLSv1.3"], "TLSv1.2", "The oldest TLS that is spoken."),
      ciphers: textLine(
        "Ciphers of TLS 1.2 in OpenSSL's names, colons between them; empty: ECDHE with AES-GCM or ChaCha20.",
      ),
      clientCertificates: choice(
        ["none", "request", "require"],
        "none",
        "Whether clients of packets are asked for a certificate, or need one.",
      ),
      ca: textLine("A file with the authorities of client certificates, PEM."),
      driver: choice(
        ["auto", "openssl", "node"],
        "auto",
        "Who encrypts: OpenSSL called directly (openssl), Node's TLSSocket (node), or the first where it can.",
      ),
      tickets: flag(true, "Whether clients may resume TLS sessions by tickets."),
      handshakes: wholeNumber(
        1024,
        1,
        MILLION,
        "TLS handshakes under way at once on one address; more are refused.",
      ),
      handshakeTimeout: duration("10s", 100, HOUR_MS, "Time for a TLS handshake."),
    }),
    websocket: z.strictObject({
      deflate: flag(false, "Whether messages are compressed for clients that ask for it."),
      message: byteSize(
        "64KiB",
        1024,
        MESSAGE_LIMIT_CEILING_BYTES,
        "The largest message, of one packet or several, decompressed.",
      ),
    }),
    data: z.strictObject({
      directory: path("./portico-data", "Where accounts and messages are kept; made when missing."),
      maintenance: duration(
        "10s",
        1000,
        HOUR_MS,
        "How often retention, expiry and the search index are seen to.",
      ),
    }),
    engine: z.strictObject({
      backend: choice(
        backendChoices,
        "auto",
        "Which completion port to use; auto picks the best that works.",
      ),
      arenaLimit: byteSize(
        "256MiB",
        MIB,
        64 * GIB,
        "Memory for bytes that wait to be sent, all sessions together.",
      ),
    }),
    limits: z.strictObject({
      packet: byteSize("16KiB", 1024, PACKET_LIMIT_CEILING_BYTES, "The largest packet, header included."),
      text: byteSize("4000B", 1, PACKET_LIMIT_CEILING_BYTES, "The longest text of a message, in UTF-8."),
      sendQueue: byteSize("1MiB", KIB, GIB, "Bytes that may wait for one session before it is disconnected."),
      connections: wholeNumber(16_384, 1, MILLION, "Connections at once."),
      connectionsPerAddress: wholeNumber(
        1024,
        0,
        MILLION,
        "Connections at once from one address; 0: no limit.",
      ),
      acceptRate: wholeNumber(0, 0, MILLION, "Connections accepted per second; 0: no limit."),
      acceptRatePerAddress: wholeNumber(0, 0, MILLION, "The same from one address; 0: no limit."),
      invalidPackets: wholeNumber(
        10,
        1,
        MILLION,
        "Packets without meaning before a session is disconnected.",
      ),
      roomsPerSession: wholeNumber(32, 1, 65_536, "Rooms that one session may be in, the lobby included."),
      memoryRoomTail: wholeNumber(256, 0, 100_000, "Messages that a memory room keeps."),
      roomsOwnedPerUser: wholeNumber(20, 0, 100_000, "Rooms that one user may own."),
      roomMembers: wholeNumber(20_000, 1, MILLION, "Users in one room at once."),
      blocksPerUser: wholeNumber(500, 0, 100_000, "Users that one user may block."),
    }),
    timeouts: z.strictObject({
      handshake: duration("10s", 0, HOUR_MS, "Time from connecting to having logged in; 0s: no limit."),
      ping: duration("25s", 0, DAY_MS, "Silence after which a client is pinged; 0s: never."),
      pong: duration("8s", 100, HOUR_MS, "Silence after a ping that ends the connection."),
      shutdown: duration("30s", 0, HOUR_MS, "The most that stopping waits for answers under way."),
    }),
    rates: z.strictObject({
      packetsPerSecond: wholeNumber(50, 0, MILLION, "Packets per second of one session; 0: no limit."),
      packetsBurst: wholeNumber(
        200,
        1,
        MILLION,
        "Packets that a session may send at once after a quiet time.",
      ),
      loginsPerMinutePerAddress: wholeNumber(30, 0, MILLION, "Login attempts, right or wrong; 0: no limit."),
      registrationsPerHourPerAddress: wholeNumber(20, 0, MILLION, "Accounts asked for; 0: no limit."),
      fanOutPerUser: byteSize(
        "64MiB",
        0,
        GIB,
        "Bytes of text times members that one user may cause per second; 0B: no limit.",
      ),
      fanOutPerAddress: byteSize("64MiB", 0, GIB, "The same for one address; 0B: no limit."),
    }),
    login: z.strictObject({
      guests: flag(false, "Whether one may log in without an account."),
      registration: flag(true, "Whether one may make an account."),
      duplicates: choice(
        ["allow", "reject", "replace"],
        "allow",
        "What a further login of the same user does: both stay, the new or the old one goes.",
      ),
      maxSessionsPerUser: wholeNumber(
        8,
        1,
        1024,
        "Sessions of one user at once, where duplicates are allowed.",
      ),
      invitations: flag(false, "Whether a new account needs an invitation code (portico invite)."),
      tokenLifetime: duration(
        "30d",
        MINUTE_MS,
        365 * DAY_MS,
        "How long a client may come back without the password.",
      ),
      tokensPerUser: wholeNumber(
        16,
        1,
        1024,
        "Devices of one user that may; the longest unused is forgotten.",
      ),
      attemptsAtOnce: wholeNumber(16_384, 1, 65_536, "Logins and registrations under way at once."),
    }),
    jwt: z.strictObject({
      secret: textLine("Secret of tokens (HS256, HS384, HS512), at least 32 bytes.", { isSecret: true }),
      jwksUrl: textLine("Where the keys of tokens are (JSON Web Key Set); instead of a secret."),
      jwksFile: textLine("A file with these keys; instead of an address."),
      issuer: textLine("Who must have made a token (iss); needed with any of the three."),
      audience: textLine("Whom a token must be for (aud); needed too."),
      nameClaim: textLine("The claim with the user's name; empty: preferred_username, name or sub."),
    }),
    lobby: z.strictObject({
      kind: choice(["logged", "memory"], "logged", "Whether the lobby's messages are kept on the disk."),
    }),
    notices: z.strictObject({
      maxMembers: wholeNumber(200, 0, MILLION, "The largest room that is told who joins and leaves."),
    }),
    whispers: z.strictObject({
      offline: choice(
        ["store", "reject"],
        "store",
        "Whether a whisper to an account that is not here is kept for it, or refused.",
      ),
    }),
    moderation: z.strictObject({
      wordFile: textLine("A file of words, one per line, that no message may have; empty: none."),
      wordAction: choice(
        ["refuse", "replace"],
        "refuse",
        "What happens to a message that has one; replace: asterisks in its place.",
      ),
    }),
    admin: z.strictObject({
      address: optionalAddress("An address of its own for the admin page and its API; empty: the HTTP one."),
      token: bearerToken("What the admin page asks for; empty: made once and kept in the data directory."),
      wrongTokens: wholeNumber(10, 1, MILLION, "Wrong tokens that one address may send in a minute."),
    }),
    metrics: z.strictObject({
      access: choice(["open", "token"], "open", "Whether /metrics needs a token."),
      token: bearerToken("Its token; empty: the admin token."),
    }),
    log: z.strictObject({
      level: choice(
        ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
        "info",
        "The least important log lines that are written.",
      ),
      format: choice(
        ["auto", "json", "pretty"],
        "auto",
        "JSON, or for people; auto: for people on a terminal, JSON elsewhere.",
      ),
      file: textLine("Where log lines go instead of the standard error stream; empty: nowhere else."),
      maxBytes: byteSize("64MiB", 64 * KIB, 64 * GIB, "The size at which a new log file is begun."),
      keep: wholeNumber(5, 1, 1000, "Older log files that are kept: FILE.1, the newest of them, and so on."),
      queue: byteSize(
        "1MiB",
        64 * KIB,
        GIB,
        "Log lines that may wait for the disk; more are lost, and counted.",
      ),
    }),
  })
  .superRefine(({ limits, jwt, websocket, tls, packets, http }, context) => {
    if ((packets.tls || http.tls) && (tls.certificate === "" || tls.key === "")) {
      context.addIssue({
        code: "custom",
        path: ["tls", tls.certificate === "" ? "certificate" : "key"],
        message:
          "is empty; packets.tls and http.tls need a certificate and its key (to try it out: portico cert)",
        input: tls.certificate,
      });
    }
    if (tls.clientCertificates !== "none" && tls.ca === "") {
      context.addIssue({
        code: "custom",
        path: ["tls", "ca"],
        message: "is empty; tls.clientCertificates needs the authorities that they are from",
        input: tls.ca,
      });
    }
    const leastPacket = limits.text + TEXT_PACKET_OVERHEAD_BYTES;
    if (limits.packet < leastPacket) {
      context.addIssue({
        code: "custom",
        path: ["limits", "packet"],
        message: `is ${limits.packet} bytes; expected at least ${leastPacket}: limits.text and ${TEXT_PACKET_OVERHEAD_BYTES} for what is around it`,
        input: limits.packet,
      });
    }
    const sources = [jwt.secret, jwt.jwksUrl, jwt.jwksFile].filter((source) => source !== "");
    if (sources.length > 1 || (sources.length === 1 && (jwt.issuer === "" || jwt.audience === ""))) {
      context.addIssue({
        code: "custom",
        path: ["jwt", "issuer"],
        message:
          "does not fit: tokens need one of jwt.secret, jwt.jwksUrl and jwt.jwksFile, and jwt.issuer and jwt.audience",
        input: jwt.issuer,
      });
    }
    if (websocket.message < limits.packet) {
      context.addIssue({
        code: "custom",
        path: ["websocket", "message"],
        message: `is ${websocket.message} bytes; expected at least limits.packet, ${limits.packet}`,
        input: websocket.message,
      });
    }
    if (limits.sendQueue < limits.packet) {
      context.addIssue({
        code: "custom",
        path: ["limits", "sendQueue"],
        message: `is ${limits.sendQueue} bytes; expected at least limits.packet, ${limits.packet}`,
        input: limits.sendQueue,
      });
    }
  });

/** Effective settings: sizes in bytes, durations in milliseconds, addresses parsed. */
export type PorticoConfig = z.output<typeof configSchema>;

/** A setting as documentation and the commands see it. */
export interface ConfigKey extends KeyInfo {
  /** "limits.sendQueue" */
  readonly path: string;
  readonly section: string;
  readonly name: string;
  /** "PORTICO_LIMITS_SEND_QUEUE" */
  readonly environmentName: string;
  /** "--limits-send-queue" */
  readonly flagName: string;
}

/** All of them, in the order of the schema. */
export const configKeys: readonly ConfigKey[] = Object.entries(configSchema.shape).flatMap(
  ([section, sectionSchema]) =>
    Object.entries(sectionSchema.shape).map(([name, schema]) => describeKey(section, name, schema)),
);

export const configSections: readonly string[] = Object.keys(configSchema.shape);

function describeKey(section: string, name: string, schema: z.ZodType): ConfigKey {
  const info = keyInfos.get(schema);
  if (info === undefined) throw new Error(`${show(`${section}.${name}`)} is not described`);
  // sendQueue → send-queue
  const words = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return {
    path: `${section}.${name}`,
    section,
    name,
    environmentName: `PORTICO_${section}_${words.replaceAll("-", "_")}`.toUpperCase(),
    flagName: `--${section}-${words}`,
    description: info.description,
    defaultText: info.defaultText,
    format: info.format,
  };
}
