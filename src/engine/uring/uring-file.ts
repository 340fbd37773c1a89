import { assert } from "../../base/assert.ts";
import { Errno, PortError } from "../port-error.ts";
import { DEFAULT_FILE_MODE, type FileEvents, type FileOptions, type PortFile } from "../port-file.ts";
import { GATHER_PIECES, type SendQueue } from "../send-queue.ts";
import * as k from "./constants.ts";
import { GATHER_HEADER_BYTES, writePieces } from "./gather-block.ts";
import { OperationKind, type OperationOwner } from "./operation-kind.ts";
import type { UringCore } from "./uring-core.ts";

/** `closing` waits for what is outstanding; `closingDescriptor` for the close. */
type State = "opening" | "open" | "closing" | "closingDescriptor" | "closed";

const legal: Readonly<Record<State, readonly State[]>> = {
  opening: ["open", "closingDescriptor", "closed"],
  open: ["closing"],
  closing: ["closingDescriptor"],
  closingDescriptor: ["closed"],
  closed: [],
};

const openFlags: Readonly<Record<NonNullable<FileOptions["existing"]>, number>> = {
  append: 0,
  truncate: k.O_TRUNC,
  refuse: k.O_EXCL,
};

/** A file whose operations go through the ring; those that may block run in the kernel's own threads. */
export class UringFile implements PortFile, OperationOwner {
  readonly path: string;
  readonly #core: UringCore;
  readonly #slot: number;
  readonly #generation: number;
  readonly #events: FileEvents;
  readonly #opened = Promise.withResolvers<UringFile>();
  #state: State = "opening";
  #fd = -1;
  #sizeBytes = 0;
  #pathBlock = -1;
  /** The port was closed before the file was open. */
  #isCancelled = false;
  #outstanding: "none" | "write" | "sync" = "none";
  #queue: SendQueue | undefined;
  #gatherBlock = -1;

  private constructor(core: UringCore, path: string, events: FileEvents) {
    this.#core = core;
    this.path = path;
    this.#events = events;
    this.#slot = core.slots.take(this);
    this.#generation = core.slots.generationOf(this.#slot);
  }

  /** Resolves when the file is open; rejects with PortError. */
  static open(core: UringCore, path: string, options: FileOptions, events: FileEvents): Promise<PortFile> {
    // For the kernel the name would end at a NUL, and another file be opened.
    const pathBytes = Buffer.from(path);
    if (pathBytes.includes(0)) throw new PortError("open", Errno.EINVAL, path);
    if (pathBytes.byteLength >= k.PATH_MAX) throw new PortError("open", Errno.ENAMETOOLONG, path);
    const { pathBlocks } = core;
    const block = pathBlocks.take();
    if (block < 0) throw new PortError("open", Errno.EAGAIN, `${path}: too many files are being opened`);
    const at = pathBlocks.byteOf(block);
    pathBlocks.bytes.set(pathBytes, at);
    pathBlocks.bytes[at + pathBytes.byteLength] = 0;
    const file = new UringFile(core, path, events);
    file.#pathBlock = block;
    file.#startOpening(options);
    return file.#opened.promise;
  }

  #startOpening({ existing = "append", mode = DEFAULT_FILE_MODE }: FileOptions): void {
    const core = this.#core;
    core.counters.outstandingOperations++;
    core.ring.prepare(
      OperationKind.OPEN,
      this.#slot,
      this.#generation,
      k.IORING_OP_OPENAT,
      0,
      0,
      k.AT_FDCWD,
      core.pathBlocks.addressOf(this.#pathBlock),
      mode,
      0,
      k.O_WRONLY | k.O_CREAT | k.O_APPEND | k.O_CLOEXEC | openFlags[existing],
    );
    core.askForTurn();
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  #become(state: State): void {
    assert(legal[this.#state].includes(state), `a file that is ${this.#state} does not become ${state}`);
    this.#state = state;
  }

  #begin(operation: "write" | "sync"): void {
    if (this.#state !== "open") throw new PortError(operation, Errno.EBADF, this.path);
    assert(this.#outstanding === "none", "one operation of a file is outstanding at a time");
    this.#outstanding = operation;
    this.#core.idleFileCount--;
    this.#core.counters.outstandingOperations++;
    this.#core.askForTurn();
  }

  write(queue: SendQueue): void {
    assert(!queue.isEmpty, "there is something to write");
    assert(queue.chunkAt(0).address !== 0, "what is written lives in the port's arena");
    this.#begin("write");
    this.#queue = queue;
    this.#submitWrite(queue);
  }

  #submitWrite(queue: SendQueue): void {
    const { gatherBlocks, ring } = this.#core;
    const pieceCount = Math.min(queue.pieceCount, GATHER_PIECES);
    const block = pieceCount === 1 ? -1 : gatherBlocks.take();
    this.#gatherBlock = block;
    let opcode = k.IORING_OP_WRITE;
    let address = queue.chunkAt(0).address + queue.startAt(0);
    let length = queue.endAt(0) - queue.startAt(0);
    queue.freeze(block < 0 ? 1 : pieceCount);
    if (block >= 0) {
      writePieces(gatherBlocks, block, queue, pieceCount);
      opcode = k.IORING_OP_WRITEV;
      address = gatherBlocks.addressOf(block) + GATHER_HEADER_BYTES;
      length = pieceCount;
    }
    // The offset is not looked at: the file was opened with O_APPEND.
    const kind = OperationKind.WRITE;
    ring.prepare(kind, this.#slot, this.#generation, opcode, 0, 0, this.#fd, address, length, 0, 0);
  }

  sync(): void {
    this.#begin("sync");
    this.#core.ring.prepare(
      OperationKind.SYNC,
      this.#slot,
      this.#generation,
      k.IORING_OP_FSYNC,
      0,
      0,
      this.#fd,
      0,
      0,
      0,
      k.IORING_FSYNC_DATASYNC,
    );
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#become("closing");
    this.#core.counters.outstandingOperations++;
    if (this.#outstanding === "none") {
      this.#core.idleFileCount--;
      this.#closeDescriptor();
    } else {
      this.#cancel(this.#outstanding === "write" ? OperationKind.WRITE : OperationKind.SYNC);
    }
    this.#core.askForTurn();
  }

  closeForPort(): void {
    if (this.#state !== "opening") {
      this.close();
    } else if (!this.#isCancelled) {
      this.#isCancelled = true;
      this.#cancel(OperationKind.OPEN);
    }
  }

  #cancel(kind: number): void {
    this.#core.ring.prepareCancel(OperationKind.CANCEL, kind, this.#slot, this.#generation);
  }

  #closeDescriptor(): void {
    this.#become("closingDescriptor");
    const { ring } = this.#core;
    const kind = OperationKind.CLOSE;
    ring.prepare(kind, this.#slot, this.#generation, k.IORING_OP_CLOSE, 0, 0, this.#fd, 0, 0, 0, 0);
  }

  complete(kind: number, result: number): void {
    switch (kind) {
      case OperationKind.OPEN:
        this.#onOpened(result);
        break;
      case OperationKind.WRITE:
        this.#onWritten(result);
        break;
      case OperationKind.SYNC:
        this.#end(() => this.#events.onSynced(this.#told(result)));
        break;
      case OperationKind.CLOSE:
        this.#onClosed();
        break;
      default:
        assert(false, `a file has no operation of kind ${kind}`);
    }
  }

  #onOpened(result: number): void {
    const core = this.#core;
    core.pathBlocks.giveBack(this.#pathBlock);
    if (result >= 0) {
      this.#fd = result;
      core.counters.openFiles++;
    }
    if (result >= 0 && !this.#isCancelled) {
      core.counters.outstandingOperations--;
      this.#become("open");
      core.idleFileCount++;
      this.#sizeBytes = core.socketCalls.fileBytes(result);
      this.#opened.resolve(this);
      return;
    }
    this.#opened.reject(new PortError("open", this.#isCancelled ? Errno.ECANCELED : result, this.path));
    if (result >= 0) {
      this.#closeDescriptor();
      return;
    }
    core.counters.outstandingOperations--;
    this.#become("closed");
    core.slots.giveBack(this.#slot);
  }

  #onWritten(result: number): void {
    const queue = this.#queue;
    assert(queue !== undefined, "a write was outstanding");
    if (this.#gatherBlock >= 0) this.#core.gatherBlocks.giveBack(this.#gatherBlock);
    this.#gatherBlock = -1;
    if ((result === -Errno.EINTR || result === -Errno.EAGAIN) && this.#state === "open") {
      this.#submitWrite(queue);
      return;
    }
    this.#queue = undefined;
    if (result > 0) this.#core.counters.writtenBytes += result;
    // Nothing written is not progress, and repeating it could go on for ever.
    this.#end(() => this.#events.onWritten(result === 0 ? -Errno.EIO : this.#told(result)));
  }

  /** A cancelled operation may end as interrupted. */
  #told(result: number): number {
    return result === -Errno.EINTR && this.#state === "closing" ? -Errno.ECANCELED : result;
  }

  #end(tell: () => void): void {
    this.#outstanding = "none";
    this.#core.counters.outstandingOperations--;
    if (this.#state === "open") this.#core.idleFileCount++;
    try {
      tell();
    } finally {
      if (this.#state === "closing" && this.#outstanding === "none") this.#closeDescriptor();
    }
  }

  #onClosed(): void {
    const { counters, slots } = this.#core;
    this.#become("closed");
    slots.giveBack(this.#slot);
    counters.outstandingOperations--;
    counters.openFiles--;
    if (!this.#isCancelled) this.#events.onClosed();
  }
}
