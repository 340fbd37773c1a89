import type { WhisperNotice } from "../protocol/generated/portico/v1/portico_pb.js";
import type { EventHub } from "./client-events.ts";
import type { Receipt } from "./outbox.ts";

/** Own whispers of other sessions held back; above it they are told as they are. */
const HELD_LIMIT = 1000;

/**
 * Whispers, each told once. A whisper that was sent on a connection that broke may come to the next one
 * as a notice, because to the server it is another session's; and then it is acknowledged when it is
 * sent again. So notices of whispers by this user wait until all of this client's own are certain.
 */
export class WhisperInbox {
  readonly #events: EventHub;
  readonly #hasUncertain: () => boolean;
  readonly #held: WhisperNotice[] = [];

  constructor(events: EventHub, hasUncertain: () => boolean) {
    this.#events = events;
    this.#hasUncertain = hasUncertain;
  }

  onNotice(notice: WhisperNotice, userName: string): void {
    if (notice.from === userName && this.#held.length < HELD_LIMIT && this.#hasUncertain())
      this.#held.push(notice);
    else this.#tell(notice);
  }

  /** The server has taken a whisper of this client. */
  onOwnAcknowledged(from: string, to: string, text: string, receipt: Receipt): void {
    const { offset, timeMs } = receipt;
    const sameAt = this.#held.findIndex(
      (held) => Number(held.offset) === offset && Number(held.timeMs) === timeMs && held.text === text,
    );
    if (sameAt >= 0) this.#held.splice(sameAt, 1);
    this.#events.emit({ type: "whisper", isOwn: true, from, to, offset, timeMs, text });
  }

  /** Tells what was held back if nothing is uncertain any more. */
  advance(): void {
    if (this.#held.length === 0 || this.#hasUncertain()) return;
    for (const notice of this.#held.splice(0)) this.#tell(notice);
  }

  #tell(notice: WhisperNotice): void {
    const { from, to, text } = notice;
    const offset = Number(notice.offset);
    this.#events.emit({
      type: "whisper",
      isOwn: false,
      from,
      to,
      offset,
      timeMs: Number(notice.timeMs),
      text,
    });
  }
}
