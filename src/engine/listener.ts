import type { AcceptEvents, PortListener, PortSocket } from "./completion-port.ts";
import { AddressLimits } from "./address-limits.ts";
import type { Framer } from "./framer.ts";
import { ProxyHeaderHandler, proxyHeaderTimeoutMs } from "./proxy-header-handler.ts";
import { type ProxyHeader, type ProxyHeaderFault, proxyHeaderFramer } from "./proxy-protocol.ts";
import { refuse } from "./refused-connection.ts";
import type { Service } from "./service.ts";
import type { Session } from "./session.ts";
import type { SessionHandler, SessionOrigin } from "./session-handler.ts";
import type { RefusalReason, SessionSettings } from "./session-host.ts";
import type { SocketAddress } from "./socket-address.ts";
import type { ListenOptions } from "./socket-options.ts";
import { noteTls } from "./tls/session-tls.ts";
import { TlsEntrance, type TlsVisitor } from "./tls/tls-entrance.ts";
import type { TlsError } from "./tls/tls-error.ts";
import type { TlsServerOptions } from "./tls/tls-options.ts";
import type { SecuredSocket } from "./tls/tls-port-socket.ts";

/** What a listener does otherwise than its service, and whom it trusts. */
export interface ListenerOptions extends ListenOptions {
  /** Told of each failed accept, with the negative errno; the listener goes on by itself. */
  readonly onAcceptFailed?: (result: number) => void;
  /** Makes the handler of each session that comes in here. Default: the service's. */
  readonly createHandler?: (session: Session) => SessionHandler;
  /** Default: the service's. */
  readonly framer?: Framer;
  /** Bytes to send to a connection that is refused here; undefined: it is reset. Default: the service's. */
  readonly refusal?: (reason: RefusalReason) => Uint8Array | undefined;
  /** Milliseconds for the handshake; 0: no limit. Default: the service's. */
  readonly handshakeTimeoutMs?: number;
  /** Milliseconds without a received byte until `onIdle`; 0: no limit. Default: the service's. */
  readonly idleTimeoutMs?: number;
  /**
   * Asked for each connection that the service's limits allow, once, with the address of its TCP peer: a
   * reason refuses it.
   */
  readonly admit?: (remote: SocketAddress) => RefusalReason | undefined;
  /**
   * Hosts for which the limits per address do not hold: trusted proxies, from which everybody comes. What
   * `Session.setRemote` names is limited again. Default: none.
   */
  readonly isExempt?: (host: string) => boolean;
  /**
   * Hosts whose connections begin with a PROXY protocol header, version 1 or 2. It is taken off and becomes
   * the session's `remote`; only then is the handler made. A missing or malformed one ends the session with
   * PACKET_ERROR and a `ProxyHeaderFault` as its detail. These hosts are exempt as well, until the header
   * has come. From other hosts a header is never looked for: anybody could write one. Default: none.
   */
  readonly proxyHeader?: (host: string) => boolean;
  /** Told of each connection that `proxyHeader` ended, with the address of the proxy. */
  readonly onProxyHeaderFault?: (peer: SocketAddress, fault: ProxyHeaderFault) => void;
  /**
   * Connections are encrypted; a session comes to be when the handshake is done. A PROXY header comes before it.
   * Connections that the limits refuse before it are reset, since nothing could be said to them yet.
   * Default: plain.
   */
  readonly tls?: TlsServerOptions;
  /** Told of each handshake that came to nothing, with the address of the TCP peer. */
  readonly onTlsError?: (peer: SocketAddress, error: TlsError) => void;
}

/** Accepts connections on one address and makes sessions of those that the limits allow. */
export class Listener implements AcceptEvents, SessionOrigin {
  readonly #service: Service;
  readonly #options: ListenerOptions;
  readonly #settings: SessionSettings;
  readonly #exemptSettings: SessionSettings;
  readonly #proxiedSettings: SessionSettings;
  readonly #limits: AddressLimits;
  /** Sessions that are counted for no address: of exempt hosts, and of those that were over their limit. */
  readonly #uncounted = new Set<Session>();
  readonly #tls: TlsEntrance | undefined;
  #listener: PortListener | undefined;
  #closed: Promise<void> | undefined;
  #onClosed: (() => void) | undefined;
  #sessionCount = 0;

  private constructor(service: Service, options: ListenerOptions) {
    this.#service = service;
    this.#options = options;
    this.#limits = new AddressLimits(service.limits, service.port.clock);
    if (options.tls !== undefined) {
      this.#tls = new TlsEntrance(service.port, service.sendBuffers, options.tls);
    }
    const defaults = service.sessionSettings;
    this.#settings = {
      createHandler: options.createHandler ?? defaults.createHandler,
      framer: options.framer ?? defaults.framer,
      handshakeTimeoutMs: options.handshakeTimeoutMs ?? defaults.handshakeTimeoutMs,
      idleTimeoutMs: options.idleTimeoutMs ?? defaults.idleTimeoutMs,
    };
    this.#exemptSettings = {
      ...this.#settings,
      createHandler: (session) => {
        this.#uncounted.add(session);
        return this.#settings.createHandler(session);
      },
    };
    this.#proxiedSettings = {
      framer: proxyHeaderFramer,
      handshakeTimeoutMs: proxyHeaderTimeoutMs(this.#settings),
      idleTimeoutMs: this.#settings.idleTimeoutMs,
      createHandler: (session) => {
        this.#uncounted.add(session);
        return new ProxyHeaderHandler(this.#settings, this);
      },
    };
  }

  /** Only services call this. */
  static async open(service: Service, address: SocketAddress, options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(service, options);
    listener.#listener = await service.port.listen(address, options, listener);
    return listener;
  }

  /** The address in use, with the port the kernel chose. */
  get address(): SocketAddress {
    if (this.#listener === undefined) throw new Error("the listener is not open yet");
    return this.#listener.address;
  }

  /** Sessions that came in here and are alive. */
  get sessionCount(): number {
    return this.#sessionCount;
  }

  /** TLS handshakes under way; connections that are no sessions yet. */
  get handshakeCount(): number {
    return this.#tls?.handshakeCount ?? 0;
  }

  /**
   * Other certificates and settings of TLS for connections from now on; those that are open stay as they are.
   * Throws TlsSettingsError, changing nothing. Only where TLS was on from the beginning.
   */
  reloadTls(options: TlsServerOptions): void {
    if (this.#tls === undefined) throw new Error("this listener does not speak TLS");
    this.#tls.reload(options);
  }

  /** Stops accepting, and ends TLS handshakes that are under way; sessions go on. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const listenerClosed = new Promise<void>((resolve) => {
      this.#onClosed = resolve;
      this.#listener?.close();
    });
    await Promise.all([listenerClosed, this.#tls?.close()]);
  }

  onAccepted(socket: PortSocket): void {
    const { remote } = socket;
    const { host } = remote;
    const isProxied = this.#options.proxyHeader?.(host) === true;
    const isExempt = isProxied || this.#options.isExempt?.(host) === true;
    const reason = this.#refusalReason(host, isExempt) ?? this.#options.admit?.(remote);
    if (reason !== undefined) {
      const bytes = this.#refusalBytes(reason);
      refuse(this.#service, socket, this.#tls === undefined ? bytes : undefined);
      return;
    }
    if (this.#tls !== undefined) {
      this.#tls.accept(socket, this.#visitor(socket, isProxied, isExempt));
      return;
    }
    // Counted first: the handler may name another address as soon as there is a session.
    this.#sessionCount++;
    if (!isExempt) this.#limits.count(host);
    const unproxied = isExempt ? this.#exemptSettings : this.#settings;
    const settings = isProxied ? this.#proxiedSettings : unproxied;
    if (this.#service.adopt(socket, true, this, settings) !== undefined) return;
    this.#sessionCount--;
    if (!isExempt) this.#limits.forget(host);
    refuse(this.#service, socket, this.#refusalBytes("SERVER_FULL"));
  }

  /** One connection until it is a session, counted for its address like one. */
  #visitor(socket: PortSocket, isProxied: boolean, isExempt: boolean): TlsVisitor {
    const peer = socket.remote;
    let countedHost = isExempt ? undefined : peer.host;
    let source: SocketAddress | undefined;
    const { counters } = this.#service;
    if (countedHost !== undefined) this.#limits.count(countedHost);
    counters.tlsHandshakesUnderWay++;
    return {
      hasProxyHeader: isProxied,
      onProxyHeader: (header: ProxyHeader) => {
        source = header.source;
        if (source === undefined || this.#options.isExempt?.(source.host) === true) return true;
        const reason = this.#limits.refusesCount(source.host) ?? this.#limits.refusesRate(source.host);
        if (reason !== undefined) {
          this.#refusalBytes(reason);
          return false;
        }
        countedHost = source.host;
        this.#limits.count(countedHost);
        return true;
      },
      onProxyFault: (fault) => this.#options.onProxyHeaderFault?.(peer, fault),
      onSecured: (secured) => {
        counters.tlsHandshakes++;
        if (this.#adoptSecured(secured, source, countedHost !== undefined)) countedHost = undefined;
      },
      onFailed: (error) => {
        this.#service.countTlsError(error);
        this.#options.onTlsError?.(peer, error);
      },
      onLeft: () => {
        counters.tlsHandshakesUnderWay--;
        if (countedHost !== undefined) this.#limits.forget(countedHost);
      },
    };
  }

  #adoptSecured(socket: SecuredSocket, source: SocketAddress | undefined, isCounted: boolean): boolean {
    const settings: SessionSettings = {
      ...(isCounted ? this.#settings : this.#exemptSettings),
      ...(source === undefined ? {} : { remote: source }),
    };
    const { createHandler } = settings;
    this.#sessionCount++;
    const session = this.#service.adopt(socket, true, this, {
      ...settings,
      createHandler: (made) => {
        noteTls(made, socket.details);
        return createHandler(made);
      },
    });
    if (session !== undefined) return true;
    this.#sessionCount--;
    refuse(this.#service, socket, this.#refusalBytes("SERVER_FULL"));
    return false;
  }

  onAcceptFailed(result: number): void {
    this.#service.counters.acceptErrors++;
    this.#options.onAcceptFailed?.(result);
  }

  onListenerClosed(): void {
    this.#service.forgetListener(this);
    this.#onClosed?.();
  }

  /** Only sessions call this. */
  onRemoteChanged(session: Session, from: SocketAddress, to: SocketAddress): RefusalReason | undefined {
    const wasCounted = !this.#uncounted.has(session);
    if (wasCounted && from.host === to.host) return undefined;
    if (wasCounted) {
      this.#limits.forget(from.host);
      this.#uncounted.add(session);
    }
    if (this.#options.isExempt?.(to.host) === true) return undefined;
    const reason = this.#limits.refusesCount(to.host) ?? this.#limits.refusesRate(to.host);
    if (reason !== undefined) return reason;
    this.#uncounted.delete(session);
    this.#limits.count(to.host);
    return undefined;
  }

  /** Only the service calls this. */
  onSessionClosed(session: Session): void {
    this.#sessionCount--;
    if (!this.#uncounted.delete(session)) this.#limits.forget(session.remote.host);
  }

  /** Only the handler of PROXY headers calls this: the address that came with one is over its limits. */
  onProxiedRefused(session: Session, reason: RefusalReason): void {
    const bytes = this.#refusalBytes(reason);
    if (bytes !== undefined) session.sendBytes(bytes);
    session.disconnect("DISCONNECT");
  }

  /** Only the handler of PROXY headers calls this; it ends the session itself. */
  onProxyHeaderFault(session: Session, fault: ProxyHeaderFault): void {
    this.#options.onProxyHeaderFault?.(session.peer, fault);
  }

  #refusalBytes(reason: RefusalReason): Uint8Array | undefined {
    return this.#service.refusalBytes(reason, this.#options.refusal);
  }

  #refusalReason(host: string, isExempt: boolean): RefusalReason | undefined {
    const { limits, isClosing, sessionCount } = this.#service;
    if (isClosing) return "SHUTDOWN";
    if (sessionCount >= limits.sessions) return "SERVER_FULL";
    if (isExempt) return this.#limits.refusesAccept();
    return this.#limits.refusesCount(host) ?? this.#limits.refusesAccept() ?? this.#limits.refusesRate(host);
  }
}
