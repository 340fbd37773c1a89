import { createServer, type Server, type Socket } from "node:net";
import type { AcceptEvents, PortListener } from "../completion-port.ts";
import { offerAccepted } from "../offer-accepted.ts";
import { Errno, errnoFromName, PortError } from "../port-error.ts";
import { formatSocketAddress, type SocketAddress } from "../socket-address.ts";
import type { ListenOptions, SocketOptions } from "../socket-options.ts";
import type { LibuvCore, LibuvOwner } from "./libuv-core.ts";
import { LibuvSocket } from "./libuv-socket.ts";
import { adoptAccepted, applyOptions } from "./net-socket.ts";

/**
 * A listening socket over net.Server. libuv always sets SO_REUSEADDR, so `reuseAddress` false has no
 * effect, and goes on accepting after an error by itself. When descriptors run out libuv gives up
 * one it keeps in reserve to accept what waits and close it again: then nothing is told here, and the
 * peers see a connection that ends at once.
 */
export class LibuvListener implements PortListener, LibuvOwner {
  readonly #core: LibuvCore;
  readonly #events: AcceptEvents;
  readonly #socketOptions: SocketOptions;
  readonly #server: Server;
  #address: SocketAddress;
  #state: "starting" | "listening" | "closing" | "closed" = "starting";

  private constructor(core: LibuvCore, address: SocketAddress, options: ListenOptions, events: AcceptEvents) {
    this.#core = core;
    this.#address = address;
    this.#events = events;
    this.#socketOptions = options.socket ?? {};
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  }

  /** Resolves when the kernel listens; rejects with PortError. */
  static open(
    core: LibuvCore,
    address: SocketAddress,
    options: ListenOptions,
    events: AcceptEvents,
  ): Promise<PortListener> {
    const listener = new LibuvListener(core, address, options, events);
    core.owners.add(listener);
    core.begin();
    return new Promise((resolve, reject) => listener.#start(options.backlog ?? 4096, resolve, reject));
  }

  get address(): SocketAddress {
    return this.#address;
  }

  #start(backlog: number, resolve: (listener: this) => void, reject: (error: PortError) => void): void {
    const server = this.#server;
    const { host, port } = this.#address;
    const fail = (errno: number): void => {
      this.#state = "closed";
      this.#core.end();
      this.#core.forget(this);
      reject(new PortError("listen", errno, formatSocketAddress(this.#address)));
    };
    server.on("error", (error: NodeJS.ErrnoException) => {
      if (this.#state === "starting") fail(errnoFromName(error.code));
      else if (this.#state === "listening") this.#events.onAcceptFailed(-errnoFromName(error.code));
    });
    server.on("connection", (accepted) => this.#onConnection(accepted));
    server.once("listening", () => {
      if (this.#state !== "starting") return;
      this.#state = "listening";
      const bound = server.address();
      if (bound !== null && typeof bound === "object") this.#address = { ...this.#address, port: bound.port };
      resolve(this);
    });
    // `exclusive` keeps the cluster module from sharing it.
    server.listen({ host, port, backlog, ipv6Only: false, exclusive: true });
    this.#abandon = () => fail(Errno.ECANCELED);
  }

  #abandon = (): void => {};

  close(): void {
    if (this.#state !== "listening") return;
    this.#state = "closing";
    // The descriptor is gone when this returns; 'close' would wait for the accepted sockets too.
    this.#server.close();
    this.#core.post(() => {
      this.#state = "closed";
      this.#core.end();
      this.#core.forget(this);
      this.#events.onListenerClosed();
    });
  }

  closeForPort(): void {
    if (this.#state === "starting") {
      this.#server.close();
      this.#abandon();
    } else {
      this.close();
    }
  }

  #onConnection(accepted: Socket): void {
    if (this.#state === "closing" || this.#state === "closed") {
      accepted.destroy();
      return;
    }
    const core = this.#core;
    const inner = adoptAccepted(accepted, core.receiveBuffer, core.usesDataEvents);
    applyOptions(inner, this.#socketOptions);
    const socket = new LibuvSocket(core, inner, this.#socketOptions.lingerSeconds === 0);
    core.counters.accepted++;
    core.counters.completions++;
    offerAccepted(this.#events, socket, core);
  }
}
