import { dirname, resolve, toNamespacedPath } from "node:path";
import { assert } from "../../base/assert.ts";
import { KernelFile } from "../kernel/kernel-file.ts";
import { Errno, PortError } from "../port-error.ts";
import { DEFAULT_FILE_MODE, type FileEvents, type FileOptions, type PortFile } from "../port-file.ts";
import type { SendQueue } from "../send-queue.ts";
import * as k from "./constants.ts";
import type { IocpCore } from "./iocp-core.ts";
import { OperationKind, type IocpOwner } from "./operation-kind.ts";
import { errnoOf } from "./windows-errors.ts";

const dispositions: Readonly<Record<NonNullable<FileOptions["existing"]>, number>> = {
  append: k.OPEN_ALWAYS,
  truncate: k.CREATE_ALWAYS,
  refuse: k.CREATE_NEW,
};

/**
 * The right to append and not the one to write: Windows then puts every write at the end, whatever others
 * have written meanwhile.
 */
const ACCESS =
  k.FILE_APPEND_DATA |
  k.FILE_READ_ATTRIBUTES |
  k.FILE_WRITE_ATTRIBUTES |
  k.FILE_WRITE_EA |
  k.READ_CONTROL |
  k.SYNCHRONIZE;

/** The permission of a file's owner to write (open(2)); the only one that Windows has something like. */
const OWNER_MAY_WRITE = 0o200;

/** ERROR_IO_PENDING: a packet will come. */
const IO_PENDING = 997;

/**
 * A file with overlapped writes. Opening and syncing wait for the disk and have no overlapped form, so they
 * run on a thread of the pool.
 */
export class IocpFile extends KernelFile<IocpCore> implements IocpOwner {
  protected override readonly slot: number;
  #handle = k.INVALID_HANDLE_VALUE;
  #block = -1;

  private constructor(core: IocpCore, path: string, events: FileEvents) {
    super(core, path, events);
    this.slot = core.slots.take(this);
  }

  /** Resolves when the file is open; rejects with PortError. */
  static open(core: IocpCore, path: string, options: FileOptions, events: FileEvents): Promise<PortFile> {
    // For Windows the name would end at a NUL, and another file be opened.
    if (path.includes("\0")) throw new PortError("open", Errno.EINVAL, path);
    // With this prefix a path may be longer than 260 units, and a name is taken as it is written.
    const absolute = toNamespacedPath(resolve(path));
    const isTooLong = absolute.split("\\").some((name) => name.length > k.FILE_NAME_UNITS);
    if (isTooLong || absolute.length >= k.PATH_UNITS) throw new PortError("open", Errno.ENAMETOOLONG, path);
    const file = new IocpFile(core, path, events);
    file.#startOpening(absolute, options);
    return file.opened;
  }

  #startOpening(absolute: string, { existing = "append", mode = DEFAULT_FILE_MODE }: FileOptions): void {
    const core = this.core;
    core.poolCallCount++;
    const attributes = (mode & OWNER_MAY_WRITE) === 0 ? k.FILE_ATTRIBUTE_READONLY : k.FILE_ATTRIBUTE_NORMAL;
    core.calls.CreateFileW.async(
      absolute,
      ACCESS,
      k.FILE_SHARE_ALL, // so that others may rename it and read it: log rotation
      0,
      dispositions[existing],
      attributes | k.FILE_FLAG_OVERLAPPED,
      0,
      (error, handle) => {
        core.poolCallCount--;
        const isOpen = error === null && handle !== k.INVALID_HANDLE_VALUE;
        const errno = isOpen ? 0 : this.#openErrno(core.calls.GetLastError(), absolute);
        core.post(() => this.#onOpened(handle, errno));
      },
    );
    core.askForTurn();
  }

  /** Windows has fewer words for what can be wrong with a path than open(2); looking tells the rest. */
  #openErrno(error: number, absolute: string): number {
    const errno = errnoOf("open", error);
    if (errno === Errno.EACCES && this.#kindOf(absolute) === "directory") return Errno.EISDIR;
    if (errno !== Errno.ENOENT) return errno;
    for (let path = dirname(absolute); path !== dirname(path); path = dirname(path)) {
      const kind = this.#kindOf(path);
      if (kind !== "nothing") return kind === "file" ? Errno.ENOTDIR : Errno.ENOENT;
    }
    return Errno.ENOENT;
  }

  #kindOf(absolute: string): "file" | "directory" | "nothing" {
    const attributes = this.core.calls.GetFileAttributesW(absolute);
    if (attributes === k.INVALID_FILE_ATTRIBUTES) return "nothing";
    return (attributes & k.FILE_ATTRIBUTE_DIRECTORY) === 0 ? "file" : "directory";
  }

  #onOpened(handle: number, errno: number): void {
    const core = this.core;
    let failed = errno;
    try {
      if (failed === 0) core.queue.associate(handle, "open");
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      failed = error.errno;
    }
    if (failed !== 0) {
      if (errno === 0) core.calls.CloseHandle(handle);
      this.afterOpenFailed(failed);
      return;
    }
    this.#handle = handle;
    this.afterOpen(this.#readSize());
  }

  /** Bytes in the file; 0 for what is none (a pipe, a console). */
  #readSize(): number {
    const { addressBlocks, calls } = this.core;
    if (calls.GetFileType(this.#handle) !== k.FILE_TYPE_DISK) return 0;
    const block = addressBlocks.take();
    if (block < 0) return 0;
    const isRead = calls.GetFileSizeEx(this.#handle, addressBlocks.addressOf(block)) !== 0;
    const at = addressBlocks.wordOf(block);
    const [low = 0, high = 0] = addressBlocks.words.subarray(at, at + 2);
    addressBlocks.giveBack(block);
    return isRead ? (low >>> 0) + high * 4_294_967_296 : 0;
  }

  /** One piece at a time: Windows gathers for files only whole pages that go past its cache. */
  protected override submitWrite(queue: SendQueue): void {
    const { calls, overlapped } = this.core;
    queue.freeze(1);
    const block = this.core.begin(this, OperationKind.WRITE, this.slot);
    this.#block = block;
    if (block < 0) return;
    const address = queue.chunkAt(0).address + queue.startAt(0);
    const byteCount = queue.endAt(0) - queue.startAt(0);
    // Each write brings its packet, also one that is done at once.
    const isStarted = calls.WriteFile(this.#handle, address, byteCount, 0, overlapped.addressOf(block)) !== 0;
    const error = isStarted ? IO_PENDING : calls.GetLastError();
    if (error !== IO_PENDING) this.core.queue.started(block, -errnoOf("write", error));
  }

  protected override submitSync(): void {
    const core = this.core;
    core.poolCallCount++;
    core.calls.FlushFileBuffers.async(this.#handle, (error, isDone) => {
      core.poolCallCount--;
      const result = error === null && isDone !== 0 ? 0 : -errnoOf("sync", core.calls.GetLastError());
      core.post(() => this.afterSync(result));
    });
  }

  /** What runs on a thread of the pool is waited for. */
  protected override cancel(): void {
    if (this.#block < 0) return;
    this.core.calls.CancelIoEx(this.#handle, this.core.overlapped.addressOf(this.#block));
  }

  protected override closeHandle(): void {
    const core = this.core;
    core.calls.CloseHandle(this.#handle);
    core.post(() => this.afterClose());
  }

  failureOf(_kind: number, overlappedAddress: number): number {
    const { addressBlocks, calls } = this.core;
    const block = addressBlocks.take();
    if (block < 0) return -Errno.EIO;
    calls.GetOverlappedResult(this.#handle, overlappedAddress, addressBlocks.addressOf(block), 0);
    const error = calls.GetLastError();
    addressBlocks.giveBack(block);
    return -errnoOf("write", error);
  }

  override complete(kind: number, result: number): void {
    assert(kind === OperationKind.WRITE, `a file has no operation of kind ${kind}`);
    this.#block = -1;
    this.afterWrite(result);
  }
}
