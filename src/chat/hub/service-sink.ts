import type { HubLink } from "../bus/bus.ts";
import type { RoomId } from "../names.ts";
import type { NewMessage, StoreRequestName, StoreRequests } from "../store/store.ts";
import type { AppendPipeline } from "./append-pipeline.ts";
import type { EffectSink } from "./effect-sink.ts";
import type { RoomEvent, ServerEvent, SessionEvent } from "./event.ts";

/** Takes the hub's effects where they belong: the bus, or the store. */
export class ServiceSink implements EffectSink {
  link: HubLink | undefined;
  readonly #appends: AppendPipeline;
  readonly #ask: EffectSink["ask"];

  constructor(appends: AppendPipeline, ask: EffectSink["ask"]) {
    this.#appends = appends;
    this.#ask = ask;
  }

  publish(event: RoomEvent): void {
    this.link?.publish(event);
  }

  reply(event: SessionEvent): void {
    this.link?.reply(event);
  }

  broadcast(event: ServerEvent): void {
    this.link?.broadcast(event);
  }

  subscribe(gateId: number, roomId: RoomId): void {
    this.link?.subscribe(gateId, roomId);
  }

  unsubscribe(gateId: number, roomId: RoomId): void {
    this.link?.unsubscribe(gateId, roomId);
  }

  append(ticket: number, message: NewMessage): void {
    this.#appends.add(ticket, message);
  }

  ask<Name extends StoreRequestName>(
    ticket: number,
    name: Name,
    request: StoreRequests[Name]["request"],
  ): void {
    this.#ask(ticket, name, request);
  }
}
