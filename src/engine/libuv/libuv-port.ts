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
import { LoopTimers } from "../loop-timers.ts";
import type { Arena } from "../memory/arena.ts";
import { Errno, PortError } from "../port-error.ts";
import type { FileEvents, FileOptions, PortFile } from "../port-file.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { ConnectOptions, ListenOptions } from "../socket-options.ts";
import { LibuvConnect } from "./libuv-connect.ts";
import { LibuvCore, type LibuvPortOptions } from "./libuv-core.ts";
import { LibuvFile } from "./libuv-file.ts";
import { LibuvListener } from "./libuv-listener.ts";
import { LibuvMailbox } from "./libuv-mailbox.ts";

export type { LibuvPortOptions } from "./libuv-core.ts";

/** Opens a completion port on node:net, which works wherever Node does. */
export function openLibuvPort(options: LibuvPortOptions = {}): LibuvPort {
  return new LibuvPort(options);
}

/**
 * A completion port on node:net. It is served by the event loop of the thread that opened it, from
 * the start; a listener, a socket, a timer or a mailbox that has an address keeps that loop alive.
 */
export class LibuvPort implements CompletionPort {
  readonly backend = "libuv";
  readonly #core: LibuvCore;
  readonly #timers: LoopTimers;
  readonly #mailboxes = new Set<LibuvMailbox>();
  readonly #closed = Promise.withResolvers<void>();
  #state: "open" | "closing" | "closed" = "open";

  constructor(options: LibuvPortOptions) {
    this.#core = new LibuvCore(options, () => this.#closeWhenQuiet());
    this.#timers = new LoopTimers(this.#core.clock, () => this.#expireTimers());
  }

  get arena(): Arena {
    return this.#core.arena;
  }

  get clock(): Clock {
    return this.#core.clock;
  }

  get counters(): PortCounters {
    return this.#core.counters;
  }

  /** See {@link CompletionPort.listen}. "::" takes IPv4 connections too. */
  async listen(address: SocketAddress, options: ListenOptions, events: AcceptEvents): Promise<PortListener> {
    this.#core.refuseWhenClosing("listen");
    return LibuvListener.open(this.#core, address, options, events);
  }

  connect(address: SocketAddress, options: ConnectOptions, events: ConnectEvents): PortConnect {
    this.#core.refuseWhenClosing("connect");
    return new LibuvConnect(this.#core, address, options, events);
  }

  async openFile(path: string, options: FileOptions, events: FileEvents): Promise<PortFile> {
    this.#core.refuseWhenClosing("openFile");
    return LibuvFile.open(this.#core, path, options, events);
  }

  startTimer(delayMs: number, onExpired: () => void): PortTimer {
    this.#core.refuseWhenClosing("startTimer");
    assert(delayMs >= 0, "a delay is not negative");
    const timer = this.#timers.start(delayMs, onExpired);
    this.#timers.arm();
    return timer;
  }

  #expireTimers(): void {
    try {
      this.#timers.expire();
    } finally {
      this.#timers.arm();
    }
  }

  post(job: () => void): void {
    if (this.#state === "closed") throw new PortError("post", Errno.ESHUTDOWN);
    this.#core.post(job);
  }

  openMailbox(onMessage: (message: unknown) => void): Mailbox {
    this.#core.refuseWhenClosing("openMailbox");
    const mailbox = new LibuvMailbox(onMessage, (closed) => this.#mailboxes.delete(closed));
    this.#mailboxes.add(mailbox);
    return mailbox;
  }

  atTurnEnd(task: () => void): void {
    this.#core.atTurnEnd(task);
  }

  requestFlush(target: Flushable): void {
    this.#core.requestFlush(target);
  }

  /** See {@link CompletionPort.run}: the event loop serves the port, so this only waits. */
  run(): Promise<void> {
    return this.#closed.promise;
  }

  close(): Promise<void> {
    if (this.#state === "open") {
      this.#state = "closing";
      this.#core.isClosing = true;
      this.#timers.clear();
      for (const mailbox of this.#mailboxes) mailbox.close();
      for (const owner of this.#core.owners) owner.closeForPort();
      this.#core.askForTurn();
    }
    return this.#closed.promise;
  }

  #closeWhenQuiet(): void {
    if (this.#state !== "closing" || this.#core.owners.size > 0 || this.#core.hasWork) return;
    this.#state = "closed";
    this.#closed.resolve();
  }
}
