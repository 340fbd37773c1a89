import { TokenBucket } from "../base/token-bucket.ts";
import type { AcceptEvents, PortListener, PortSocket } from "./completion-port.ts";
import { refuse } from "./refused-connection.ts";
import type { Service } from "./service.ts";
import type { Session, SessionOrigin } from "./session.ts";
import type { RefusalReason } from "./session-host.ts";
import type { SocketAddress } from "./socket-address.ts";
import type { ListenOptions } from "./socket-options.ts";

export interface ListenerOptions extends ListenOptions {
  /** Told of each failed accept, with the negative errno; the listener goes on by itself. */
  readonly onAcceptFailed?: (result: number) => void;
}

/** Addresses whose accept rate is remembered; the oldest is forgotten first. */
const REMEMBERED_ADDRESSES = 8192;

/** Accepts connections on one address and makes sessions of those that the limits allow. */
export class Listener implements AcceptEvents, SessionOrigin {
  readonly #service: Service;
  readonly #options: ListenerOptions;
  readonly #sessionsByHost = new Map<string, number>();
  readonly #acceptRate: TokenBucket | undefined;
  readonly #acceptRateByHost = new Map<string, TokenBucket>();
  #listener: PortListener | undefined;
  #closed: Promise<void> | undefined;
  #onClosed: (() => void) | undefined;
  #sessionCount = 0;

  private constructor(service: Service, options: ListenerOptions) {
    this.#service = service;
    this.#options = options;
    const rate = service.limits.acceptsPerSecond;
    if (rate > 0) this.#acceptRate = new TokenBucket(rate, rate, service.port.clock.monotonicMs());
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

  /** Stops accepting; sessions go on. */
  close(): Promise<void> {
    this.#closed ??= new Promise<void>((resolve) => {
      this.#onClosed = resolve;
      this.#listener?.close();
    });
    return this.#closed;
  }

  onAccepted(socket: PortSocket): void {
    const host = socket.remote.host;
    const reason = this.#refusalReason(host);
    if (reason !== undefined) {
      refuse(this.#service, socket, this.#service.refusalBytes(reason));
      return;
    }
    const session = this.#service.adopt(socket, true, this);
    if (session === undefined) {
      refuse(this.#service, socket, this.#service.refusalBytes("SERVER_FULL"));
      return;
    }
    this.#sessionsByHost.set(host, (this.#sessionsByHost.get(host) ?? 0) + 1);
    this.#sessionCount++;
  }

  onAcceptFailed(result: number): void {
    this.#service.counters.acceptErrors++;
    this.#options.onAcceptFailed?.(result);
  }

  onListenerClosed(): void {
    this.#service.forgetListener(this);
    this.#onClosed?.();
  }

  /** Only the service calls this. */
  onSessionClosed(session: Session): void {
    const { host } = session.remote;
    this.#sessionCount--;
    const left = (this.#sessionsByHost.get(host) ?? 1) - 1;
    if (left === 0) this.#sessionsByHost.delete(host);
    else this.#sessionsByHost.set(host, left);
  }

  #refusalReason(host: string): RefusalReason | undefined {
    const { limits, port, isClosing, sessionCount } = this.#service;
    if (isClosing) return "SHUTDOWN";
    if (sessionCount >= limits.sessions) return "SERVER_FULL";
    if ((this.#sessionsByHost.get(host) ?? 0) >= limits.sessionsPerAddress) return "ADDRESS_LIMIT";
    const nowMs = port.clock.monotonicMs();
    if (this.#acceptRate !== undefined && this.#acceptRate.take(1, nowMs) > 0) return "ACCEPT_RATE";
    if (limits.acceptsPerSecondPerAddress > 0 && this.#hostBucket(host, nowMs).take(1, nowMs) > 0) {
      return "ADDRESS_ACCEPT_RATE";
    }
    return undefined;
  }

  #hostBucket(host: string, nowMs: number): TokenBucket {
    let bucket = this.#acceptRateByHost.get(host);
    if (bucket === undefined) {
      const rate = this.#service.limits.acceptsPerSecondPerAddress;
      bucket = new TokenBucket(rate, rate, nowMs);
      if (this.#acceptRateByHost.size >= REMEMBERED_ADDRESSES) {
        for (const oldest of this.#acceptRateByHost.keys()) {
          this.#acceptRateByHost.delete(oldest);
          break;
        }
      }
      this.#acceptRateByHost.set(host, bucket);
    }
    return bucket;
  }
}
