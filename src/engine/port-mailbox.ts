import { MessageChannel, receiveMessageOnPort, type MessagePort } from "node:worker_threads";
import type { Mailbox, MailboxAddress } from "./completion-port.ts";
import type { WakeGate } from "./kernel/wake-gate.ts";

/** What a mailbox needs of its port. */
export interface MailboxHost {
  /** −1 when the port is served by the event loop, which messages wake by themselves. */
  readonly wakeDescriptor: number;
  readonly wakeGate: WakeGate;
  post(job: () => void): void;
  mailboxClosed(mailbox: PortMailbox): void;
}

/** Messages of other threads, over one MessageChannel per address. */
export class PortMailbox implements Mailbox {
  readonly #host: MailboxHost;
  readonly #onMessage: (message: unknown) => void;
  readonly #ports = new Set<MessagePort>();
  #isOpen = true;

  constructor(host: MailboxHost, onMessage: (message: unknown) => void) {
    this.#host = host;
    this.#onMessage = onMessage;
  }

  address(): MailboxAddress {
    const { port1, port2 } = new MessageChannel();
    if (this.#isOpen) {
      this.#ports.add(port1);
      port1.on("message", (message: unknown) => this.#take(message));
      port1.on("close", () => this.#ports.delete(port1));
    } else {
      port1.close();
    }
    return {
      port: port2,
      wakeDescriptor: this.#host.wakeDescriptor,
      wakeGate: this.#host.wakeGate.shared,
      transfer: [port2],
    };
  }

  /** Takes what has been posted without waiting for the event loop; for a thread that blocks. */
  drain(): void {
    for (const port of this.#ports) {
      for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port)) {
        this.#take(got.message);
      }
    }
  }

  #take(message: unknown): void {
    if (!this.#isOpen) return;
    this.#host.post(() => {
      if (this.#isOpen) this.#onMessage(message);
    });
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const port of this.#ports) port.close();
    this.#ports.clear();
    this.#host.mailboxClosed(this);
  }
}
