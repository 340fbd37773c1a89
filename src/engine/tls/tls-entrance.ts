import { createServer, type Server, type TLSSocket } from "node:tls";
import type { CompletionPort, PortSocket, PortTimer } from "../completion-port.ts";
import { ArenaExhaustedError } from "../memory/arena.ts";
import type { SendBufferPool } from "../memory/send-buffer-pool.ts";
import {
  type ProxyHeader,
  type ProxyHeaderFault,
  proxyHeaderFramer,
  readProxyHeader,
} from "../proxy-protocol.ts";
import type { OpensslContext } from "../openssl/openssl-context.ts";
import { OpensslError } from "../openssl/openssl-error.ts";
import { OpensslSession } from "../openssl/openssl-session.ts";
import { CipherLink, type CipherLinkEvents } from "./cipher-link.ts";
import { OpensslPortSocket } from "./openssl-port-socket.ts";
import { TlsContexts } from "./tls-contexts.ts";
import { TlsError, tlsErrorOf } from "./tls-error.ts";
import { TLS_HANDSHAKE_TIMEOUT_MS, TLS_HANDSHAKES, type TlsServerOptions } from "./tls-options.ts";
import { type SecuredSocket, TlsPortSocket } from "./tls-port-socket.ts";

/** First bytes of a TLS handshake record (RFC 8446, 5.1). */
const HANDSHAKE_RECORD = 22;
/** How a request of HTTP/1.1 begins. */
const HTTP_BEGINNING = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE) /;
const HTTP_TEXT = "this port speaks TLS: use https\n";
const HTTP_ANSWER = Buffer.from(
  [
    "HTTP/1.1 400 Bad Request",
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${HTTP_TEXT.length}`,
    "",
    HTTP_TEXT,
  ].join("\r\n"),
);
/** A fatal alert, protocol_version, as servers answer what is not TLS. */
const ALERT = Uint8Array.of(21, 3, 1, 0, 2, 2, 70);

/**
 * Handshakes that are begun in one turn. Each costs the thread about a millisecond; between two turns
 * everybody else is served.
 */
const BEGUN_PER_TURN = 2;

/** The longest that a peer may say nothing at all, milliseconds; within the time for the handshake. */
const SILENCE_MS = 5000;

/** Who brought one connection to the entrance, and is told what becomes of it. */
export interface TlsVisitor {
  /** The connection begins with a PROXY header, before TLS. */
  readonly hasProxyHeader: boolean;
  /** False: the connection is ended. */
  onProxyHeader(header: ProxyHeader): boolean;
  onProxyFault(fault: ProxyHeaderFault): void;
  /** In a turn, as a port tells of an accepted connection: it is opened or closed before the turn ends. */
  onSecured(socket: SecuredSocket): void;
  /** It came to nothing. The connection is closed by itself. */
  onFailed(error: TlsError): void;
  /** Whatever became of it, the entrance has done with it. Last, once. */
  onLeft(): void;
}

/** Makes TLS connections of accepted ones; see {@link TlsServerOptions} for the limits. */
export class TlsEntrance {
  readonly port: CompletionPort;
  readonly sendBuffers: SendBufferPool;
  #options: TlsServerOptions;
  #contexts: TlsContexts;
  #server: Server;
  readonly #arrivals = new Set<Arrival>();
  /** Whose first bytes are here, in the order in which they came. */
  #ready: Arrival[] = [];
  #isBeginning = false;
  #isClosed = false;
  #onEmpty: (() => void) | undefined;

  /** Throws TlsSettingsError. */
  constructor(port: CompletionPort, sendBuffers: SendBufferPool, options: TlsServerOptions) {
    this.port = port;
    this.sendBuffers = sendBuffers;
    this.#options = options;
    this.#contexts = new TlsContexts(options);
    this.#server = this.#makeServer();
  }

  get options(): TlsServerOptions {
    return this.#options;
  }

  /** Handshakes under way. */
  get handshakeCount(): number {
    return this.#arrivals.size;
  }

  /** Connections from now on get these. Throws TlsSettingsError, changing nothing. */
  reload(options: TlsServerOptions): void {
    this.#contexts = new TlsContexts(options);
    this.#options = options;
    this.#server = this.#makeServer();
  }

  accept(socket: PortSocket, visitor: TlsVisitor): void {
    if (this.#isClosed || this.#arrivals.size >= (this.#options.handshakes ?? TLS_HANDSHAKES)) {
      visitor.onFailed(new TlsError("LIMIT", "too many TLS handshakes are under way"));
      visitor.onLeft();
      new CipherLink(socket, this.sendBuffers, silence).close(true);
      return;
    }
    const arrival = new Arrival(this, socket, visitor);
    this.#arrivals.add(arrival);
    arrival.start();
  }

  /** Ends the handshakes that are under way; resolves when their connections are closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const arrival of this.#arrivals) arrival.abandon();
    if (this.#arrivals.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  /** Only arrivals call this: the first bytes are here. */
  enqueue(arrival: Arrival): void {
    this.#ready.push(arrival);
    this.#beginSome();
  }

  /** Only arrivals call this. */
  forget(arrival: Arrival): void {
    this.#arrivals.delete(arrival);
    if (this.#arrivals.size === 0) this.#onEmpty?.();
  }

  #beginSome(): void {
    if (this.#isBeginning || this.#ready.length === 0) return;
    this.#isBeginning = true;
    this.port.post(() => {
      this.#isBeginning = false;
      for (const arrival of this.#ready.splice(0, BEGUN_PER_TURN))
        arrival.begin(this.#server, this.#contexts.openssl);
      this.#beginSome();
    });
  }

  /** It never listens; connections are given to it ('connection' is meant for that). */
  #makeServer(): Server {
    const { clientCertificates = "none", applicationProtocols = [], handshakeTimeoutMs } = this.#options;
    const contexts = this.#contexts;
    const server = createServer({
      ...contexts.defaults,
      requestCert: clientCertificates !== "none",
      rejectUnauthorized: clientCertificates === "require",
      ...(applicationProtocols.length === 0 ? {} : { ALPNProtocols: [...applicationProtocols] }),
      SNICallback: (name, done) => done(null, contexts.find(name)),
      // The port's timer comes first.
      handshakeTimeout: 2 * (handshakeTimeoutMs ?? TLS_HANDSHAKE_TIMEOUT_MS) + 1000,
    });
    server.on("secureConnection", (tls) => arrivalOf(tls)?.onSecured(tls));
    server.on("tlsClientError", (error, tls) => arrivalOf(tls)?.onTlsError(error, tls));
    return server;
  }
}

/** By the stream that a TLSSocket works on. */
const arrivals = new WeakMap<object, Arrival>();

/**
 * Which connection a TLSSocket is of. Node does not say; the stream under it is in a property that is not
 * documented. Without it nobody is let in, and tests fail.
 */
function arrivalOf(tls: TLSSocket): Arrival | undefined {
  const stream = property(property(property(tls, "ssl"), "_parentWrap"), "stream");
  const arrival = typeof stream === "object" && stream !== null ? arrivals.get(stream) : undefined;
  if (arrival === undefined) tls.destroy();
  return arrival;
}

function property(of: unknown, name: string): unknown {
  return typeof of === "object" && of !== null ? Reflect.get(of, name) : undefined;
}

const silence: CipherLinkEvents = {
  onPrelude: () => undefined,
  onPeerFinished: () => undefined,
  onBroken: () => undefined,
  onFinished: () => undefined,
  onClosed: () => undefined,
};

/** One accepted connection, until it is a TLS connection or closed. */
class Arrival implements CipherLinkEvents {
  readonly #entrance: TlsEntrance;
  readonly #visitor: TlsVisitor;
  readonly #link: CipherLink;
  /** What has come and was not used yet. */
  #prelude: Buffer = Buffer.alloc(0);
  #direct: OpensslSession | undefined;
  #wantsProxyHeader: boolean;
  #timer: PortTimer | undefined;
  #isQueued = false;
  #hasSpoken = false;
  #hasFailed = false;
  /** The connection is no longer the arrival's. */
  #hasLeft = false;

  constructor(entrance: TlsEntrance, socket: PortSocket, visitor: TlsVisitor) {
    this.#entrance = entrance;
    this.#visitor = visitor;
    this.#wantsProxyHeader = visitor.hasProxyHeader;
    this.#link = new CipherLink(socket, entrance.sendBuffers, this);
  }

  start(): void {
    const timeoutMs = this.#entrance.options.handshakeTimeoutMs ?? TLS_HANDSHAKE_TIMEOUT_MS;
    const silenceMs = Math.min(timeoutMs, SILENCE_MS);
    this.#after(silenceMs, () => {
      if (this.#hasSpoken) this.#after(timeoutMs - silenceMs, () => this.#failLate(timeoutMs));
      else this.#failSilent(silenceMs);
    });
    this.#link.receive(true);
  }

  #after(delayMs: number, onExpired: () => void): void {
    this.#timer = this.#entrance.port.startTimer(delayMs, () => {
      this.#timer = undefined;
      onExpired();
    });
  }

  #failLate(timeoutMs: number): void {
    this.#fail(new TlsError("TIMEOUT", `the TLS handshake took longer than ${timeoutMs} ms`));
  }

  /** TLS clients speak first. Who waits for the server to speak first is told by the alert why it does not. */
  #failSilent(silenceMs: number): void {
    const error = new TlsError("TIMEOUT", `the peer said nothing for ${silenceMs} ms; it may not speak TLS`);
    this.#fail(error, ALERT);
  }

  onPrelude(bytes: Buffer): void {
    if (this.#hasFailed) return;
    this.#hasSpoken = true;
    if (this.#direct !== undefined) {
      this.#goOn(this.#direct, bytes);
      return;
    }
    this.#prelude = this.#prelude.byteLength === 0 ? bytes : Buffer.concat([this.#prelude, bytes]);
    if (this.#wantsProxyHeader && !this.#takeProxyHeader()) return;
    if (this.#prelude.byteLength === 0 || this.#isQueued) return;
    // What comes meanwhile waits in the kernel.
    this.#isQueued = true;
    this.#link.receive(false);
    if (this.#prelude[0] === HANDSHAKE_RECORD) this.#entrance.enqueue(this);
    else this.#refusePlaintext();
  }

  /** Only the entrance calls this: it is this connection's turn. */
  begin(server: Server, openssl: OpensslContext | undefined): void {
    if (this.#hasFailed || this.#link.isClosing) return;
    if (openssl !== undefined) {
      // Not `this`, which is no longer needed once there is a session.
      const link = this.#link;
      const first = this.#prelude;
      this.#prelude = Buffer.alloc(0);
      try {
        this.#direct = new OpensslSession(openssl, this.#entrance.sendBuffers, (chunk, start, end) => {
          link.queueCipher(chunk, start, end);
        });
      } catch (error) {
        if (!(error instanceof OpensslError)) throw error;
        // It had no memory left.
        this.#fail(new TlsError("LIMIT", "a TLS connection could not be made", error));
        return;
      }
      this.#goOn(this.#direct, first);
      return;
    }
    const stream = this.#link.makeStream(this.#prelude);
    this.#prelude = Buffer.alloc(0);
    arrivals.set(stream, this);
    server.emit("connection", stream);
  }

  /** The handshake by OpenSSL itself. */
  #goOn(direct: OpensslSession, bytes: Buffer): void {
    const plain: Buffer[] = [];
    let result: ReturnType<OpensslSession["handshake"]>;
    try {
      result = direct.handshake(bytes, 0, bytes.byteLength, (lent, byteCount) => {
        plain.push(Buffer.from(lent.subarray(0, byteCount)));
        return true;
      });
    } catch (error) {
      if (!(error instanceof ArenaExhaustedError)) throw error;
      this.#fail(new TlsError("LIMIT", "there is no memory for what is to be sent", error));
      return;
    }
    this.#link.pump();
    if (result === "more") this.#link.receive(true);
    else if (result instanceof Error) this.#fail(tlsErrorOf(result));
    else {
      this.#direct = undefined;
      this.#hand(new OpensslPortSocket(this.#entrance.port, this.#link, direct, plain, result.end));
    }
  }

  /** Only the entrance calls this; outside of turns, perhaps. */
  onSecured(tls: TLSSocket): void {
    if (this.#hasFailed || this.#link.isClosing) {
      tls.destroy();
      return;
    }
    this.#hand(new TlsPortSocket(this.#entrance.port, this.#link, tls));
  }

  #hand(secured: SecuredSocket): void {
    this.#stopTimer();
    this.#hasLeft = true;
    this.#entrance.port.post(() => {
      if (secured.isGone) this.#visitor.onFailed(new TlsError("CLOSED", "the connection was closed"));
      else this.#visitor.onSecured(secured);
      this.#leave();
    });
  }

  /** Only the entrance calls this. */
  onTlsError(error: unknown, tls: TLSSocket): void {
    if (this.#hasFailed || this.#link.isClosing) return;
    const reason: unknown = tls.authorizationError;
    if (typeof reason === "string") {
      this.#fail(
        new TlsError("CLIENT_CERTIFICATE", `the client's certificate is not trusted (${reason})`, error),
      );
    } else {
      this.#fail(tlsErrorOf(error));
    }
  }

  /** The listener closes. */
  abandon(): void {
    if (!this.#hasLeft) this.#link.close(true);
  }

  onPeerFinished(): void {
    this.#fail(new TlsError("CLOSED", "the peer closed the connection during the TLS handshake"));
  }

  onBroken(): void {
    if (!this.#hasFailed) {
      this.#hasFailed = true;
      this.#visitor.onFailed(new TlsError("CLOSED", "the connection broke during the TLS handshake"));
    }
    this.#link.close(true);
  }

  onFinished(): void {
    // TLS ends nothing during a handshake.
  }

  /** Node ends a connection without a word when the client's certificate is not trusted. */
  onGivenUp(): void {
    setImmediate(() => {
      const isRequired = this.#entrance.options.clientCertificates === "require";
      this.#fail(
        isRequired
          ? new TlsError("CLIENT_CERTIFICATE", "the client's certificate is not trusted")
          : new TlsError("PROTOCOL", "the TLS handshake failed"),
      );
    });
  }

  onClosed(): void {
    this.#stopTimer();
    this.#leave();
  }

  #leave(): void {
    this.#direct?.free();
    this.#direct = undefined;
    this.#entrance.forget(this);
    this.#visitor.onLeft();
  }

  /** False: there is nothing more to do with what has come. */
  #takeProxyHeader(): boolean {
    const bytes = this.#prelude;
    const length = proxyHeaderFramer.frameLength(bytes, 0, bytes.byteLength);
    if (length === 0 || length > bytes.byteLength) return false;
    const header = length < 0 ? -length : readProxyHeader(bytes, 0, length);
    if (typeof header === "number") {
      this.#hasFailed = true;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the framer refuses with
      this.#visitor.onProxyFault(header as ProxyHeaderFault);
      this.#link.close(true);
      return false;
    }
    this.#wantsProxyHeader = false;
    this.#prelude = bytes.subarray(length);
    if (this.#visitor.onProxyHeader(header)) return true;
    this.#hasFailed = true;
    this.#link.close(true);
    return false;
  }

  #refusePlaintext(): void {
    const isHttp = HTTP_BEGINNING.test(this.#prelude.toString("latin1", 0, 16));
    const speaks = isHttp ? "HTTP without TLS" : "no TLS";
    const error = new TlsError("NOT_TLS", `the peer speaks ${speaks}, and this port speaks TLS`);
    this.#fail(error, isHttp ? HTTP_ANSWER : ALERT);
  }

  /** Whatever TLS or `answer` still says is sent; then the connection is closed. */
  #fail(error: TlsError, answer?: Uint8Array): void {
    if (this.#hasFailed || this.#hasLeft) return;
    this.#hasFailed = true;
    this.#stopTimer();
    this.#visitor.onFailed(error);
    if (this.#link.isClosing) return;
    if (error.code === "CLOSED" || (error.code === "TIMEOUT" && answer === undefined)) {
      this.#link.close(error.code === "TIMEOUT");
      return;
    }
    if (answer !== undefined) this.#link.write([answer], () => undefined);
    this.#link.closeSoon(this.#entrance.port, () => this.#leave());
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
