import type { MailboxAddress } from "./completion-port.ts";

/** One thread's way into a mailbox of another thread. */
export interface MailboxSender {
  /** Sends a message; it is copied (structured clone). After `close` it does nothing. */
  post(message: unknown): void;
  close(): void;
}

/**
 * Opens an address that came by `postMessage(address, address.transfer)`. Messages arrive in the
 * order in which they were posted; those posted after the mailbox was closed are dropped.
 */
export function openMailboxSender(address: MailboxAddress): MailboxSender {
  const { port, wakeDescriptor, wakeGate } = address;
  let isOpen = true;
  port.on("close", () => (isOpen = false));
  port.unref();
  const wake = wakeDescriptor >= 0 && wakeGate !== undefined ? wakeOf(wakeDescriptor, wakeGate) : undefined;
  return {
    post(message) {
      if (!isOpen) return;
      port.postMessage(message);
      wake?.();
    },
    close() {
      isOpen = false;
      port.close();
    },
  };
}

/** How to wake a port that blocks. Its code is loaded here alone: other senders need no FFI. */
function wakeOf(descriptor: number, gate: SharedArrayBuffer): () => void {
  let wakeByDescriptor: ((fd: number, gate: SharedArrayBuffer) => void) | undefined;
  const loading =
    process.platform === "win32" ? import("./iocp/wake-by-packet.ts") : import("./uring/wake-by-eventfd.ts");
  const wakeOnceLoaded = async (): Promise<void> => {
    wakeByDescriptor = (await loading).wakeByDescriptor;
    wakeByDescriptor(descriptor, gate);
  };
  return () => {
    if (wakeByDescriptor === undefined) void wakeOnceLoaded();
    else wakeByDescriptor(descriptor, gate);
  };
}
