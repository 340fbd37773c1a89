import type { SendChunk } from "../../engine/index.ts";
import { deflateSettings } from "../../websocket/index.ts";
import type { FramedTarget } from "./local-room.ts";

/** How runs are compressed; what each connection agreed to must be this, so that one frame is for all. */
export const runDeflate = deflateSettings();

/**
 * A run as WebSocket messages: ranges that have the frame headers in them. Most runs are one range. Holds
 * a reference to each chunk until `release`.
 */
export class FramedRun {
  count = 0;
  readonly chunks: SendChunk[] = [];
  readonly starts: number[] = [];
  readonly ends: number[] = [];

  add(chunk: SendChunk, start: number, end: number): void {
    const last = this.count - 1;
    if (last >= 0 && this.chunks[last] === chunk && this.ends[last] === start) {
      this.ends[last] = end;
      return;
    }
    chunk.retain();
    this.chunks[this.count] = chunk;
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.count++;
  }

  /** Queues all of it for one member. */
  sendTo(link: FramedTarget): void {
    for (let index = 0; index < this.count; index++) {
      link.sendFramed(
        this.chunks[index] as SendChunk,
        this.starts[index] as number,
        this.ends[index] as number,
      );
    }
  }

  /** From here on only the send queues hold the chunks. */
  release(): void {
    for (let index = 0; index < this.count; index++) this.chunks[index]?.release();
    this.chunks.length = 0;
    this.count = 0;
  }
}
