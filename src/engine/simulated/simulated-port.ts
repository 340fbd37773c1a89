import { assert } from "../../base/assert.ts";
import type { Clock } from "../../base/clock.ts";
import type {
  AcceptEvents,
  CompletionPort,
  ConnectEvents,
  Flushable,
  Mailbox,
  PortConnect,
  PortCounters,
  PortListener,
  PortTimer,
} from "../completion-port.ts";
import type { Arena } from "../memory/arena.ts";
import { Errno, PortError } from "../port-error.ts";
import type { FileEvents, FileOptions, PortFile } from "../port-file.ts";
import { formatSocketAddress, type SocketAddress } from "../socket-address.ts";
import type { ConnectOptions, ListenOptions } from "../socket-options.ts";
import { SimulatedConnect } from "./simulated-connect.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";
import { SimulatedFile } from "./simulated-file.ts";
import { SimulatedHost } from "./simulated-host.ts";
import { SimulatedListener } from "./simulated-listener.ts";
import { SimulatedMailbox } from "./simulated-mailbox.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";

/** A host in a {@link SimulatedNetwork}. It moves only when its network does. */
export class SimulatedPort implements CompletionPort {
  readonly backend = "simulated";
  readonly host: SimulatedHost;
  readonly #mailboxes = new Set<SimulatedMailbox>();
  readonly #closed = Promise.withResolvers<void>();
  #state: "open" | "closing" | "closed" = "open";

  /** Only `SimulatedNetwork.createPort` makes ports. */
  constructor(network: SimulatedNetwork, name: string, index: number, arenaLimitBytes: number) {
    this.host = new SimulatedHost(network, name, index, arenaLimitBytes, () => this.#closeWhenQuiet());
  }

  /** The files of this host, for tests to look at. */
  get disk(): SimulatedDisk {
    return this.host.disk;
  }

  get name(): string {
    return this.host.name;
  }

  get arena(): Arena {
    return this.host.arena;
  }

  get clock(): Clock {
    return this.host.clock;
  }

  get counters(): PortCounters {
    return this.host.counters;
  }

  /** See {@link CompletionPort.listen}. Loopback addresses are the whole network's. */
  async listen(address: SocketAddress, options: ListenOptions, events: AcceptEvents): Promise<PortListener> {
    if (this.host.hasCrashed) return new Promise(() => {}); // Nobody hears of it again.
    this.host.refuseWhenClosing("listen");
    const { network, faultSource } = this.host;
    const errno = faultSource.failureOf("listen");
    if (errno > 0) throw new PortError("listen", errno, formatSocketAddress(address));
    const bound = network.bind(this.host, address);
    const listener = new SimulatedListener(this.host, bound, options, events);
    network.addListener(listener);
    return listener;
  }

  connect(address: SocketAddress, options: ConnectOptions, events: ConnectEvents): PortConnect {
    if (this.host.hasCrashed) return { cancel: () => {} };
    this.host.refuseWhenClosing("connect");
    return new SimulatedConnect(this.host, address, options, events);
  }

  /** See {@link CompletionPort.openFile}. The root and the working directory are there, and those made. */
  async openFile(path: string, options: FileOptions, events: FileEvents): Promise<PortFile> {
    if (this.host.hasCrashed) return new Promise(() => {}); // Nobody hears of it again.
    this.host.refuseWhenClosing("openFile");
    return new Promise((resolve, reject) => {
      this.host.openingCount++;
      this.host.begin();
      this.host.laterOnDisk(() => {
        this.host.complete(this.host.files, () => {
          this.host.openingCount--;
          this.host.end("file opened", 0);
          try {
            resolve(this.#open(path, options, events));
          } catch (error) {
            reject(error instanceof PortError ? error : new PortError("open", Errno.EIO, path));
          }
        });
      });
    });
  }

  #open(path: string, { existing = "append" }: FileOptions, events: FileEvents): PortFile {
    const { host } = this;
    const errno = host.isClosing ? Errno.ECANCELED : host.faultSource.failureOf("open");
    if (errno > 0) throw new PortError("open", errno, path);
    if (path.includes("\0")) throw new PortError("open", Errno.EINVAL, path);
    if (path.length > 4095) throw new PortError("open", Errno.ENAMETOOLONG, path);
    return new SimulatedFile(host, path, host.disk.open(path, existing), events);
  }

  startTimer(delayMs: number, onExpired: () => void): PortTimer {
    if (this.host.hasCrashed) return { cancel: () => {} };
    this.host.refuseWhenClosing("startTimer");
    assert(delayMs >= 0, "a delay is not negative");
    return this.host.startTimer(delayMs, onExpired);
  }

  post(job: () => void): void {
    if (this.#state === "closed") throw new PortError("post", Errno.ESHUTDOWN);
    this.host.post(job);
  }

  openMailbox(onMessage: (message: unknown) => void): Mailbox {
    this.host.refuseWhenClosing("openMailbox");
    const mailbox = new SimulatedMailbox(this.host, onMessage, (closed) => this.#mailboxes.delete(closed));
    this.#mailboxes.add(mailbox);
    return mailbox;
  }

  atTurnEnd(task: () => void): void {
    this.host.atTurnEnd(task);
  }

  requestFlush(target: Flushable): void {
    this.host.requestFlush(target);
  }

  /** Resolves when the port is closed; the network has to be driven meanwhile. */
  run(): Promise<void> {
    return this.#closed.promise;
  }

  /** See {@link CompletionPort.close}; resolves when the network has been driven far enough. */
  close(): Promise<void> {
    if (this.#state === "open") {
      this.#state = this.host.hasCrashed ? "closed" : "closing";
      this.host.isClosing = true;
      this.host.clearTimers();
      for (const mailbox of this.#mailboxes) mailbox.close();
      for (const listener of this.host.listeners) listener.close();
      for (const connect of this.host.connects) connect.cancel();
      for (const socket of this.host.sockets) socket.close();
      for (const file of this.host.files) file.close();
      this.host.askForTurn();
      if (this.#state === "closed") this.#closed.resolve();
    }
    return this.#closed.promise;
  }

  /**
   * The process dies: its sockets are gone, its peers see resets, and nothing it asked for is ever
   * answered. What its program still calls does nothing.
   */
  crash(): void {
    this.host.crash();
    for (const mailbox of this.#mailboxes) mailbox.close();
  }

  #closeWhenQuiet(): void {
    if (this.#state !== "closing" || !this.host.isQuiet) return;
    this.#state = "closed";
    this.#closed.resolve();
  }
}
