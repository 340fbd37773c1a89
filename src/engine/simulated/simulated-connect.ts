import type { ConnectEvents, PortConnect, PortTimer } from "../completion-port.ts";
import { Errno } from "../port-error.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { ConnectOptions } from "../socket-options.ts";
import { BytePipe } from "./byte-pipe.ts";
import type { SimulatedHost } from "./simulated-host.ts";
import { SimulatedSocket } from "./simulated-socket.ts";

/** A simulated connection being made. */
export class SimulatedConnect implements PortConnect {
  readonly #host: SimulatedHost;
  readonly #target: SocketAddress;
  readonly #events: ConnectEvents;
  readonly #alwaysAborts: boolean;
  readonly #timeout: PortTimer;
  #state: "connecting" | "decided" | "done" = "connecting";

  constructor(host: SimulatedHost, target: SocketAddress, options: ConnectOptions, events: ConnectEvents) {
    this.#host = host;
    this.#target = target;
    this.#events = events;
    this.#alwaysAborts = options.socket?.lingerSeconds === 0;
    host.connects.add(this);
    host.begin();
    const { network, faultSource } = host;
    this.#timeout = network.schedule(faultSource.faults.connectTimeoutMs, () => {
      this.#decide(() => this.#fail(Errno.ETIMEDOUT));
    });
    const errno = faultSource.failureOf("connect");
    const listenerHost = network.listenerAt(target)?.host ?? host;
    host.transmit(listenerHost, new BytePipe(), () => this.#knock(errno));
  }

  /** The request has arrived where `target` is. */
  #knock(errno: number): void {
    if (this.#state !== "connecting") return;
    const { network } = this.#host;
    const listener = network.listenerAt(this.#target);
    if (errno > 0 || listener === undefined) {
      const answerer = listener?.host ?? this.#host;
      answerer.transmit(this.#host, new BytePipe(), () => {
        this.#decide(() => this.#fail(errno > 0 ? errno : Errno.ECONNREFUSED));
      });
      return;
    }
    if (listener.isFull) return; // As Linux does: the request is lost, and the connect times out.
    const local = network.localAddress(this.#host, this.#target);
    const [near, far] = SimulatedSocket.pair(
      { host: this.#host, address: local, alwaysAborts: this.#alwaysAborts },
      { host: listener.host, address: this.#target, alwaysAborts: listener.alwaysAborts },
    );
    listener.offer(far);
    far.transmitToPeer(() => {
      const isInTime = this.#decide(() => this.#succeed(near));
      if (!isInTime) near.vanish();
    });
  }

  /** Nothing but a cancel comes between the decision and the dispatch of its completion. */
  #decide(complete: () => void): boolean {
    if (this.#state !== "connecting" || this.#host.hasCrashed) return false;
    this.#state = "decided";
    this.#timeout.cancel();
    this.#host.complete(this, complete);
    return true;
  }

  #succeed(socket: SimulatedSocket): void {
    this.#end("connected", 0);
    socket.handOver();
    this.#host.counters.connected++;
    this.#events.onConnected(socket);
  }

  #fail(errno: number): void {
    this.#end("connect failed", errno);
    this.#events.onConnectFailed(-errno);
  }

  #end(what: string, result: number): void {
    this.#state = "done";
    this.#host.connects.delete(this);
    this.#host.end(what, result);
  }

  cancel(): void {
    this.#decide(() => this.#fail(Errno.ECANCELED));
  }

  /** The host has crashed. */
  vanish(): void {
    this.#state = "done";
    this.#timeout.cancel();
    this.#host.connects.delete(this);
  }
}
