import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { Mailbox, MailboxAddress } from "../completion-port.ts";

/** Messages of other threads, over one MessageChannel per address; the event loop is woken by them. */
export class LibuvMailbox implements Mailbox {
  readonly #onMessage: (message: unknown) => void;
  readonly #onClosed: (mailbox: LibuvMailbox) => void;
  readonly #ports = new Set<MessagePort>();
  #isOpen = true;

  constructor(onMessage: (message: unknown) => void, onClosed: (mailbox: LibuvMailbox) => void) {
    this.#onMessage = onMessage;
    this.#onClosed = onClosed;
  }

  address(): MailboxAddress {
    const { port1, port2 } = new MessageChannel();
    if (this.#isOpen) {
      this.#ports.add(port1);
      port1.on("message", (message: unknown) => {
        if (this.#isOpen) this.#onMessage(message);
      });
      port1.on("close", () => this.#ports.delete(port1));
    } else {
      port1.close();
    }
    return { port: port2, wakeDescriptor: -1, transfer: [port2] };
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const port of this.#ports) port.close();
    this.#ports.clear();
    this.#onClosed(this);
  }
}
