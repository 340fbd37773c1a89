import { lookup } from "node:dns";
import { type Random, realRandom } from "../base/random.ts";
import {
  type CompletionPort,
  Errno,
  formatSocketAddress,
  SendBufferPool,
  Service,
  type Session,
  type SocketAddress,
  TlsClient,
  type TlsClientOptions,
  TlsError,
  type TlsErrorCode,
} from "../engine/index.ts";
import { PACKET_LIMIT_CEILING_BYTES, PacketFramer } from "../protocol/packet-framer.ts";
import { APPLICATION_PROTOCOL } from "../protocol/version.ts";
import type { ClientEnvironment } from "./environment.ts";
import type { Transport, TransportConnection, TransportEvents, TransportFailure } from "./transport.ts";

export interface TcpTransportOptions {
  readonly port: CompletionPort;
  /** Where to connect: an address, or a name that is looked up at each attempt. */
  readonly address: SocketAddress | { readonly name: string; readonly port: number };
  /** Time for one attempt to connect. Default 10,000 ms. */
  readonly connectTimeoutMs?: number;
  /**
   * Connections are encrypted, and the server has to show a certificate that is trusted: for the name (or
   * address) connected to, unless told otherwise. Default: plain.
   */
  readonly tls?: TlsClientOptions;
  /** Share one among the transports of a port: a pool keeps a chunk of 64 KiB. Default: its own. */
  readonly sendBuffers?: SendBufferPool;
}

/** A fatal alert of TLS (RFC 8446, 5.1 and 6): what a port that speaks TLS answers to anything else. */
function isTlsAlert(bytes: Uint8Array, start: number, end: number): boolean {
  const head = Buffer.from(bytes.subarray(start, Math.min(end, start + 6)));
  return head.length === 6 && head[0] === 21 && head[1] === 3 && head.readUInt16BE(3) === 2 && head[5] === 2;
}

/** Of the others (CLOSED, TIMEOUT, NOT_YET_VALID, …) another attempt may come to a better end. */
const failures: Readonly<Partial<Record<TlsErrorCode, TransportFailure>>> = {
  NOT_TLS: "TLS_NOT_SPOKEN",
  UNTRUSTED: "TLS_UNTRUSTED",
  FINGERPRINT: "TLS_FINGERPRINT",
  NAME: "TLS_WRONG_NAME",
  EXPIRED: "TLS_EXPIRED",
  CLIENT_CERTIFICATE: "TLS_CLIENT_CERTIFICATE",
  VERSION: "TLS_INCOMPATIBLE",
  CIPHER: "TLS_INCOMPATIBLE",
  ALPN: "TLS_INCOMPATIBLE",
};

/** The server may have any packet limit: the client takes what the header can say. */
const framer = new PacketFramer(PACKET_LIMIT_CEILING_BYTES);
const framerShape = { headerBytes: framer.headerBytes, frameLimitBytes: framer.frameLimitBytes };

/** Packets over TCP, on any completion port. */
export class TcpTransport implements Transport {
  readonly address: string;
  readonly #options: TcpTransportOptions;
  readonly #sendBuffers: SendBufferPool;
  readonly #tls: TlsClient | undefined;

  /** Throws TlsSettingsError. */
  constructor(options: TcpTransportOptions) {
    this.#options = options;
    const { address } = options;
    this.address = "name" in address ? `${address.name}:${address.port}` : formatSocketAddress(address);
    this.#sendBuffers = options.sendBuffers ?? new SendBufferPool(options.port.arena);
    if (options.tls !== undefined) {
      const serverName = "name" in address ? address.name : address.host;
      this.#tls = new TlsClient({
        serverName,
        applicationProtocols: [APPLICATION_PROTOCOL],
        ...options.tls,
      });
    }
  }

  connect(events: TransportEvents): TransportConnection {
    return new TcpConnection(this.#options, this.#sendBuffers, this.#tls, events);
  }
}

/** Time, timers and the machine's randomness as a client on this port needs them. */
export function environmentOf(port: CompletionPort, random: Random = realRandom): ClientEnvironment {
  return {
    clock: port.clock,
    random,
    startTimer: (delayMs, onExpired) => port.startTimer(delayMs, onExpired),
  };
}

/** One attempt and what becomes of it. A service of its own, so that its one session is surely this one's. */
class TcpConnection implements TransportConnection {
  readonly #options: TcpTransportOptions;
  readonly #service: Service;
  readonly #events: TransportEvents;
  readonly #tls: TlsClient | undefined;
  #hasPacket = false;
  #sawTlsAlert = false;
  #phase: "connecting" | "open" | "closed" = "connecting";
  #isGivenUp = false;
  #session: Session | undefined;

  constructor(
    options: TcpTransportOptions,
    sendBuffers: SendBufferPool,
    tls: TlsClient | undefined,
    events: TransportEvents,
  ) {
    this.#options = options;
    this.#tls = tls;
    this.#events = events;
    this.#service = new Service({
      port: options.port,
      kind: "client",
      framer: { ...framerShape, frameLength: (bytes, start, end) => this.#frameLength(bytes, start, end) },
      sendBuffers,
      limits: { sessions: 1 },
      createHandler: () => ({
        onConnected: (session) => this.#onConnected(session),
        onFrame: (_session, bytes, start, end) => {
          this.#hasPacket = true;
          events.onPacket(bytes, start, end);
        },
        onDisconnected: (_session, reason, detail) => {
          if (this.#sawTlsAlert && !this.#hasPacket) {
            this.#close("the server speaks TLS, and this connection does not", "TLS_REQUIRED");
            return;
          }
          if (tls !== undefined && !this.#hasPacket && reason === "RECV_ERROR" && detail === Errno.EPROTO) {
            // In TLS 1.3 a client learns only now that its certificate was asked for in vain (RFC 8446, 4.4.2.4).
            this.#close("the server broke off TLS; it may require a certificate of this client");
            return;
          }
          const why =
            reason === "RECV_0" ? "the server closed the connection" : `the connection ended: ${reason}`;
          this.#close(detail > 0 ? `${why} (${detail})` : why);
        },
      }),
    });
    const { address } = options;
    if ("name" in address) this.#lookUp(address.name, address.port);
    else this.#connect(address);
  }

  send(packet: Uint8Array): boolean {
    return this.#session?.sendBytes(packet) ?? false;
  }

  close(): void {
    if (this.#session === undefined) this.abort();
    else this.#session.disconnect();
  }

  abort(): void {
    this.#isGivenUp = true;
    if (this.#session !== undefined) this.#session.abort();
    // While connecting there is nothing to close yet; the end is told in a later turn, as always.
    else this.#options.port.post(() => this.#close("given up while connecting"));
  }

  #lookUp(name: string, port: number): void {
    lookup(name, (error, host, family) => {
      if (error !== null) this.#close(`look up ${name}: ${error.code ?? error.message}`);
      else if (!this.#isGivenUp) this.#connect({ family: family === 6 ? 6 : 4, host, port });
    });
  }

  #connect(address: SocketAddress): void {
    this.#service
      .connect(address, {
        timeoutMs: this.#options.connectTimeoutMs ?? 10_000,
        ...(this.#tls === undefined ? {} : { tls: this.#tls }),
      })
      .catch((error: unknown) => {
        const failure = error instanceof TlsError ? failures[error.code] : undefined;
        this.#close(error instanceof Error ? error.message : String(error), failure);
      });
  }

  #frameLength(bytes: Uint8Array, start: number, end: number): number {
    if (!this.#hasPacket && isTlsAlert(bytes, start, end)) this.#sawTlsAlert = true;
    return framer.frameLength(bytes, start, end);
  }

  #onConnected(session: Session): void {
    if (this.#isGivenUp) {
      session.abort();
      return;
    }
    this.#phase = "open";
    this.#session = session;
    this.#events.onOpen();
  }

  #close(why: string, failure?: TransportFailure): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#session = undefined;
    this.#events.onClosed(why, failure === undefined ? {} : { failure });
  }
}
