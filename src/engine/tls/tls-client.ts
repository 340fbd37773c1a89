import type { Duplex } from "node:stream";
import { connect as tlsConnect, type SecureContext, type TLSSocket } from "node:tls";
import type { CompletionPort, PortSocket } from "../completion-port.ts";
import type { SendBufferPool } from "../memory/send-buffer-pool.ts";
import { CipherLink, type CipherLinkEvents } from "./cipher-link.ts";
import { contextOf } from "./tls-contexts.ts";
import { TlsError, tlsErrorOf, TlsSettingsError } from "./tls-error.ts";
import type { TlsClientOptions } from "./tls-options.ts";
import { TlsPortSocket } from "./tls-port-socket.ts";

/** Record types that a server may begin with: an alert, a handshake. */
const SERVER_RECORDS: ReadonlySet<number | undefined> = new Set([21, 22]);

export interface TlsConnectEvents {
  /** In a turn. The socket is opened or closed before the turn ends. */
  onSecured(socket: TlsPortSocket): void;
  /** It came to nothing; told once, in a turn. The connection is closed by itself. */
  onFailed(error: TlsError): void;
}

/** Makes TLS connections of connected sockets, and resumes where it has a ticket. */
export class TlsClient {
  readonly #options: TlsClientOptions;
  readonly #context: SecureContext;
  readonly #fingerprint: string | undefined;
  /** Of the last server: its name, and its newest ticket. */
  #ticketName = "";
  #ticket: Buffer | undefined;

  /** Throws TlsSettingsError. */
  constructor(options: TlsClientOptions) {
    this.#options = options;
    const { certificate, ca, fingerprint } = options;
    this.#fingerprint = fingerprint === undefined ? undefined : normalFingerprint(fingerprint);
    this.#context = contextOf(
      {
        ...(ca === undefined ? {} : { ca }),
        ...(certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }),
        ...(certificate?.passphrase === undefined ? {} : { passphrase: certificate.passphrase }),
        minVersion: options.minVersion ?? "TLSv1.2",
      },
      "the client's certificate or authority",
    );
  }

  /** `host`: what was connected to. The returned `cancel` gives up; `onFailed` follows unless it is decided. */
  secure(
    port: CompletionPort,
    pool: SendBufferPool,
    socket: PortSocket,
    host: string,
    events: TlsConnectEvents,
  ): { cancel(): void } {
    return new Attempt(this, port, pool, socket, this.#options.serverName ?? host, events);
  }

  /** Only attempts call this. */
  start(stream: Duplex, name: string, onTicket: (ticket: Buffer) => void): TLSSocket {
    const { applicationProtocols = [] } = this.#options;
    const isPinned = this.#fingerprint !== undefined;
    const tls = tlsConnect({
      socket: stream,
      host: name,
      // Addresses are not sent (RFC 6066, 3); the certificate is checked for them all the same.
      ...(isAddress(name) ? {} : { servername: name }),
      secureContext: this.#context,
      rejectUnauthorized: !isPinned,
      ...(isPinned ? { checkServerIdentity: () => undefined } : {}),
      ...(applicationProtocols.length === 0 ? {} : { ALPNProtocols: [...applicationProtocols] }),
      ...(this.#ticket !== undefined && this.#ticketName === name ? { session: this.#ticket } : {}),
    });
    tls.on("session", onTicket);
    return tls;
  }

  /** Only attempts call this: a ticket of a server whose certificate was accepted. */
  keepTicket(name: string, ticket: Buffer): void {
    this.#ticketName = name;
    this.#ticket = ticket;
  }

  /** Only attempts call this: what is wrong with the certificate, where it is trusted by fingerprint. */
  checkPinned(tls: TLSSocket): TlsError | undefined {
    // A ticket is kept only of a server whose certificate was right; it is not shown again.
    if (this.#fingerprint === undefined || tls.isSessionReused()) return undefined;
    const shown = tls.getPeerX509Certificate()?.fingerprint256;
    if (shown !== undefined && normalFingerprint(shown) === this.#fingerprint) return undefined;
    return new TlsError(
      "FINGERPRINT",
      `the server's certificate has another fingerprint: ${shown ?? "there is none"}`,
    );
  }
}

/** 64 lower-case hexadecimal digits; throws TlsSettingsError. */
export function normalFingerprint(text: string): string {
  const digits = text
    .trim()
    .replace(/^sha-?256[:=]/i, "")
    .replaceAll(":", "")
    .toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return digits;
  throw new TlsSettingsError("a fingerprint is a SHA-256: 64 hexadecimal digits, with or without colons");
}

/** One connection, until it is a TLS connection or closed. */
class Attempt implements CipherLinkEvents {
  readonly #client: TlsClient;
  readonly #port: CompletionPort;
  readonly #link: CipherLink;
  readonly #name: string;
  readonly #events: TlsConnectEvents;
  readonly #tls: TLSSocket;
  #isDecided = false;
  #isAccepted = false;
  #ticket: Buffer | undefined;

  constructor(
    client: TlsClient,
    port: CompletionPort,
    pool: SendBufferPool,
    socket: PortSocket,
    name: string,
    events: TlsConnectEvents,
  ) {
    this.#client = client;
    this.#port = port;
    this.#name = name;
    this.#events = events;
    this.#link = new CipherLink(socket, pool, this);
    const stream = this.#link.makeStream();
    let isFirst = true;
    stream.on("data", (bytes: Buffer) => {
      if (isFirst && !SERVER_RECORDS.has(bytes[0])) this.#fail(notTls());
      isFirst = false;
    });
    this.#tls = client.start(stream, name, (ticket) => {
      this.#ticket = ticket;
      if (this.#isAccepted) client.keepTicket(name, ticket);
    });
    this.#tls.on("secureConnect", () => this.#onSecured());
    this.#tls.on("error", (error) => this.#fail(this.#explain(error)));
  }

  cancel(): void {
    this.#fail(new TlsError("TIMEOUT", "the TLS handshake was given up"));
  }

  onPrelude(): void {
    // There is a stream from the beginning.
  }

  onPeerFinished(): void {
    // Behind what it sent last, which may be an alert.
    setImmediate(() => {
      this.#fail(new TlsError("CLOSED", "the server closed the connection during the TLS handshake"));
    });
  }

  onBroken(): void {
    this.#fail(
      new TlsError("CLOSED", "the connection broke during the TLS handshake; the server may not speak TLS"),
    );
  }

  onFinished(): void {
    // It is closed below.
  }

  onClosed(): void {
    if (this.#isDecided) return;
    this.#isDecided = true;
    this.#tls.destroy();
    // In a turn already, and perhaps the port's last.
    this.#events.onFailed(new TlsError("CLOSED", "the connection was closed during the TLS handshake"));
  }

  #onSecured(): void {
    if (this.#isDecided) return;
    const error = this.#client.checkPinned(this.#tls);
    if (error !== undefined) {
      this.#fail(error);
      return;
    }
    this.#isDecided = true;
    this.#isAccepted = true;
    if (this.#ticket !== undefined) this.#client.keepTicket(this.#name, this.#ticket);
    const secured = new TlsPortSocket(this.#port, this.#link, this.#tls);
    this.#port.post(() => {
      if (secured.isGone) this.#events.onFailed(new TlsError("CLOSED", "the connection was closed"));
      else this.#events.onSecured(secured);
    });
  }

  #explain(error: unknown): TlsError {
    const known = tlsErrorOf(error);
    if (known.code === "NOT_TLS") return notTls();
    if (known.code !== "NAME") return known;
    return new TlsError("NAME", `the server's certificate is not for ${this.#name}`, error);
  }

  #fail(error: TlsError): void {
    if (this.#isDecided) return;
    this.#isDecided = true;
    this.#tls.destroy();
    // An alert that says why may be on its way; the server closes then.
    if (this.#link.isSending) this.#link.closeSoon(this.#port);
    else this.#link.close(true);
    this.#port.post(() => this.#events.onFailed(error));
  }
}

function isAddress(name: string): boolean {
  return name.includes(":") || /^\d+(\.\d+){3}$/.test(name);
}

function notTls(): TlsError {
  return new TlsError("NOT_TLS", "the server does not speak TLS");
}
