import { parentPort } from "node:worker_threads";
import type { MailboxAddress } from "../../src/engine/completion-port.ts";
import { openMailboxSender } from "../../src/engine/mailbox-sender.ts";

// A thread that posts the numbers from 0 to `count` − 1 to a mailbox of another thread.
parentPort?.once("message", ({ address, count }: { address: MailboxAddress; count: number }) => {
  const sender = openMailboxSender(address);
  for (let index = 0; index < count; index++) sender.post(index);
});
