import type { MessageKind } from "../store/store.ts";
import type { HubContext } from "./hub-context.ts";
import type { Room } from "./room.ts";

/** Tells rooms of entries, and counts them. Message events are made here alone, so that all have one shape. */
export class EntryPublisher {
  readonly #context: HubContext;
  #count = 0;

  constructor(context: HubContext) {
    this.#context = context;
  }

  /** Entries published to rooms so far. */
  get count(): number {
    return this.#count;
  }

  publish(
    room: Room,
    offset: number,
    timeMs: number,
    sender: string,
    text: string,
    kind: MessageKind,
    target: number,
    replyTo: number,
    publisher: number,
    requestId: number,
  ): void {
    this.#count += 1;
    this.#context.effects.publish({
      type: "message",
      roomId: room.id,
      offset,
      timeMs,
      sender,
      text,
      kind,
      target,
      replyTo,
      publisher,
      requestId,
    });
  }
}
