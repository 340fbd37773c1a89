import { EventEmitter } from "node:events";
import type { MessagePort } from "node:worker_threads";
import type { Mailbox, MailboxAddress } from "../completion-port.ts";
import type { SimulatedHost } from "./simulated-host.ts";

/**
 * A mailbox of a simulated port. Its addresses look like those of a real one, but a message is an
 * event of the simulation: senders are in the same thread, and the seed decides when it arrives.
 */
export class SimulatedMailbox implements Mailbox {
  readonly #host: SimulatedHost;
  readonly #onMessage: (message: unknown) => void;
  readonly #onClosed: (mailbox: SimulatedMailbox) => void;
  #isOpen = true;

  constructor(
    host: SimulatedHost,
    onMessage: (message: unknown) => void,
    onClosed: (mailbox: SimulatedMailbox) => void,
  ) {
    this.#host = host;
    this.#onMessage = onMessage;
    this.#onClosed = onClosed;
  }

  address(): MailboxAddress {
    const sender = new MessagePortStandIn((message) => this.#take(message));
    // Nothing but these methods of a MessagePort is used by openMailboxSender.
    const port = sender as unknown as MessagePort;
    return { port, wakeDescriptor: -1, transfer: [port] };
  }

  #take(message: unknown): void {
    this.#host.complete(this, () => {
      if (!this.#isOpen) return;
      this.#host.note("message", 0);
      this.#onMessage(message);
    });
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#onClosed(this);
  }
}

/** The part of a MessagePort that a mailbox's sender uses. */
class MessagePortStandIn extends EventEmitter {
  readonly #deliver: (message: unknown) => void;
  #isOpen = true;

  constructor(deliver: (message: unknown) => void) {
    super();
    this.#deliver = deliver;
  }

  postMessage(message: unknown): void {
    if (this.#isOpen) this.#deliver(structuredClone(message));
  }

  close(): void {
    this.#isOpen = false;
  }

  ref(): void {
    // Nothing of the event loop is held.
  }

  unref(): void {
    // As above.
  }
}
