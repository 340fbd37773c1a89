import { CHUNK_BYTES, type Service } from "../../engine/index.ts";
import type { GateCounters } from "./gate-counters.ts";
import { GateSession } from "./gate-session.ts";
import type { RoomFanOut } from "./room-fan-out.ts";

/** Of the arena: above this, sessions whose queue has not been empty for a second are relieved … */
const SHORT_FRACTION = 0.75;
const BACKLOG_MS = 1000;
const SHORT_LOOK_MS = 100;
/** … and above this, at once those that have the most waiting: at least half as much as the worst. */
const SCARCE_FRACTION = 0.9;
const SCARCE_LOOK_MS = 10;

/**
 * Keeps slow readers from using up the memory that everybody's messages are written to. A session's send
 * queue has its own limit, but a few bytes in it hold a whole chunk, so many slow readers together can
 * hold more than their limits add up to. When memory runs short, those that lag behind are relieved before
 * the rest suffers: a session that reads has an empty queue most of the time. One that is in rooms that cut
 * nobody off gets nothing more of these until its queue is empty; when that does not help in time, or there
 * is no such room, it is cut off as SLOW_READER.
 */
export class BacklogRelief {
  readonly #service: Service;
  readonly #counters: GateCounters;
  readonly #fanOut: Pick<RoomFanOut, "holdBack">;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #wasShort = false;

  constructor(service: Service, counters: GateCounters, fanOut: Pick<RoomFanOut, "holdBack">) {
    this.#service = service;
    this.#counters = counters;
    this.#fanOut = fanOut;
  }

  /** Call once for each batch; costs next to nothing while there is memory. */
  look(): void {
    const { sendBuffers, port } = this.#service;
    const usedFraction = (sendBuffers.usedCount * CHUNK_BYTES) / port.arena.limitBytes;
    if (usedFraction < SHORT_FRACTION) {
      if (this.#wasShort) this.#forgetBacklogs();
      return;
    }
    this.#wasShort = true;
    const isScarce = usedFraction >= SCARCE_FRACTION;
    const nowMs = port.clock.monotonicMs();
    if (nowMs - this.#lookedAtMs < (isScarce ? SCARCE_LOOK_MS : SHORT_LOOK_MS)) return;
    this.#lookedAtMs = nowMs;
    this.#relieve(nowMs, isScarce ? this.#longestQueueBytes() / 2 : Number.POSITIVE_INFINITY);
  }

  #longestQueueBytes(): number {
    let longest = 0;
    for (const session of this.#service.sessions()) longest = Math.max(longest, session.queuedBytes);
    return longest;
  }

  #relieve(nowMs: number, queueBytes: number): void {
    for (const session of this.#service.sessions()) {
      const { handler, queuedBytes } = session;
      if (!(handler instanceof GateSession) || queuedBytes === 0) continue;
      if (handler.backlogSinceMs === 0) handler.backlogSinceMs = nowMs;
      if (queuedBytes < queueBytes && nowMs - handler.backlogSinceMs < BACKLOG_MS) continue;
      if (this.#fanOut.holdBack(handler)) {
        // It has a second more to read what it has.
        handler.backlogSinceMs = nowMs;
        continue;
      }
      this.#counters.relieved++;
      session.abort("SEND_QUEUE_FULL");
    }
  }

  #forgetBacklogs(): void {
    this.#wasShort = false;
    for (const { handler } of this.#service.sessions()) {
      if (handler instanceof GateSession) handler.backlogSinceMs = 0;
    }
  }
}
