/** What is wrong in a room, by kind; each is told a few times and counted. */
export type FaultKind =
  /** An offset came that is not the next one: something before it is missing. */
  | "lost"
  /** An offset came again. */
  | "doubled"
  /** Two members heard different messages at one offset. */
  | "disagreed"
  /** A message was acknowledged at an offset where members heard another. */
  | "misplaced"
  /** After a reconnect the server could not say what was missed. */
  | "notRecovered";

const TOLD_FAULTS = 10;

/**
 * What every room's members heard, at which offset: the first to hear a message writes it down, the
 * others are compared with it. So the order is checked between members as well as within each.
 */
export class Ledger {
  readonly faults = new Map<FaultKind, number>();
  readonly told: string[] = [];
  readonly #rooms = new Map<string, Float64Array>();

  get faultCount(): number {
    return [...this.faults.values()].reduce((sum, count) => sum + count, 0);
  }

  /** A member of the room heard message `id` (a whole number above 0) at this offset. */
  heard(room: string, offset: number, id: number): void {
    const before = this.#at(room, offset);
    if (before === 0) this.#write(room, offset, id);
    else if (before !== id) this.fault("disagreed", `${room} ${offset}: ${id}, others heard ${before}`);
  }

  /** The server told the sender of message `id` that it is there. */
  acknowledged(room: string, offset: number, id: number): void {
    const before = this.#at(room, offset);
    if (before === 0) this.#write(room, offset, id);
    else if (before !== id) this.fault("misplaced", `${room} ${offset}: ${id}, members heard ${before}`);
  }

  fault(kind: FaultKind, detail: string): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
    if (this.told.length < TOLD_FAULTS) this.told.push(`${kind}: ${detail}`);
  }

  #at(room: string, offset: number): number {
    return this.#rooms.get(room)?.[offset] ?? 0;
  }

  #write(room: string, offset: number, id: number): void {
    let messages = this.#rooms.get(room);
    if (messages === undefined || offset >= messages.length) {
      const larger = new Float64Array(Math.max(1024, (messages?.length ?? 0) * 2, offset + 1));
      if (messages !== undefined) larger.set(messages);
      messages = larger;
      this.#rooms.set(room, messages);
    }
    messages[offset] = id;
  }
}
