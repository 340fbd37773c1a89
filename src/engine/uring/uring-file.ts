import { assert } from "../../base/assert.ts";
import { KernelFile } from "../kernel/kernel-file.ts";
import { Errno, PortError } from "../port-error.ts";
import { DEFAULT_FILE_MODE, type FileEvents, type FileOptions, type PortFile } from "../port-file.ts";
import { GATHER_PIECES, type SendQueue } from "../send-queue.ts";
import * as k from "./constants.ts";
import { GATHER_HEADER_BYTES, writePieces } from "./gather-block.ts";
import { OperationKind } from "./operation-kind.ts";
import type { UringCore } from "./uring-core.ts";

const openFlags: Readonly<Record<NonNullable<FileOptions["existing"]>, number>> = {
  append: 0,
  truncate: k.O_TRUNC,
  refuse: k.O_EXCL,
};

const kinds = { open: OperationKind.OPEN, write: OperationKind.WRITE, sync: OperationKind.SYNC } as const;

/** A file whose operations go through the ring; those that may block run in the kernel's own threads. */
export class UringFile extends KernelFile<UringCore> {
  protected override readonly slot: number;
  readonly #generation: number;
  #fd = -1;
  readonly #pathBlock: number;
  #queue: SendQueue | undefined;
  #gatherBlock = -1;

  private constructor(core: UringCore, path: string, pathBlock: number, events: FileEvents) {
    super(core, path, events);
    this.#pathBlock = pathBlock;
    this.slot = core.slots.take(this);
    this.#generation = core.slots.generationOf(this.slot);
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
    const file = new UringFile(core, path, block, events);
    file.#startOpening(options);
    return file.opened;
  }

  #startOpening({ existing = "append", mode = DEFAULT_FILE_MODE }: FileOptions): void {
    const core = this.core;
    core.ring.prepare(
      OperationKind.OPEN,
      this.slot,
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

  protected override submitWrite(queue: SendQueue): void {
    this.#queue = queue;
    const { gatherBlocks, ring } = this.core;
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
    ring.prepare(kind, this.slot, this.#generation, opcode, 0, 0, this.#fd, address, length, 0, 0);
  }

  protected override submitSync(): void {
    this.core.ring.prepare(
      OperationKind.SYNC,
      this.slot,
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

  protected override cancel(operation: keyof typeof kinds): void {
    const { ring } = this.core;
    ring.prepareCancel(OperationKind.CANCEL, kinds[operation], this.slot, this.#generation);
  }

  protected override closeHandle(): void {
    const { ring } = this.core;
    const kind = OperationKind.CLOSE;
    ring.prepare(kind, this.slot, this.#generation, k.IORING_OP_CLOSE, 0, 0, this.#fd, 0, 0, 0, 0);
  }

  override complete(kind: number, result: number): void {
    switch (kind) {
      case OperationKind.OPEN:
        this.#onOpened(result);
        break;
      case OperationKind.WRITE:
        this.#onWritten(result);
        break;
      case OperationKind.SYNC:
        this.afterSync(this.#told(result));
        break;
      case OperationKind.CLOSE:
        this.afterClose();
        break;
      default:
        assert(false, `a file has no operation of kind ${kind}`);
    }
  }

  #onOpened(result: number): void {
    this.core.pathBlocks.giveBack(this.#pathBlock);
    if (result < 0) {
      this.afterOpenFailed(-result);
      return;
    }
    this.#fd = result;
    this.afterOpen(this.core.socketCalls.fileBytes(result));
  }

  #onWritten(result: number): void {
    const queue = this.#queue;
    assert(queue !== undefined, "a write was outstanding");
    if (this.#gatherBlock >= 0) this.core.gatherBlocks.giveBack(this.#gatherBlock);
    this.#gatherBlock = -1;
    if ((result === -Errno.EINTR || result === -Errno.EAGAIN) && this.isOpen) {
      this.submitWrite(queue);
      return;
    }
    this.#queue = undefined;
    this.afterWrite(this.#told(result));
  }

  /** A cancelled operation may end as interrupted. */
  #told(result: number): number {
    return result === -Errno.EINTR && this.isClosing ? -Errno.ECANCELED : result;
  }
}
