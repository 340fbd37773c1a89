import { close, constants, fdatasync, fstat, open, write, writev } from "node:fs";
import { assert } from "../../base/assert.ts";
import { Errno, errnoFromName, PortError } from "../port-error.ts";
import { DEFAULT_FILE_MODE, type FileEvents, type FileOptions, type PortFile } from "../port-file.ts";
import { GATHER_PIECES, type SendQueue } from "../send-queue.ts";
import type { LibuvCore, LibuvOwner } from "./libuv-core.ts";

const openFlags: Readonly<Record<NonNullable<FileOptions["existing"]>, number>> = {
  append: 0,
  truncate: constants.O_TRUNC,
  refuse: constants.O_EXCL,
};

/** `closing` waits for what is outstanding, which libuv cannot take back, and for the close. */
type State = "open" | "closing" | "closed";

/** A file over node:fs, whose operations run in libuv's thread pool. */
export class LibuvFile implements PortFile, LibuvOwner {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #core: LibuvCore;
  readonly #fd: number;
  readonly #events: FileEvents;
  #state: State = "open";
  #isBusy = false;

  private constructor(core: LibuvCore, path: string, fd: number, sizeBytes: number, events: FileEvents) {
    this.#core = core;
    this.path = path;
    this.#fd = fd;
    this.sizeBytes = sizeBytes;
    this.#events = events;
    core.owners.add(this);
    core.counters.openFiles++;
  }

  /** Resolves when the file is open; rejects with PortError. */
  static open(core: LibuvCore, path: string, options: FileOptions, events: FileEvents): Promise<PortFile> {
    if (path.includes("\0")) throw new PortError("open", Errno.EINVAL, path);
    const { existing = "append", mode = DEFAULT_FILE_MODE } = options;
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | openFlags[existing];
    // The port is not closed before the open has come to its end.
    const opening: LibuvOwner = { closeForPort: () => {} };
    core.owners.add(opening);
    core.begin();
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        core.end();
        settle();
        core.forget(opening);
      };
      const fail = (error: NodeJS.ErrnoException | undefined): void => {
        finish(() => reject(new PortError("open", errnoOf(error), path)));
      };
      open(path, flags, mode, (error, fd) => {
        if (error !== null) {
          fail(error);
          return;
        }
        fstat(fd, (statError, stats) => {
          if (statError === null && !core.isClosing) {
            finish(() => resolve(new LibuvFile(core, path, fd, stats.isFile() ? stats.size : 0, events)));
          } else {
            close(fd, () => fail(statError ?? undefined));
          }
        });
      });
    });
  }

  #begin(operation: string): void {
    if (this.#state !== "open") throw new PortError(operation, Errno.EBADF, this.path);
    assert(!this.#isBusy, "one operation of a file is outstanding at a time");
    this.#isBusy = true;
    this.#core.begin();
  }

  write(queue: SendQueue): void {
    assert(!queue.isEmpty, "there is something to write");
    this.#begin("write");
    const pieceCount = Math.min(queue.pieceCount, GATHER_PIECES);
    queue.freeze(pieceCount);
    const onWritten = (error: NodeJS.ErrnoException | null, byteCount: number): void => {
      // Nothing written is not progress, and repeating it could go on for ever.
      const result = error === null && byteCount > 0 ? byteCount : -errnoOf(error ?? undefined, Errno.EIO);
      if (result > 0) this.#core.counters.writtenBytes += result;
      this.#end(() => this.#events.onWritten(result));
    };
    const pieces: Uint8Array[] = [];
    for (let index = 0; index < pieceCount; index++) {
      pieces.push(queue.chunkAt(index).bytes.subarray(queue.startAt(index), queue.endAt(index)));
    }
    const [first] = pieces;
    if (pieceCount === 1 && first !== undefined) write(this.#fd, first, 0, first.byteLength, null, onWritten);
    else writev(this.#fd, pieces, null, onWritten);
  }

  sync(): void {
    this.#begin("sync");
    fdatasync(this.#fd, (error) => {
      this.#end(() => this.#events.onSynced(error === null ? 0 : -errnoOf(error)));
    });
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#core.begin();
    if (!this.#isBusy) this.#closeDescriptor();
  }

  closeForPort(): void {
    this.close();
  }

  #end(tell: () => void): void {
    this.#isBusy = false;
    this.#core.end();
    const wasClosing = this.#state === "closing";
    try {
      tell();
    } finally {
      if (wasClosing) this.#closeDescriptor();
    }
  }

  #closeDescriptor(): void {
    close(this.#fd, () => {
      this.#state = "closed";
      this.#core.end();
      this.#core.counters.openFiles--;
      this.#core.forget(this);
      this.#events.onClosed();
    });
  }
}

/** The errno of an error of node:fs; without an error, of a port that is closing. */
function errnoOf(error: NodeJS.ErrnoException | undefined, otherwise: number = Errno.ECANCELED): number {
  return error === undefined ? otherwise : errnoFromName(error.code);
}
