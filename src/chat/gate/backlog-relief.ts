import { CHUNK_BYTES, type Service } from "../../engine/index.ts";
import type { GateCounters } from "./gate-counters.ts";
import type { SessionTable } from "./session-table.ts";
import type { GateSession } from "./gate-session.ts";
import type { RoomFanOut } from "./room-fan-out.ts";

/** Of the arena: above this, sessions whose queue has not been empty for a second are relieved … */
const SHORT_FRACTION = 0.75;
const BACKLOG_MS = 1000;
const SHORT_LOOK_MS = 100;
/** … and above this, at once those that have the most waiting: at least half as much as the worst. */
const SCARCE_FRACTION = 0.9;
const SCARCE_LOOK_MS = 10;

/** Since when a queue has not been empty, as far as that was looked at. */
interface Backlog {
  readonly drainedCount: number;
  readonly sinceMs: number;
}

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
  readonly #sessions: SessionTable;
  readonly #counters: GateCounters;
  readonly #fanOut: Pick<RoomFanOut, "holdBack">;
  /** Those whose queues were not empty at the last look; only while memory is short. */
  #backlogs = new Map<GateSession, Backlog>();
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    service: Service,
    sessions: SessionTable,
    counters: GateCounters,
    fanOut: Pick<RoomFanOut, "holdBack">,
  ) {
    this.#service = service;
    this.#sessions = sessions;
    this.#counters = counters;
    this.#fanOut = fanOut;
  }

  /** Call once for each batch; costs next to nothing while there is memory. */
  look(): void {
    const { sendBuffers, port } = this.#service;
    const usedFraction = (sendBuffers.usedCount * CHUNK_BYTES) / port.arena.limitBytes;
    if (usedFraction < SHORT_FRACTION) {
      if (this.#backlogs.size > 0) this.#backlogs.clear();
      return;
    }
    const isScarce = usedFraction >= SCARCE_FRACTION;
    const nowMs = port.clock.monotonicMs();
    if (nowMs - this.#lookedAtMs < (isScarce ? SCARCE_LOOK_MS : SHORT_LOOK_MS)) return;
    this.#lookedAtMs = nowMs;
    this.#relieve(nowMs, isScarce ? this.#longestQueueBytes() / 2 : Number.POSITIVE_INFINITY);
  }

  #longestQueueBytes(): number {
    let longest = 0;
    for (const { link } of this.#sessions) longest = Math.max(longest, link.queuedBytes);
    return longest;
  }

  #relieve(nowMs: number, queueBytes: number): void {
    const before = this.#backlogs;
    this.#backlogs = new Map();
    for (const session of this.#sessions) {
      const { queuedBytes, drainedCount } = session.link;
      if (queuedBytes === 0) continue;
      const known = before.get(session);
      const sinceMs = known?.drainedCount === drainedCount ? known.sinceMs : nowMs;
      const isTooSlow = queuedBytes >= queueBytes || nowMs - sinceMs >= BACKLOG_MS;
      if (!isTooSlow || this.#fanOut.holdBack(session)) {
        // One that is held back has a second more to read what it has.
        this.#backlogs.set(session, { drainedCount, sinceMs: isTooSlow ? nowMs : sinceMs });
        continue;
      }
      this.#counters.relieved++;
      session.link.abort("SEND_QUEUE_FULL");
    }
  }
}
