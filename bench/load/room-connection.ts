import type { RoomsJob } from "./job.ts";
import { LoadConnection } from "./load-connection.ts";
import type { LoadRun } from "./load-run.ts";

/** Bytes of a frame's beginning that a connection can keep until the rest comes. */
const TAIL_BYTES = 16_384;

/** What the members of one room know of each other. */
export interface Room {
  readonly index: number;
  /** Publications sent so far, by the place of their publisher in the room. */
  readonly published: number[];
}

/**
 * A member of a room, which may be a publisher. A text is: a letter that says which publisher of the
 * room, its sequence number in eight hexadecimal digits, and filling.
 *
 * Every member counts one delivery for each publication in its room: the publisher itself counts the
 * server's answer, which is its own publication coming back or, with Portico, the response to it.
 */
export abstract class RoomConnection extends LoadConnection {
  readonly room: Room;
  /** Place among the room's publishers; −1: only listens. */
  readonly publisherIndex: number;
  deliveries = 0;
  /** What was wrong with the content or the order of what came. */
  fault: string | undefined;
  isPublishing = false;
  protected readonly job: RoomsJob;
  readonly #inspects: boolean;
  readonly #nextSequence: number[];
  readonly #fill: Uint8Array;
  #tail: Uint8Array | undefined;
  #tailBytes = 0;

  constructor(run: LoadRun, job: RoomsJob, room: Room, publisherIndex: number) {
    super(run);
    this.job = job;
    this.room = room;
    this.publisherIndex = publisherIndex;
    this.#inspects = job.verify || publisherIndex >= 0;
    this.#nextSequence = room.published.map(() => 0);
    this.#fill = new Uint8Array(job.textBytes).fill(0x78);
  }

  /** Length of the frame at `start`; 0: not known yet. */
  protected abstract frameLength(bytes: Uint8Array, start: number, end: number): number;

  protected abstract onFrame(bytes: Uint8Array, start: number, end: number): void;

  /** Sends one publication with the text that `writeText` writes. */
  protected abstract sendPublication(sequence: number): void;

  begin(): void {
    if (this.publisherIndex < 0) return;
    this.isPublishing = true;
    for (let count = 0; count < this.job.window; count++) this.#publish();
  }

  override onReceived(bytes: Uint8Array, start: number, end: number): void {
    let from = this.#tailBytes === 0 ? start : this.#completeTail(bytes, start, end);
    while (from < end) {
      const length = this.frameLength(bytes, from, end);
      if (length === 0 || from + length > end) break;
      this.onFrame(bytes, from, from + length);
      from += length;
    }
    if (from < end) this.#keepTail(bytes, from, end);
    if (this.run.isDraining) this.run.onProgress();
  }

  /** A publication's text is at `textStart`. */
  protected onDelivery(bytes: Uint8Array, textStart: number): void {
    this.deliveries++;
    if (this.#inspects) this.#inspect(bytes, textStart);
  }

  /** The server has answered a publication of this member. */
  protected onAnswered(): void {
    if (this.isPublishing) this.#publish();
  }

  protected writeText(bytes: Uint8Array, at: number, sequence: number): void {
    bytes.set(this.#fill, at);
    bytes[at] = 0x41 + this.publisherIndex;
    writeHex(bytes, at + 1, sequence);
  }

  #publish(): void {
    const sequence = this.room.published[this.publisherIndex] as number;
    this.room.published[this.publisherIndex] = sequence + 1;
    this.sendPublication(sequence);
  }

  #inspect(bytes: Uint8Array, textStart: number): void {
    const publisher = (bytes[textStart] as number) - 0x41;
    if (this.job.verify) {
      const sequence = readHex(bytes, textStart + 1);
      const expected = this.#nextSequence[publisher];
      if (sequence !== expected) {
        this.fault ??= `message ${sequence} of publisher ${publisher} came where ${expected} was due`;
      }
      this.#nextSequence[publisher] = sequence + 1;
    }
    if (publisher === this.publisherIndex) this.onAnswered();
  }

  /** Goes on with a frame whose beginning was kept; returns where the next frame begins. */
  #completeTail(bytes: Uint8Array, start: number, end: number): number {
    const tail = this.#tail as Uint8Array;
    let from = start;
    while (from < end) {
      const length = this.frameLength(tail, 0, this.#tailBytes);
      const wanted = length === 0 ? 1 : Math.min(length - this.#tailBytes, end - from);
      tail.set(bytes.subarray(from, from + wanted), this.#tailBytes);
      this.#tailBytes += wanted;
      from += wanted;
      if (this.#tailBytes === this.frameLength(tail, 0, this.#tailBytes)) {
        const byteCount = this.#tailBytes;
        this.#tailBytes = 0;
        this.onFrame(tail, 0, byteCount);
        return from;
      }
    }
    return from;
  }

  #keepTail(bytes: Uint8Array, start: number, end: number): void {
    this.#tail ??= new Uint8Array(TAIL_BYTES);
    this.#tail.set(bytes.subarray(start, end), 0);
    this.#tailBytes = end - start;
  }
}

const digits = new TextEncoder().encode("0123456789abcdef");

/** Eight hexadecimal digits. */
export function writeHex(bytes: Uint8Array, at: number, value: number): void {
  for (let place = 0; place < 8; place++) {
    bytes[at + place] = digits[(value >>> (28 - 4 * place)) & 15] as number;
  }
}

function readHex(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let place = 0; place < 8; place++) {
    const digit = bytes[at + place] as number;
    value = value * 16 + (digit > 0x60 ? digit - 0x57 : digit - 0x30);
  }
  return value;
}
