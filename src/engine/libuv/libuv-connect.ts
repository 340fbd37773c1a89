import type { Socket } from "node:net";
import type { ConnectEvents, PortConnect } from "../completion-port.ts";
import { Errno, errnoFromName } from "../port-error.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { ConnectOptions } from "../socket-options.ts";
import type { LibuvCore, LibuvOwner } from "./libuv-core.ts";
import { LibuvSocket } from "./libuv-socket.ts";
import { applyOptions, newOutbound, setOwner, type NetOwner } from "./net-socket.ts";

/** A connection being made; net.Socket tells of it later, never inside `connect`. */
export class LibuvConnect implements PortConnect, NetOwner, LibuvOwner {
  readonly #core: LibuvCore;
  readonly #address: SocketAddress;
  readonly #events: ConnectEvents;
  readonly #socket: Socket;
  readonly #alwaysAborts: boolean;
  #state: "connecting" | "failed" | "cancelled" | "done" = "connecting";
  #errno: number = Errno.EIO;

  constructor(core: LibuvCore, address: SocketAddress, options: ConnectOptions, events: ConnectEvents) {
    this.#core = core;
    this.#address = address;
    this.#events = events;
    this.#alwaysAborts = options.socket?.lingerSeconds === 0;
    this.#socket = newOutbound(core.receiveBuffer);
    applyOptions(this.#socket, options.socket ?? {});
    setOwner(this.#socket, this);
    core.owners.add(this);
    core.begin();
    this.#socket.connect({ host: address.host, port: address.port, family: address.family });
  }

  cancel(): void {
    if (this.#state !== "connecting") return;
    this.#state = "cancelled";
    this.#errno = Errno.ECANCELED;
    this.#socket.destroy();
  }

  closeForPort(): void {
    this.cancel();
  }

  onNetConnected(): void {
    if (this.#state !== "connecting") return;
    this.#end();
    this.#core.counters.connected++;
    this.#events.onConnected(new LibuvSocket(this.#core, this.#socket, this.#alwaysAborts, this.#address));
  }

  onNetFailed(error: NodeJS.ErrnoException): void {
    if (this.#state !== "connecting") return;
    this.#state = "failed";
    this.#errno = errnoFromName(error.code);
  }

  onNetClosed(): void {
    if (this.#state === "done") return;
    this.#end();
    this.#events.onConnectFailed(-this.#errno);
  }

  onNetReceived(): void {
    // Nothing is received before the socket is told to.
  }

  onNetEnded(): void {
    // As above.
  }

  #end(): void {
    this.#state = "done";
    this.#core.end();
    this.#core.forget(this);
  }
}
