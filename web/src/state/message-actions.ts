import { ChatError } from "../../../src/client/chat-error.ts";
import type { Receipt } from "../../../src/client/outgoing-message.ts";
import { checkText } from "../../../src/protocol/text.ts";
import type { Failure, Outcome } from "./contract.ts";
import { DONE } from "./failure.ts";
import type { OutgoingItem } from "./outgoing-messages.ts";
import type { Place } from "./place.ts";
import type { UserSession } from "./user-session.ts";

// oxlint-disable-next-line eslint/no-control-regex -- what the server refuses and nobody types
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** What was typed, as the server takes it: line feeds alone, no control characters, no white space at the end. */
export function cleanText(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll("\r", "\n").replaceAll(CONTROLS, "").trimEnd();
}

/** What a user does with messages of the open place. */
export class MessageActions {
  readonly #session: UserSession;

  constructor(session: UserSession) {
    this.#session = session;
  }

  /** What the composer has: a new message, a reply, an edit. False: nothing was sent. */
  send(typed: string): boolean {
    const { current: place, textLimitBytes } = this.#session;
    const text = cleanText(typed);
    if (place === undefined || text.trim() === "") return false;
    const check = checkText(text, textLimitBytes);
    if (!check.ok) {
      this.#complain(new ChatError("TEXT_INVALID", check.reason), "send");
      return false;
    }
    const mode = place.parts.composition.take();
    this.#session.keepDraft(place);
    if (mode.mode === "edit") {
      const before = place.parts.timeline.window.find(mode.offset);
      if (before?.text !== text) void this.edit(mode.offset, text);
      return true;
    }
    const { timeline } = place.parts;
    const clientMessageId = this.#session.newMessageId();
    const { nowMs: timeMs } = this.#session;
    const item = timeline.outgoing.add({ clientMessageId, text, replyTo: mode.replyTo, timeMs });
    timeline.jumpToNewest();
    void this.#deliver(place, item);
    return true;
  }

  /** Says something to a user whose conversation is not open. */
  whisper(name: string, typed: string): Promise<Outcome> {
    const text = cleanText(typed);
    return this.#session.outcome(() => this.#session.client.whisper(name, text));
  }

  retry(key: string): void {
    const place = this.#session.current;
    const item = place?.parts.timeline.outgoing.find(key);
    if (place === undefined || item?.failure === undefined) return;
    place.parts.timeline.outgoing.onRetried(key);
    void this.#deliver(place, { ...item, failure: undefined });
  }

  discard(key: string): void {
    const outgoing = this.#session.current?.parts.timeline.outgoing;
    if (outgoing?.find(key)?.failure !== undefined) outgoing.discard(key);
  }

  edit(offset: number, text: string): Promise<Outcome> {
    return this.#change("edit", (place) => [
      place.parts.timeline.overlays.edit(offset, text),
      () => this.#session.client.edit(place.roomId, offset, text),
    ]);
  }

  remove(offset: number): Promise<Outcome> {
    return this.#change("delete", (place) => [
      place.parts.timeline.overlays.remove(offset),
      () => this.#session.client.delete(place.roomId, offset),
    ]);
  }

  /** Adds the reaction, or takes it back when the user has given it. */
  react(offset: number, emoji: string): Promise<Outcome> {
    return this.#change("react", (place) => {
      const { timeline } = place.parts;
      const underWay = timeline.overlays.find(offset)?.reactions.get(emoji);
      const shown = timeline.window.find(offset)?.reactions.find(({ reaction }) => reaction === emoji);
      const remove = underWay ?? shown?.isMine ?? false;
      return [
        timeline.overlays.react(offset, emoji, !remove),
        () => this.#session.client.react(place.roomId, offset, emoji, { remove }),
      ];
    });
  }

  startReply(offset: number): void {
    const place = this.#session.current;
    if (place === undefined) return;
    place.parts.composition.reply(offset);
    this.#session.keepDraft(place);
  }

  startEdit(offset: number): void {
    const { current: place, userName } = this.#session;
    const shown = place?.parts.timeline.window.find(offset);
    if (place === undefined || shown === undefined || shown.isDeleted || shown.sender !== userName) return;
    place.parts.composition.edit(offset, shown.text);
  }

  startEditLast(): void {
    const { current: place, userName } = this.#session;
    if (place === undefined || place.parts.timeline.window.hasNewer) return;
    const own = place.parts.timeline.window.messages.findLast(
      ({ sender, isDeleted }) => sender === userName && !isDeleted,
    );
    if (own !== undefined) this.startEdit(own.offset);
  }

  cancelCompose(): void {
    const place = this.#session.current;
    if (place === undefined) return;
    place.parts.composition.cancel();
    this.#session.keepDraft(place);
  }

  setDraft(text: string): void {
    const place = this.#session.current;
    if (place === undefined) return;
    place.parts.composition.type(text);
    this.#session.keepDraft(place);
  }

  typing(): void {
    const place = this.#session.current;
    if (place !== undefined && place.roomId > 0) this.#session.client.typing(place.roomId);
  }

  async #deliver(place: Place, { key, clientMessageId, text, replyTo }: OutgoingItem): Promise<void> {
    const { client } = this.#session;
    const { outgoing } = place.parts.timeline;
    const options = { clientMessageId, replyTo };
    try {
      const receipt: Receipt =
        place.kind === "direct"
          ? await client.whisper(place.name, text, options)
          : await client.publish(place.roomId, text, options);
      if (place.kind === "direct") place.roomId = receipt.roomId;
      outgoing.onSent(key, receipt);
      this.#onAccepted(place);
    } catch (error) {
      const failure = this.#session.toFailure(error);
      outgoing.onFailed(key, failure);
      this.#onRefused(place, failure);
    }
  }

  /** `begin` returns what shows the change as done, to be taken back, and what does it. */
  async #change(
    action: string,
    begin: (place: Place) => readonly [end: () => void, request: () => Promise<unknown>],
  ): Promise<Outcome> {
    const place = this.#session.current;
    if (place === undefined) return DONE;
    const [end, request] = begin(place);
    const outcome = await this.#session.outcome(request);
    end();
    if (!outcome.ok) {
      this.#session.notice("error", "failed", { action }, outcome.failure);
      this.#onRefused(place, outcome.failure);
    } else if (action !== "delete") {
      // Who is muted may delete all the same: that shows nothing.
      this.#onAccepted(place);
    }
    return outcome;
  }

  /** What was refused before is not any more: a mute was taken back while this page was away, say. */
  #onAccepted(place: Place): void {
    if (place.block === undefined) return;
    place.block = undefined;
    this.#session.stale.composer();
  }

  /** Some refusals say how it is here, not only with this message. */
  #onRefused(place: Place, { code, retryAtMs: untilMs }: Failure): void {
    const { nowMs, host, stale, current } = this.#session;
    switch (code) {
      case "SLOW_MODE":
        place.waitUntilMs = untilMs;
        break;
      case "MUTED":
        place.block = { reason: "muted", untilMs, mayTry: true };
        break;
      case "LOCKDOWN":
        place.block = { reason: "lockdown", untilMs, mayTry: true };
        break;
      default:
        return;
    }
    if (untilMs > nowMs) host.environment.startTimer(untilMs - nowMs, stale.composer);
    if (place === current) stale.composer();
  }

  #complain(error: ChatError, action: string): void {
    this.#session.notice("error", "failed", { action }, this.#session.toFailure(error));
  }
}
