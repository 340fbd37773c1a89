import type { Command } from "../hub/command.ts";
import type { RoomEvent, ServerEvent, SessionEvent } from "../hub/event.ts";
import type { RoomId } from "../names.ts";

/**
 * Carries commands from gates to the hub and events back, in batches, in order, as plain data that
 * nobody changes afterwards. What goes over it could cross a thread, a process or a machine.
 *
 * Order: the commands of one gate arrive in the order it sent them; the events for one gate (of its
 * sessions and of the rooms it is subscribed to) arrive in the order the hub published them.
 *
 * Delivery is at most once: commands sent while no hub is attached, and events for a gate that is not
 * attached, are dropped and counted. So a gate's first command is `gateReset` for itself, and whoever
 * sees that a gate was lost sends it in its place. `test/conformance/bus-suite.ts` checks all this.
 */
export interface Bus {
  /** A gate takes its place; `onEvents` is called with each batch. Throws when the gate id is taken. */
  attachGate(gateId: number, onEvents: (events: readonly GateEvent[]) => void): GateLink;
  /** The hub takes its place; `onCommands` is called with each batch. Throws when there is one already. */
  attachHub(onCommands: (commands: readonly Command[]) => void): HubLink;
}

export type GateEvent = RoomEvent | SessionEvent | ServerEvent;

export interface GateLink {
  /** Delivered at the end of the turn at the latest. */
  send(command: Command): void;
  /** The gate takes no more events. Commands it sent before are still delivered. */
  detach(): void;
}

export interface HubLink {
  /** To every gate subscribed to the topic `room.<id>`. */
  publish(event: RoomEvent): void;
  /** To the gate of `event.session`. */
  reply(event: SessionEvent): void;
  /** To every gate that is attached. */
  broadcast(event: ServerEvent): void;
  /**
   * The hub subscribes a gate to a room's topic before it publishes the arrival of that gate's first
   * member, so that nothing between can be missed, and unsubscribes it after the last has left.
   */
  subscribe(gateId: number, roomId: RoomId): void;
  unsubscribe(gateId: number, roomId: RoomId): void;
  /** The hub takes no more commands, and its subscriptions end. Events it published before are still delivered. */
  detach(): void;
}
