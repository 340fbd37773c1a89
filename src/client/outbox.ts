import { Backoff } from "../base/backoff.ts";
import { nameKey } from "../protocol/names.ts";
import { ChatError, isTransient } from "./chat-error.ts";
import type { ClientEnvironment, ClientTimer } from "./environment.ts";
import {
  type OutgoingAnswer,
  type OutgoingMessage,
  type Receipt,
  roomIdOf,
  sendOutgoing,
} from "./outgoing-message.ts";
import type { RoomStream } from "./room-stream.ts";
import type { ServerLink } from "./server-link.ts";

interface Entry {
  message: OutgoingMessage;
  /** Sent on this connection and not answered. */
  isSent: boolean;
  /** It may be in the server's log: it was sent, and no answer has said that it is not. */
  isUncertain: boolean;
  /** The caller does not wait any more: not sent again, and its answer is told to nobody but the room. */
  isAbandoned: boolean;
  refusals: number;
}

export interface OutboxOptions {
  readonly environment: ClientEnvironment;
  /** Messages that wait, sent or not. */
  readonly queueLimit: number;
  /** Messages sent and not answered. */
  readonly inFlightLimit: number;
  /** A message refused with RATE_LIMITED, BUSY or SERVER_ERROR more often than this is given up. */
  readonly refusalLimit: number;
  /** Without an answer for so long the connection counts as dead. */
  readonly answerTimeoutMs: number;
  /** Told of each answered room message before its `finish`: rooms show own messages at their place. */
  readonly onReceipt: (message: OutgoingMessage, receipt: Receipt) => void;
  /** What rooms hold back until own messages are certain may go on. */
  readonly onSettled: () => void;
}

/**
 * Messages, edits, deletions and reactions until they are acknowledged, in order. After a reconnect
 * those without an answer are sent again with the same client message id, which the server takes for the
 * same message: delivered once.
 *
 * A refusal that says "not now" pauses the queue for as long as the server says and is tried again;
 * messages that were under way at that moment may be accepted before it. After such a refusal only
 * one message is in flight, and one more with each that is accepted. Changes of one message are never
 * under way together: the last that was asked for is the last that counts.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #pauses: Backoff;
  readonly #entries = new Set<Entry>();
  #link: ServerLink | undefined;
  #inFlightCount = 0;
  #window: number;
  #pause: ClientTimer | undefined;
  #onEmpty: (() => void)[] = [];

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#pauses = new Backoff(options.environment.random, { firstMs: 200, capMs: 5000 });
    this.#window = options.inFlightLimit;
  }

  /** Messages not acknowledged, but for those that their callers have given up. */
  get pendingCount(): number {
    let count = 0;
    for (const entry of this.#entries) if (!entry.isAbandoned) count++;
    return count;
  }

  /** Queues a message and sends it when its turn comes. Throws ChatError QUEUE_FULL. Returns how to give it up. */
  add(message: OutgoingMessage): { abandon(): void } {
    if (this.#entries.size >= this.#options.queueLimit) {
      throw new ChatError("QUEUE_FULL", `${this.#options.queueLimit} messages wait already`);
    }
    const entry: Entry = { message, isSent: false, isUncertain: false, isAbandoned: false, refusals: 0 };
    this.#entries.add(entry);
    this.pump();
    return { abandon: () => this.#abandon(entry) };
  }

  /** True while a message to this room may be in the server's log without this client knowing where. */
  hasUncertain(stream: RoomStream): boolean {
    return this.#hasUncertain(
      (destination) => destination.kind === "room" && roomIdOf(destination) === stream.roomId,
    );
  }

  /** The same for a direct conversation; 0: for any that the server has not told of yet. */
  hasUncertainWhisper(roomId: number, peer: string): boolean {
    const peerKey = nameKey(peer);
    return this.#hasUncertain((destination) =>
      destination.kind === "user"
        ? nameKey(destination.name) === peerKey
        : destination.kind === "roomId" && destination.roomId === roomId,
    );
  }

  #hasUncertain(isMeant: (destination: OutgoingMessage["destination"]) => boolean): boolean {
    for (const { isUncertain, message } of this.#entries)
      if (isUncertain && isMeant(message.destination)) return true;
    return false;
  }

  /** Calls back once nothing waits; at once when nothing does. */
  whenEmpty(onEmpty: () => void): void {
    if (this.#entries.size === 0) onEmpty();
    else this.#onEmpty.push(onEmpty);
  }

  /** Logged in: from now on messages go out on this link. */
  attach(link: ServerLink): void {
    this.#link = link;
    this.#window = this.#options.inFlightLimit;
    this.pump();
  }

  /** The link has ended, after it answered what was open with CONNECTION_LOST. */
  detach(): void {
    this.#link = undefined;
    this.#pause?.cancel();
    this.#pause = undefined;
    for (const entry of this.#entries) if (entry.isAbandoned) this.#entries.delete(entry);
    this.#tellEmpty();
  }

  /** Gives up what is for a room that the client is not in any more. */
  failRoom(stream: RoomStream, error: ChatError): void {
    for (const entry of this.#entries) {
      const { destination, finish } = entry.message;
      if (destination.kind !== "room" || destination.stream !== stream) continue;
      this.#entries.delete(entry);
      if (!entry.isAbandoned) finish(error);
    }
    this.#tellEmpty();
  }

  /** The room was made anew: what changes a message of the old one is given up, and no message is a reply to one. */
  forgetOffsets(stream: RoomStream): void {
    for (const entry of this.#entries) {
      const { destination, content, finish } = entry.message;
      if (destination.kind !== "room" || destination.stream !== stream) continue;
      if (content.target === 0) {
        entry.message = { ...entry.message, content: { ...content, replyTo: 0 } };
        continue;
      }
      this.#entries.delete(entry);
      if (!entry.isAbandoned)
        finish(new ChatError("MESSAGE_NOT_FOUND", "the room was made anew; the message is no more"));
    }
    this.#tellEmpty();
  }

  /** Gives everything up. */
  failAll(error: ChatError): void {
    const entries = [...this.#entries];
    this.#entries.clear();
    for (const entry of entries) if (!entry.isAbandoned) entry.message.finish(error);
    this.#tellEmpty();
  }

  /** Sends what may be sent: up to the window, and only to rooms that are joined again. */
  pump(): void {
    const link = this.#link;
    if (link === undefined || this.#pause !== undefined) return;
    const changed = new Set<string>();
    for (const entry of this.#entries) {
      if (this.#inFlightCount >= this.#window) return;
      const { destination, content } = entry.message;
      if (content.target > 0) {
        const key = `${roomIdOf(destination)} ${content.target}`;
        if (changed.has(key)) continue;
        changed.add(key);
      }
      if (entry.isSent) continue;
      // A room that was left is the server's to refuse; one that is being joined again is waited for.
      if (destination.kind === "room" && !destination.stream.isJoined && !destination.stream.isEnded)
        continue;
      this.#send(link, entry);
    }
  }

  #send(link: ServerLink, entry: Entry): void {
    const wasUncertain = entry.isUncertain;
    entry.isSent = true;
    entry.isUncertain = true;
    this.#inFlightCount++;
    const answer = (outcome: OutgoingAnswer): void => {
      this.#inFlightCount--;
      entry.isSent = false;
      if (outcome instanceof ChatError) {
        this.#onRefused(link, entry, outcome, wasUncertain);
        return;
      }
      const roomId = outcome.roomId ?? roomIdOf(entry.message.destination);
      this.#onAccepted(entry, {
        roomId,
        offset: Number(outcome.offset),
        timeMs: Number(outcome.timeMs),
      });
    };
    sendOutgoing(link, entry.message, this.#options.answerTimeoutMs, answer);
  }

  #onAccepted(entry: Entry, receipt: Receipt): void {
    this.#entries.delete(entry);
    this.#pauses.reset();
    this.#window = Math.min(this.#window + 1, this.#options.inFlightLimit);
    this.#options.onReceipt(entry.message, receipt);
    if (!entry.isAbandoned) entry.message.finish(receipt);
    this.#afterAnswer();
  }

  #onRefused(link: ServerLink, entry: Entry, error: ChatError, wasUncertain: boolean): void {
    if (error.code === "CONNECTION_LOST") return; // kept, and sent again on the next connection
    if (error.code === "TIMEOUT") {
      // Each request has its answer: a server that does not give it is not alive.
      link.fail(`the server left a message unanswered for ${this.#options.answerTimeoutMs} ms`);
      return;
    }
    const isRetried =
      isTransient(error.code) && !entry.isAbandoned && ++entry.refusals <= this.#options.refusalLimit;
    if (isRetried) {
      if (error.code !== "SERVER_ERROR") entry.isUncertain = wasUncertain;
      this.#window = 1;
      this.#pauseFor(Math.max(error.retryAfterMs, this.#pauses.nextMs()));
    } else {
      this.#entries.delete(entry);
      if (!entry.isAbandoned) entry.message.finish(error);
    }
    this.#afterAnswer();
  }

  #pauseFor(delayMs: number): void {
    if (this.#pause !== undefined || this.#link === undefined) return;
    this.#pause = this.#options.environment.startTimer(delayMs, () => {
      this.#pause = undefined;
      this.pump();
    });
  }

  #abandon(entry: Entry): void {
    entry.isAbandoned = true;
    if (entry.isSent) return; // its answer still tells the room where it is
    this.#entries.delete(entry);
    this.#afterAnswer();
  }

  #afterAnswer(): void {
    this.#options.onSettled();
    this.#tellEmpty();
    this.pump();
  }

  #tellEmpty(): void {
    if (this.#entries.size > 0) return;
    for (const onEmpty of this.#onEmpty.splice(0)) onEmpty();
  }
}
