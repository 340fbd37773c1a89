import type { MessageKind } from "../../protocol/generated/portico/v1/portico_pb.js";
import type { PacketType } from "../../protocol/codes.ts";
import type { PacketInit } from "../../protocol/packets.ts";

export interface ModelEntry {
  readonly offset: number;
  readonly sender: string;
  readonly id: string;
  readonly text: string;
  readonly kind: MessageKind;
  readonly target: number;
}

/** The log of one room, as simple as can be. */
export class ModelLog {
  readonly roomId: number;
  readonly entries: ModelEntry[] = [];
  epoch = 1;
  /** Entries that history has lost, from the oldest. */
  trimmedCount = 0;

  constructor(roomId: number) {
    this.roomId = roomId;
  }

  get lastOffset(): number {
    return this.entries.length;
  }

  get epochName(): string {
    return `e${this.epoch}`;
  }

  find(sender: string, id: string): ModelEntry | undefined {
    return this.entries.find((entry) => entry.sender === sender && entry.id === id);
  }

  append(entry: Omit<ModelEntry, "offset">): ModelEntry {
    const appended = { ...entry, offset: this.entries.length + 1 };
    this.entries.push(appended);
    return appended;
  }

  /** Made anew, empty. */
  restart(): void {
    this.entries.length = 0;
    this.trimmedCount = 0;
    this.epoch++;
  }

  /** At most `limit` entries after an offset, of those that are kept. */
  after(offset: number, limit: number): ModelEntry[] {
    const from = Math.max(offset, this.trimmedCount);
    return this.entries.slice(from, from + limit);
  }

  /** A log that goes on after the position still has everything after it. */
  continues(position: { readonly epoch: string; readonly offset: bigint } | undefined): boolean {
    if (position?.epoch !== this.epochName) return false;
    const offset = Number(position.offset);
    return offset <= this.lastOffset && offset >= this.trimmedCount;
  }

  notice({ offset, sender, text, kind, target }: ModelEntry): PacketInit<PacketType.MESSAGE_NOTICE> {
    return { roomId: this.roomId, offset, timeMs: offset, sender, text, kind, target };
  }
}
