import type { AcceptEvents, PortListener } from "../completion-port.ts";
import { offerAccepted } from "../offer-accepted.ts";
import { Errno } from "../port-error.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { ListenOptions } from "../socket-options.ts";
import type { SimulatedHost } from "./simulated-host.ts";
import type { SimulatedSocket } from "./simulated-socket.ts";

/** How long accepting pauses after an error that would repeat at once. */
const ACCEPT_PAUSE_MS = 100;

/** A simulated listening socket. */
export class SimulatedListener implements PortListener {
  readonly address: SocketAddress;
  readonly host: SimulatedHost;
  readonly alwaysAborts: boolean;
  readonly #events: AcceptEvents;
  readonly #backlogLimit: number;
  /** Connections that wait to be accepted. */
  readonly #backlog: SimulatedSocket[] = [];
  #state: "accepting" | "paused" | "closing" | "closed" = "accepting";

  constructor(host: SimulatedHost, address: SocketAddress, options: ListenOptions, events: AcceptEvents) {
    this.host = host;
    this.address = address;
    this.alwaysAborts = options.socket?.lingerSeconds === 0;
    this.#backlogLimit = options.backlog ?? 4096;
    this.#events = events;
    host.listeners.add(this);
    host.begin();
  }

  /** The kernel takes no further connection. */
  get isFull(): boolean {
    return this.#backlog.length >= this.#backlogLimit;
  }

  /** Whether a connect to `target` comes here. */
  matches(target: SocketAddress): boolean {
    if (this.address.port !== target.port) return false;
    if (this.address.host === target.host) return true;
    const isWildcard = this.address.host === "::" || (this.address.host === "0.0.0.0" && target.family === 4);
    const { ipv4, ipv6 } = this.host;
    return isWildcard && [ipv4, ipv6, "127.0.0.1", "::1"].includes(target.host);
  }

  /** A connection was made. */
  offer(socket: SimulatedSocket): void {
    this.#backlog.push(socket);
    this.host.complete(this, () => this.#acceptNext());
  }

  #acceptNext(): void {
    if (this.#state !== "accepting") return;
    const errno = this.#backlog.length === 0 ? 0 : this.host.faultSource.failureOf("accept");
    if (errno > 0) {
      this.#fail(errno);
      return;
    }
    const socket = this.#backlog.shift();
    if (socket === undefined) return;
    socket.handOver();
    this.host.counters.accepted++;
    this.host.note("accepted", 0);
    offerAccepted(this.#events, socket, this.host);
  }

  /** What waits is accepted after a pause; a connection that its peer gave up is gone. */
  #fail(errno: number): void {
    if (errno === Errno.ECONNABORTED) this.#backlog.shift()?.vanish();
    else this.#state = "paused";
    this.host.startTimer(errno === Errno.ECONNABORTED ? 0 : ACCEPT_PAUSE_MS, () => {
      if (this.#state !== "accepting" && this.#state !== "paused") return;
      this.#state = "accepting";
      for (let left = this.#backlog.length; left > 0; left--) {
        this.host.complete(this, () => this.#acceptNext());
      }
    });
    this.host.note("accept failed", errno);
    this.#events.onAcceptFailed(-errno);
  }

  close(): void {
    if (this.#state === "closing" || this.#state === "closed" || this.host.hasCrashed) return;
    this.vanish();
    this.#state = "closing";
    this.host.listeners.add(this); // Until the program has been told.
    this.host.complete(this, () => {
      this.#state = "closed";
      this.host.listeners.delete(this);
      this.host.end("listener closed", 0);
      this.#events.onListenerClosed();
    });
  }

  /** Gone from the network; those that wait see a reset. */
  vanish(): void {
    this.#state = "closed";
    this.host.listeners.delete(this);
    this.host.network.forgetListener(this);
    for (const socket of this.#backlog.splice(0)) socket.vanish();
  }
}
