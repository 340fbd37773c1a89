import type { SendQueue } from "./send-queue.ts";

/** How a file is opened. */
export interface FileOptions {
  /** What becomes of a file that is there: appended to (default), emptied, or left and refused (EEXIST). */
  readonly existing?: "append" | "truncate" | "refuse";
  /** Permission bits of a file that is made, before the umask (open(2)). Default 0o640. */
  readonly mode?: number;
}

export const DEFAULT_FILE_MODE = 0o640;

/** What an open file tells. Results are ≥ 0, or a negative {@link Errno}. */
export interface FileEvents {
  /** Terminal completion of the outstanding write: bytes written (≥ 1, may be short), or < 0. */
  onWritten(result: number): void;
  /** Terminal completion of the outstanding sync: 0, or < 0. */
  onSynced(result: number): void;
  /** Terminal: every other operation has had its terminal completion and the descriptor is gone. */
  onClosed(): void;
}

/**
 * A file that is written at its end, whatever others write there meanwhile (O_APPEND). One operation may
 * be outstanding. A file on which none is does not keep the process alive. After `close` every method but
 * `close` throws PortError EBADF.
 */
export interface PortFile {
  readonly path: string;
  /** Bytes in it when it was opened; 0 for what has no size (a pipe, a terminal). */
  readonly sizeBytes: number;

  /**
   * Writes the first pieces of `queue`, gathered, as many as the port takes at once (at most 64). The
   * pieces live in the port's arena and stay referenced by the queue until `onWritten`.
   */
  write(queue: SendQueue): void;

  /** Has what was written put on the medium, with the size (fdatasync(2)). */
  sync(): void;

  /**
   * Closes: the terminal completion of what is outstanding, which is cancelled where the kernel can, then
   * `onClosed`. Calling it again does nothing.
   */
  close(): void;
}
