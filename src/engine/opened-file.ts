import type { CompletionPort } from "./completion-port.ts";
import { Errno, PortError } from "./port-error.ts";
import type { FileEvents, FileOptions, PortFile } from "./port-file.ts";
import type { SendQueue } from "./send-queue.ts";

/** Who is told of the files that it has open. */
export interface OpenedFileEvents {
  onWritten(result: number): void;
  onSynced(result: number): void;
  onFileClosed(file: OpenedFile): void;
}

/** A file of a port, and whether it is closed: a port that closes may do so at any time. */
export class OpenedFile implements FileEvents {
  /** Resolves when the file has been closed. */
  readonly closed: Promise<void>;
  readonly #owner: OpenedFileEvents;
  readonly #resolveClosed: () => void;
  #file: PortFile | undefined;
  #isClosed = false;

  private constructor(owner: OpenedFileEvents) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    this.#owner = owner;
  }

  /** Rejects with PortError. */
  static async open(
    port: CompletionPort,
    path: string,
    options: FileOptions,
    owner: OpenedFileEvents,
  ): Promise<OpenedFile> {
    const opened = new OpenedFile(owner);
    opened.#file = await port.openFile(path, options, opened);
    return opened;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get path(): string {
    return this.#file?.path ?? "";
  }

  /** Bytes in it when it was opened. */
  get sizeBytes(): number {
    return this.#file?.sizeBytes ?? 0;
  }

  /** False when the port is closing the file: `onFileClosed` follows. */
  write(queue: SendQueue): boolean {
    return this.#start(() => this.#file?.write(queue));
  }

  /** As `write`. */
  sync(): boolean {
    return this.#start(() => this.#file?.sync());
  }

  close(): void {
    this.#file?.close();
  }

  onWritten(result: number): void {
    this.#owner.onWritten(result);
  }

  onSynced(result: number): void {
    this.#owner.onSynced(result);
  }

  onClosed(): void {
    this.#isClosed = true;
    this.#owner.onFileClosed(this);
    this.#resolveClosed();
  }

  #start(operation: () => void): boolean {
    try {
      operation();
      return true;
    } catch (error) {
      if (error instanceof PortError && error.errno === Errno.EBADF) return false;
      throw error;
    }
  }
}
