import type { CompletionPort, PortTimer } from "./completion-port.ts";
import { ArenaExhaustedError } from "./memory/arena.ts";
import { CHUNK_BYTES, type SendChunk, SendBufferPool } from "./memory/send-buffer-pool.ts";
import { Errno, PortError } from "./port-error.ts";
import { OpenedFile, type OpenedFileEvents } from "./opened-file.ts";
import type { FileOptions } from "./port-file.ts";
import { SendQueue } from "./send-queue.ts";

export interface AsyncFileOptions extends FileOptions {
  /** Bytes that may wait to be written, those of the write under way included. Default 1 MiB. */
  readonly queueLimitBytes?: number;
  /** How long to wait before a write that failed is tried again, milliseconds. Default 1000. */
  readonly retryDelayMs?: number;
  /**
   * Told of a write that failed: once, until one succeeds again. What waits goes on waiting, and what does
   * not fit behind it is dropped.
   */
  readonly onError?: (error: PortError) => void;
  /**
   * Told how many records did not fit since it was last told, as soon as half of the queue is free again,
   * or at the end. A record that it writes comes right behind those that were kept.
   */
  readonly onDropped?: (recordCount: number, byteCount: number) => void;
  /**
   * Where records wait. Memory of a port's arena is never given back, so files that come and go share one.
   * Default: the file's own, 64 KiB and as much as waits.
   */
  readonly buffers?: SendBufferPool;
}

/** Running totals of a file since it was opened. */
export interface AsyncFileCounters {
  /** Bytes that the kernel took. */
  writtenBytes: number;
  writes: number;
  syncs: number;
  /** Writes and syncs that failed. */
  errors: number;
  /** Records that were refused because the queue was full. */
  droppedRecords: number;
  droppedBytes: number;
  /** Bytes that were accepted and are not in a file: it was closed while writing failed. */
  lostBytes: number;
}

/** The file is closed, by itself or by its port. `code` "FILE_CLOSED". */
export class FileClosedError extends Error {
  readonly code = "FILE_CLOSED";
  constructor(path: string) {
    super(`${path} is closed`);
    this.name = "FileClosedError";
  }
}

/** Who waits until everything up to a place in the stream of accepted bytes is written, or synced. */
interface Waiter {
  readonly position: number;
  readonly isSync: boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A file that is to take over once the present one has its last record. */
interface Rotation {
  readonly next: OpenedFile;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const DEFAULT_QUEUE_LIMIT_BYTES = 1_048_576;
const DEFAULT_RETRY_DELAY_MS = 1000;
const utf8 = new TextEncoder();

/**
 * A file to which records are appended without waiting (row E22): a log. A record is queued whole or not
 * at all. One write is outstanding; what is queued meanwhile goes out with the next, merged. A write that
 * fails is tried again from the byte where it stopped. An idle file does not keep the process alive.
 */
export class AsyncFile implements OpenedFileEvents {
  readonly counters: AsyncFileCounters = {
    writtenBytes: 0,
    writes: 0,
    syncs: 0,
    errors: 0,
    droppedRecords: 0,
    droppedBytes: 0,
    lostBytes: 0,
  };
  readonly #port: CompletionPort;
  readonly #options: AsyncFileOptions;
  readonly #queueLimitBytes: number;
  readonly #buffers: SendBufferPool;
  readonly #flushTarget: { flush(): void };
  readonly #ended = Promise.withResolvers<void>();
  #state: "open" | "closing" | "closingDescriptor" | "closed" = "open";
  #operation: "none" | "write" | "sync" = "none";
  #file!: OpenedFile;
  #sizeBytes = 0;
  /** What goes to the present file. */
  #queue = new SendQueue();
  /** While a rotation is under way: what goes to the next one. */
  #nextQueue: SendQueue | undefined;
  #rotation: Rotation | undefined;
  #lastRotation: Promise<void> = Promise.resolve();
  #isFlushRequested = false;
  /** Why writing fails at present. */
  #failure: PortError | undefined;
  /** While it runs nothing is written: the last write failed. */
  #retry: PortTimer | undefined;
  #waiters: Waiter[] = [];
  // Places in the stream of all bytes that were accepted since the file was opened.
  #acceptedBytes = 0;
  #writtenBytes = 0;
  #syncingBytes = 0;
  #untoldRecords = 0;
  #untoldBytes = 0;

  private constructor(port: CompletionPort, options: AsyncFileOptions) {
    this.#port = port;
    this.#options = options;
    this.#queueLimitBytes = options.queueLimitBytes ?? DEFAULT_QUEUE_LIMIT_BYTES;
    this.#buffers = options.buffers ?? new SendBufferPool(port.arena, CHUNK_BYTES);
    this.#flushTarget = {
      flush: () => {
        this.#isFlushRequested = false;
        this.#step();
      },
    };
    // Whoever wants to know of it calls `close`.
    this.#ended.promise.catch(() => {});
  }

  /** Opens the file. Rejects with PortError (ENOENT, EACCES, …). */
  static async open(port: CompletionPort, path: string, options: AsyncFileOptions = {}): Promise<AsyncFile> {
    const file = new AsyncFile(port, options);
    file.#use(await OpenedFile.open(port, path, options, file));
    return file;
  }

  /** The path of the file that is written to now. */
  get path(): string {
    return this.#file.path;
  }

  /** Bytes in the file that is written to now; what waits is not. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Bytes that wait to be written. */
  get queuedBytes(): number {
    return this.#queue.byteCount + (this.#nextQueue?.byteCount ?? 0);
  }

  /** Why writing fails at present; undefined while it does not. */
  get failure(): PortError | undefined {
    return this.#failure;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /**
   * Queues a record, text as UTF-8; it is written at the end of the turn. False, and the record is dropped,
   * when it does not fit into the queue, when no memory is left for it, or when the file is closed.
   */
  write(record: Uint8Array | string): boolean {
    if (this.#state !== "open") return false;
    const byteCount = typeof record === "string" ? Buffer.byteLength(record) : record.byteLength;
    if (byteCount === 0) return true;
    if (this.queuedBytes + byteCount > this.#queueLimitBytes || !this.#push(record, byteCount)) {
      this.counters.droppedRecords++;
      this.counters.droppedBytes += byteCount;
      this.#untoldRecords++;
      this.#untoldBytes += byteCount;
      return false;
    }
    this.#acceptedBytes += byteCount;
    if (this.#operation === "none" && this.#retry === undefined && !this.#isFlushRequested) {
      this.#isFlushRequested = true;
      this.#port.requestFlush(this.#flushTarget);
    }
    return true;
  }

  /**
   * Resolves when all that was accepted so far is in the file, which is to say with the kernel. Rejects
   * with PortError when a write fails meanwhile (it will be tried again), with FileClosedError at the end.
   */
  flush(): Promise<void> {
    return this.#wait(false);
  }

  /** As {@link flush}, and on the medium (fdatasync(2)). What a sync that failed was of is not tried again. */
  sync(): Promise<void> {
    return this.#wait(true);
  }

  /**
   * Goes on in another file, made when it is not there: the same path again after it was renamed, for
   * instance. What was accepted before the call goes to the present file, what is accepted after the promise
   * has resolved to the new one, and no record is torn between them; but when writing to the present one
   * fails, what is left goes on in the new one. Rejects with PortError when the new one cannot be opened:
   * then the present one stays.
   */
  rotate(path: string): Promise<void> {
    const rotated = this.#lastRotation.then(() => this.#rotate(path));
    this.#lastRotation = rotated.catch(() => {});
    return rotated;
  }

  /**
   * Writes what waits and closes. Rejects with PortError when it could not be written (it is tried once
   * more than before), with FileClosedError when the port was closed first: `counters.lostBytes` says how
   * much it was. The file is closed in any case.
   */
  close(): Promise<void> {
    if (this.#state === "open") {
      this.#state = "closing";
      this.#retry?.cancel();
      this.#retry = undefined;
      this.#step();
    }
    return this.#ended.promise;
  }

  onWritten(result: number): void {
    this.#operation = "none";
    if (result > 0) {
      this.#queue.consume(result);
      this.counters.writes++;
      this.counters.writtenBytes += result;
      this.#writtenBytes += result;
      this.#sizeBytes += result;
      this.#failure = undefined;
      this.#settle((waiter) => !waiter.isSync && waiter.position <= this.#writtenBytes);
      if (this.queuedBytes <= this.#queueLimitBytes / 2) this.#tellDropped();
    } else {
      this.#queue.consume(0); // The pieces are the queue's own again.
      if (result === -Errno.ECANCELED) return; // The port is closing; `onFileClosed` follows.
      this.#fail(new PortError("write", result, this.path));
    }
    this.#step();
  }

  onSynced(result: number): void {
    this.#operation = "none";
    this.counters.syncs++;
    const isOf = (waiter: Waiter): boolean => waiter.isSync && waiter.position <= this.#syncingBytes;
    if (result < 0) {
      this.counters.errors++;
      this.#settle(isOf, new PortError("sync", result, this.path));
    } else {
      this.#settle(isOf);
    }
    this.#step();
  }

  /** A file has been closed; of the present one it is news when nobody here has closed it. */
  onFileClosed(file: OpenedFile): void {
    if (file !== this.#file) return;
    const failure = this.#state === "closingDescriptor" ? this.#failure : new FileClosedError(file.path);
    this.#end(failure);
  }

  #use(file: OpenedFile): void {
    this.#file = file;
    this.#sizeBytes = file.sizeBytes;
    if (file.isClosed) this.onFileClosed(file);
  }

  #push(record: Uint8Array | string, byteCount: number): boolean {
    const queue = this.#nextQueue ?? this.#queue;
    const ranges: [chunk: SendChunk, start: number, end: number][] = [];
    try {
      // What is longer than a chunk is queued when there is room for all of it.
      const bytes = typeof record === "string" && byteCount > CHUNK_BYTES ? utf8.encode(record) : record;
      for (let from = 0; from < byteCount; from += CHUNK_BYTES) {
        const count = Math.min(CHUNK_BYTES, byteCount - from);
        const chunk = this.#buffers.open(count);
        const start = chunk.writtenBytes;
        const room = chunk.bytes.subarray(start, start + count);
        if (typeof bytes === "string") utf8.encodeInto(bytes, room);
        else room.set(bytes.subarray(from, from + count));
        this.#buffers.close(count);
        chunk.retain();
        ranges.push([chunk, start, start + count]);
      }
      for (const [chunk, start, end] of ranges) queue.push(chunk, start, end);
      return true;
    } catch (error) {
      if (error instanceof ArenaExhaustedError) return false;
      throw error;
    } finally {
      for (const [chunk] of ranges) chunk.release();
    }
  }

  #wait(isSync: boolean): Promise<void> {
    if (this.#state === "closed") return Promise.reject(new FileClosedError(this.path));
    const position = this.#acceptedBytes;
    if (!isSync && this.#writtenBytes >= position) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ position, isSync, resolve, reject });
      this.#step();
    });
  }

  /** Tells those who wait and are meant: that it is done, or what went wrong. */
  #settle(isMeant: (waiter: Waiter) => boolean, error?: Error): void {
    if (this.#waiters.length === 0) return;
    const meant = this.#waiters.filter(isMeant);
    this.#waiters = this.#waiters.filter((waiter) => !isMeant(waiter));
    for (const { resolve, reject } of meant) {
      if (error === undefined) resolve();
      else reject(error);
    }
  }

  #tellDropped(): void {
    if (this.#untoldRecords === 0) return;
    const [records, bytes] = [this.#untoldRecords, this.#untoldBytes];
    this.#untoldRecords = 0;
    this.#untoldBytes = 0;
    this.#options.onDropped?.(records, bytes);
  }

  #fail(error: PortError): void {
    this.counters.errors++;
    const isNews = this.#failure === undefined;
    this.#failure = error;
    // With another file at hand, or at the end, there is nothing to wait for.
    if (this.#rotation === undefined) {
      if (this.#state === "closing") this.#closeDescriptor();
      else this.#retryLater();
    }
    this.#settle(() => true, error);
    if (isNews) this.#options.onError?.(error);
  }

  #retryLater(): void {
    try {
      this.#retry = this.#port.startTimer(this.#options.retryDelayMs ?? DEFAULT_RETRY_DELAY_MS, () => {
        this.#retry = undefined;
        this.#step();
      });
    } catch (error) {
      // The port is closing, and the file with it.
      if (!(error instanceof PortError) || error.errno !== Errno.ESHUTDOWN) throw error;
    }
  }

  /** Does what is next, when nothing is under way: a sync that is due, a rotation, a write, the end. */
  #step(): void {
    if (this.#operation !== "none" || this.#file.isClosed) return;
    if (this.#state === "closingDescriptor" || this.#state === "closed") return;
    if (this.#waiters.some((waiter) => waiter.isSync && waiter.position <= this.#writtenBytes)) {
      this.#syncingBytes = this.#writtenBytes;
      if (this.#file.sync()) this.#operation = "sync";
    } else if (this.#rotation !== undefined && (this.#queue.isEmpty || this.#failure !== undefined)) {
      this.#takeNext(this.#rotation);
    } else if (!this.#queue.isEmpty) {
      if (this.#retry === undefined && this.#file.write(this.#queue)) this.#operation = "write";
    } else if (this.#state === "closing") {
      this.#closeDescriptor();
    }
  }

  async #rotate(path: string): Promise<void> {
    if (this.#state !== "open") throw new FileClosedError(this.path);
    const { mode } = this.#options;
    const next = await OpenedFile.open(this.#port, path, mode === undefined ? {} : { mode }, this);
    if (this.#state !== "open") {
      next.close();
      throw new FileClosedError(this.path);
    }
    this.#nextQueue = new SendQueue();
    await new Promise<void>((resolve, reject) => {
      this.#rotation = { next, resolve, reject };
      this.#step();
    });
  }

  /** The present file has its last record, or takes nothing any more. */
  #takeNext({ next, resolve }: Rotation): void {
    const former = this.#file;
    const queue = this.#nextQueue as SendQueue;
    this.#rotation = undefined;
    this.#nextQueue = undefined;
    this.#retry?.cancel();
    this.#retry = undefined;
    for (let index = 0; index < queue.pieceCount; index++) {
      this.#queue.push(queue.chunkAt(index), queue.startAt(index), queue.endAt(index));
    }
    queue.clear();
    this.#use(next);
    void former.closed.then(resolve);
    former.close();
    this.#step();
  }

  #closeDescriptor(): void {
    this.#state = "closingDescriptor";
    this.#file.close();
  }

  /** The present file is closed, and nothing follows. */
  #end(failure: Error | undefined): void {
    this.#state = "closed";
    this.#retry?.cancel();
    this.#retry = undefined;
    const lostBytes = this.queuedBytes;
    this.counters.lostBytes += lostBytes;
    this.#queue.clear();
    this.#nextQueue?.clear();
    if (this.#options.buffers === undefined) this.#buffers.trim();
    const closed = new FileClosedError(this.path);
    this.#rotation?.next.close();
    this.#rotation?.reject(closed);
    this.#rotation = undefined;
    this.#settle(() => true, closed);
    this.#tellDropped();
    if (lostBytes > 0) this.#ended.reject(failure ?? closed);
    else this.#ended.resolve();
  }
}
