import { assert } from "../../base/assert.ts";
import { Errno, PortError } from "../port-error.ts";
import type { FileEvents, PortFile } from "../port-file.ts";
import { GATHER_PIECES, type SendQueue } from "../send-queue.ts";
import { PendingSend } from "./pending-send.ts";
import type { SimulatedFileBytes } from "./simulated-disk.ts";
import type { SimulatedHost } from "./simulated-host.ts";

/** A file of a simulated host. */
export class SimulatedFile implements PortFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #host: SimulatedHost;
  readonly #file: SimulatedFileBytes;
  readonly #events: FileEvents;
  #state: "open" | "closing" | "closed" = "open";
  #isBusy = false;

  constructor(host: SimulatedHost, path: string, file: SimulatedFileBytes, events: FileEvents) {
    this.#host = host;
    this.path = path;
    this.#file = file;
    this.sizeBytes = file.byteCount;
    this.#events = events;
    host.files.add(this);
    host.counters.openFiles++;
  }

  /** False on a crashed host, whose program reaches nothing any more. */
  #begin(operation: string): boolean {
    if (this.#host.hasCrashed) return false;
    if (this.#state !== "open") throw new PortError(operation, Errno.EBADF, this.path);
    assert(!this.#isBusy, "one operation of a file is outstanding at a time");
    this.#isBusy = true;
    this.#host.begin();
    return true;
  }

  write(queue: SendQueue): void {
    assert(!queue.isEmpty, "there is something to write");
    if (!this.#begin("write")) return;
    const pending = new PendingSend(queue, GATHER_PIECES, Number.POSITIVE_INFINITY);
    this.#host.laterOnDisk(() => {
      const result = this.#take(pending);
      this.#host.complete(this, () => {
        pending.check();
        if (result > 0) this.#host.counters.writtenBytes += result;
        this.#end("written", result, () => this.#events.onWritten(result));
      });
    });
  }

  /** Writes what there is room for; a full disk takes a part of the last write. */
  #take(pending: PendingSend): number {
    const { faultSource, disk } = this.#host;
    const errno = this.#state === "closing" ? Errno.ECANCELED : faultSource.failureOf("write");
    const room = faultSource.faults.diskBytes - disk.usedBytes;
    if (errno > 0 || room <= 0) return -(errno > 0 ? errno : Errno.ENOSPC);
    const byteCount = faultSource.writtenBytes(Math.min(pending.byteCount, room));
    disk.append(this.#file, pending.take(byteCount));
    return byteCount;
  }

  sync(): void {
    if (!this.#begin("sync")) return;
    this.#host.laterOnDisk(() => {
      const result = -this.#host.faultSource.failureOf("sync");
      this.#host.complete(this, () => this.#end("synced", result, () => this.#events.onSynced(result)));
    });
  }

  close(): void {
    if (this.#host.hasCrashed || this.#state !== "open") return;
    this.#state = "closing";
    this.#host.begin();
    if (!this.#isBusy) this.#host.complete(this, () => this.#finish());
  }

  #end(what: string, result: number, tell: () => void): void {
    const wasClosing = this.#state === "closing";
    this.#isBusy = false;
    this.#host.end(what, result);
    try {
      tell();
    } finally {
      if (wasClosing) this.#host.complete(this, () => this.#finish());
    }
  }

  #finish(): void {
    this.#state = "closed";
    this.#host.end("file closed", 0);
    this.#host.counters.openFiles--;
    this.#host.files.delete(this);
    this.#events.onClosed();
  }
}
