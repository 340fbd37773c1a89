import { assert } from "../../base/assert.ts";
import type { KernelCore } from "./kernel-core.ts";
import type { OperationOwner } from "./operation-slots.ts";
import { Errno, PortError } from "../port-error.ts";
import type { FileEvents, PortFile } from "../port-file.ts";
import type { SendQueue } from "../send-queue.ts";

/** `closing` waits for what is outstanding; `closingHandle` for the handle or descriptor to be gone. */
type State = "opening" | "open" | "closing" | "closingHandle" | "closed";

const legal: Readonly<Record<State, readonly State[]>> = {
  opening: ["open", "closingHandle", "closed"],
  open: ["closing"],
  closing: ["closingHandle"],
  closingHandle: ["closed"],
  closed: [],
};

/**
 * A file of a port on a kernel's own interface: which operation it has outstanding, and in which order it
 * comes to its end. How the kernel is asked is the port's own.
 */
export abstract class KernelFile<Core extends KernelCore> implements PortFile, OperationOwner {
  readonly path: string;
  protected readonly core: Core;
  readonly #events: FileEvents;
  readonly #opened = Promise.withResolvers<PortFile>();
  #state: State = "opening";
  #sizeBytes = 0;
  /** The port was closed before the file was open. */
  #isCancelled = false;
  #outstanding: "none" | "write" | "sync" = "none";

  /** The file is being opened: `afterOpen` or `afterOpenFailed` follows. */
  constructor(core: Core, path: string, events: FileEvents) {
    this.core = core;
    this.path = path;
    this.#events = events;
    core.counters.outstandingOperations++;
  }

  /** Taken by the file when it is made; given back here, after the last completion. */
  protected abstract readonly slot: number;
  abstract complete(kind: number, result: number, detail: number): void;

  /** Asks the kernel to write the first pieces of `queue`, which it freezes; `afterWrite` follows. */
  protected abstract submitWrite(queue: SendQueue): void;
  /** Has what was written put on the medium; `afterSync` follows. */
  protected abstract submitSync(): void;
  /** Has the outstanding operation end soon, where the kernel can. */
  protected abstract cancel(operation: "open" | "write" | "sync"): void;
  /** Closes the handle; `afterClose` follows, in a later dispatch. Nothing else is outstanding. */
  protected abstract closeHandle(): void;

  /** Resolves when the file is open; rejects with PortError. */
  protected get opened(): Promise<PortFile> {
    return this.#opened.promise;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  protected get isOpen(): boolean {
    return this.#state === "open";
  }

  protected get isClosing(): boolean {
    return this.#state === "closing";
  }

  protected get isCancelled(): boolean {
    return this.#isCancelled;
  }

  #become(state: State): void {
    assert(legal[this.#state].includes(state), `a file that is ${this.#state} does not become ${state}`);
    this.#state = state;
  }

  /** The kernel has opened it. A file that nobody waits for any more is closed again. */
  protected afterOpen(sizeBytes: number): void {
    const { counters } = this.core;
    counters.openFiles++;
    if (this.#isCancelled) {
      this.#opened.reject(new PortError("open", Errno.ECANCELED, this.path));
      this.#closeHandle();
      return;
    }
    counters.outstandingOperations--;
    this.core.idleFileCount++;
    this.#sizeBytes = sizeBytes;
    this.#become("open");
    this.#opened.resolve(this);
  }

  /** There is no handle. */
  protected afterOpenFailed(errno: number): void {
    const failed = this.#isCancelled ? Errno.ECANCELED : errno;
    this.#opened.reject(new PortError("open", failed, this.path));
    this.core.counters.outstandingOperations--;
    this.#become("closed");
    this.core.slots.giveBack(this.slot);
  }

  #begin(operation: "write" | "sync"): void {
    if (this.#state !== "open") throw new PortError(operation, Errno.EBADF, this.path);
    assert(this.#outstanding === "none", "one operation of a file is outstanding at a time");
    this.#outstanding = operation;
    this.core.idleFileCount--;
    this.core.counters.outstandingOperations++;
    this.core.askForTurn();
  }

  write(queue: SendQueue): void {
    assert(!queue.isEmpty, "there is something to write");
    assert(queue.chunkAt(0).address !== 0, "what is written lives in the port's arena");
    this.#begin("write");
    this.submitWrite(queue);
  }

  sync(): void {
    this.#begin("sync");
    this.submitSync();
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#become("closing");
    this.core.counters.outstandingOperations++;
    if (this.#outstanding === "none") {
      this.core.idleFileCount--;
      this.#closeHandle();
    } else {
      this.cancel(this.#outstanding);
    }
    this.core.askForTurn();
  }

  closeForPort(): void {
    if (this.#state !== "opening") {
      this.close();
    } else if (!this.#isCancelled) {
      this.#isCancelled = true;
      this.cancel("open");
    }
  }

  protected afterWrite(result: number): void {
    if (result > 0) this.core.counters.writtenBytes += result;
    // Nothing written is not progress, and repeating it could go on for ever.
    this.#end(() => this.#events.onWritten(result === 0 ? -Errno.EIO : result));
  }

  protected afterSync(result: number): void {
    this.#end(() => this.#events.onSynced(result));
  }

  #end(tell: () => void): void {
    this.#outstanding = "none";
    this.core.counters.outstandingOperations--;
    if (this.#state === "open") this.core.idleFileCount++;
    try {
      tell();
    } finally {
      if (this.#state === "closing" && this.#outstanding === "none") this.#closeHandle();
    }
  }

  #closeHandle(): void {
    this.#become("closingHandle");
    this.closeHandle();
  }

  /** The handle is gone. */
  protected afterClose(): void {
    const { counters, slots } = this.core;
    this.#become("closed");
    slots.giveBack(this.slot);
    counters.outstandingOperations--;
    counters.openFiles--;
    if (!this.#isCancelled) this.#events.onClosed();
  }
}
