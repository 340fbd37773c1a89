import { CHUNK_BYTES, type SendChunk } from "../../src/engine/index.ts";
import type { EchoJob, LoadResult } from "./job.ts";
import { LoadConnection } from "./load-connection.ts";
import type { Load, LoadRun } from "./load-run.ts";

/** Keeps `inFlight` messages on the way on each connection; each one that is back is sent again. */
export async function runEchoLoad(run: LoadRun, job: EchoJob): Promise<LoadResult> {
  const messages = writeMessages(run, job.messageBytes);
  const connections = await run.connectAll(job.connections, () => new EchoConnection(run, job, messages));
  return run.measure(new EchoLoad(connections, job), job);
}

/** A chunk full of equal messages: sending n of them is sending a range of it, without a copy. */
function writeMessages(run: LoadRun, messageBytes: number): SendChunk {
  const byteCount = Math.floor(CHUNK_BYTES / messageBytes) * messageBytes;
  const chunk = run.buffers.open(byteCount);
  for (let index = 0; index < byteCount; index++) chunk.bytes[index] = contentAt(index % messageBytes);
  run.buffers.close(byteCount);
  return chunk;
}

function contentAt(place: number): number {
  return (place * 7 + 13) & 0xff;
}

class EchoLoad implements Load {
  readonly #connections: readonly EchoConnection[];
  readonly #job: EchoJob;

  constructor(connections: readonly EchoConnection[], job: EchoJob) {
    this.#connections = connections;
    this.#job = job;
  }

  begin(): void {
    for (const connection of this.#connections) connection.begin(this.#job.inFlight);
  }

  stop(): void {
    for (const connection of this.#connections) connection.isSending = false;
  }

  arrived(): number {
    let bytes = 0;
    for (const connection of this.#connections) bytes += connection.receivedBytes;
    return Math.floor(bytes / this.#job.messageBytes);
  }

  isDrained(): boolean {
    return this.#connections.every((connection) => connection.receivedBytes === connection.sentBytes);
  }

  findFault(): string | undefined {
    for (const connection of this.#connections) {
      const difference = connection.receivedBytes - connection.sentBytes;
      if (difference < 0) return `the server kept ${-difference} of ${connection.sentBytes} bytes`;
      if (difference > 0) return `the server sent ${difference} bytes more than it got`;
      if (connection.wrongBytes > 0) return `${connection.wrongBytes} bytes came back changed`;
    }
    return undefined;
  }
}

class EchoConnection extends LoadConnection {
  isSending = false;
  sentBytes = 0;
  receivedBytes = 0;
  wrongBytes = 0;
  readonly #messages: SendChunk;
  readonly #messageBytes: number;
  readonly #verify: boolean;
  /** Bytes of a message whose rest has not come yet. */
  #partBytes = 0;

  constructor(run: LoadRun, job: EchoJob, messages: SendChunk) {
    super(run);
    this.#messages = messages;
    this.#messageBytes = job.messageBytes;
    this.#verify = job.verify;
  }

  override start(): void {
    this.run.isReady(this);
  }

  begin(inFlight: number): void {
    this.isSending = true;
    this.#send(inFlight);
  }

  override onReceived(bytes: Uint8Array, start: number, end: number): void {
    if (this.#verify) this.#check(bytes, start, end);
    this.receivedBytes += end - start;
    const whole = this.#partBytes + (end - start);
    this.#partBytes = whole % this.#messageBytes;
    if (this.isSending && whole >= this.#messageBytes)
      this.#send((whole - this.#partBytes) / this.#messageBytes);
    if (this.run.isDraining) this.run.onProgress();
  }

  #send(count: number): void {
    const byteCount = count * this.#messageBytes;
    this.sentBytes += byteCount;
    this.queueRange(this.#messages, 0, byteCount);
  }

  #check(bytes: Uint8Array, start: number, end: number): void {
    let place = this.#partBytes;
    for (let index = start; index < end; index++) {
      if (bytes[index] !== contentAt(place)) this.wrongBytes++;
      place = place + 1 === this.#messageBytes ? 0 : place + 1;
    }
  }
}
