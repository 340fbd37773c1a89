import { access, rename } from "node:fs/promises";
import { AsyncFile, type CompletionPort } from "../engine/index.ts";
import type { LogSink } from "./log-output.ts";

export interface LogFileOptions {
  readonly path: string;
  /** Size at which a new file is begun. The present one may grow a little beyond while that is done. */
  readonly maxBytes: number;
  /** Older files that are kept, as PATH.1 (the newest), PATH.2, …; at least 1. */
  readonly keep: number;
  /** Bytes that may wait to be written. */
  readonly queueBytes: number;
  /** Told what is wrong with the file itself: it cannot go into a log. */
  readonly onTrouble: (error: Error) => void;
  /** Lines were lost, and there is room again. */
  readonly onRoom: () => void;
}

/** Where a new file could not be begun, it is tried again when this part of the size has been added. */
const RETRY_PART = 8;

/**
 * A log in a file that is never written synchronously: lines wait in the port's memory and go out with its
 * turns. When the file has its size, it becomes PATH.1, the one of that name PATH.2 and so on, and a new one
 * is begun. A disk that is full or slow costs lines, never time.
 */
export class LogFile implements LogSink {
  readonly #file: AsyncFile;
  readonly #options: LogFileOptions;
  /** The last change of files, settled or under way: one after another. */
  #lastTurn: Promise<void> = Promise.resolve();
  #isTurning = false;
  #limitBytes: number;

  private constructor(file: AsyncFile, options: LogFileOptions) {
    this.#file = file;
    this.#options = options;
    this.#limitBytes = options.maxBytes;
  }

  /** Opens the file, appending to what is there. Rejects with PortError. */
  static async open(port: CompletionPort, options: LogFileOptions): Promise<LogFile> {
    const { path, queueBytes, onTrouble, onRoom } = options;
    const file = await AsyncFile.open(port, path, {
      queueLimitBytes: queueBytes,
      onError: onTrouble,
      onDropped: onRoom,
    });
    return new LogFile(file, options);
  }

  get queuedBytes(): number {
    return this.#file.queuedBytes;
  }

  write(line: string): boolean {
    const sizeBytes = this.#file.sizeBytes + this.#file.queuedBytes;
    if (!this.#isTurning && sizeBytes > 0 && sizeBytes + Buffer.byteLength(line) > this.#limitBytes) {
      this.#turn(() => this.#shift());
    }
    return this.#file.write(line);
  }

  /** The file was moved away, by logrotate for instance: one of its name is made. */
  reopen(): void {
    this.#turn(() => Promise.resolve());
  }

  async close(): Promise<void> {
    await this.#lastTurn;
    try {
      await this.#file.close();
    } catch (error) {
      this.#tell(error);
    }
  }

  /** Goes on in a file of the same name, when what was there has been seen to. */
  #turn(seeTo: () => Promise<void>): void {
    this.#isTurning = true;
    this.#lastTurn = this.#lastTurn.then(async () => {
      try {
        await seeTo();
        await this.#file.rotate(this.#options.path);
        this.#limitBytes = this.#options.maxBytes;
      } catch (error) {
        this.#limitBytes = this.#file.sizeBytes + Math.ceil(this.#options.maxBytes / RETRY_PART);
        this.#tell(error);
      }
      this.#isTurning = false;
    });
  }

  /** PATH.1 becomes PATH.2 and so on, from the oldest on; then the present file becomes PATH.1. */
  async #shift(): Promise<void> {
    const { path, keep } = this.#options;
    let oldest = 0;
    while (oldest < keep - 1 && (await isThere(`${path}.${oldest + 1}`))) oldest++;
    for (let age = oldest; age >= 1; age--) await rename(`${path}.${age}`, `${path}.${age + 1}`);
    // Somebody may have taken it away: then there is nothing to keep.
    if (await isThere(path)) await rename(path, `${path}.1`);
  }

  #tell(error: unknown): void {
    this.#options.onTrouble(error instanceof Error ? error : new Error(String(error)));
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
