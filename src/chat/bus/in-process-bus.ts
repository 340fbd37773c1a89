import { assert } from "../../base/assert.ts";
import type { Command } from "../hub/command.ts";
import type { RoomEvent, ServerEvent, SessionEvent } from "../hub/event.ts";
import { gateOf, type RoomId } from "../names.ts";
import type { Bus, GateEvent, GateLink, HubLink } from "./bus.ts";

/**
 * Gates and hub in one thread. What is sent in a turn is delivered at its end: first the commands, as
 * one batch, then what the hub published meanwhile, as one batch for each gate. What is sent while
 * batches are delivered goes out in a further round of the same turn.
 *
 * A handler that throws takes nothing from the others: the rest is delivered, then the first error is
 * thrown on.
 */
export class InProcessBus implements Bus {
  readonly #atTurnEnd: (task: () => void) => void;
  readonly #gates = new Map<number, GateBox>();
  readonly #topics = new Map<RoomId, number[]>();
  #onCommands: ((commands: readonly Command[]) => void) | undefined;
  #commands: Command[] = [];
  #readyGates: GateBox[] = [];
  #isScheduled = false;
  #droppedCount = 0;
  readonly #deliver = (): void => this.#deliverRound();

  /** `atTurnEnd` runs a task at the end of the current turn: the completion port's method. */
  constructor(atTurnEnd: (task: () => void) => void) {
    this.#atTurnEnd = atTurnEnd;
  }

  /** Commands and events that had nobody to go to. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  attachGate(gateId: number, onEvents: (events: readonly GateEvent[]) => void): GateLink {
    assert(!this.#gates.has(gateId), `gate ${gateId} is attached once`);
    const box: GateBox = { onEvents, events: [] };
    this.#gates.set(gateId, box);
    return {
      send: (command) => this.#send(command),
      detach: () => {
        if (this.#gates.get(gateId) === box) this.#gates.delete(gateId);
        this.#droppedCount += box.events.length;
        box.events = [];
        box.onEvents = undefined;
      },
    };
  }

  attachHub(onCommands: (commands: readonly Command[]) => void): HubLink {
    assert(this.#onCommands === undefined, "one hub is attached at a time");
    this.#onCommands = onCommands;
    return {
      publish: (event) => this.#publish(event),
      reply: (event) => this.#reply(event),
      broadcast: (event) => this.#broadcast(event),
      subscribe: (gateId, roomId) => this.#subscribe(gateId, roomId),
      unsubscribe: (gateId, roomId) => this.#unsubscribe(gateId, roomId),
      detach: () => {
        if (this.#onCommands !== onCommands) return;
        this.#onCommands = undefined;
        this.#topics.clear();
      },
    };
  }

  #send(command: Command): void {
    if (this.#onCommands === undefined) {
      this.#droppedCount += 1;
      return;
    }
    this.#commands.push(command);
    this.#schedule();
  }

  #publish(event: RoomEvent): void {
    const gateIds = this.#topics.get(event.roomId);
    if (gateIds === undefined) return;
    for (const gateId of gateIds) this.#post(gateId, event);
  }

  #reply(event: SessionEvent): void {
    this.#post(gateOf(event.session), event);
  }

  #broadcast(event: ServerEvent): void {
    for (const gateId of this.#gates.keys()) this.#post(gateId, event);
  }

  #post(gateId: number, event: GateEvent): void {
    const box = this.#gates.get(gateId);
    if (box === undefined) {
      this.#droppedCount += 1;
      return;
    }
    if (box.events.length === 0) this.#readyGates.push(box);
    box.events.push(event);
    this.#schedule();
  }

  #subscribe(gateId: number, roomId: RoomId): void {
    const gateIds = this.#topics.get(roomId);
    if (gateIds === undefined) this.#topics.set(roomId, [gateId]);
    else if (!gateIds.includes(gateId)) gateIds.push(gateId);
  }

  #unsubscribe(gateId: number, roomId: RoomId): void {
    const gateIds = this.#topics.get(roomId);
    const index = gateIds?.indexOf(gateId) ?? -1;
    if (gateIds === undefined || index < 0) return;
    gateIds.splice(index, 1);
    if (gateIds.length === 0) this.#topics.delete(roomId);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#atTurnEnd(this.#deliver);
  }

  #deliverRound(): void {
    const failures: unknown[] = [];
    const commands = this.#commands;
    if (commands.length > 0) {
      this.#commands = [];
      if (this.#onCommands === undefined) this.#droppedCount += commands.length;
      else attempt(this.#onCommands, commands, failures);
    }
    // From here on what is sent belongs to the next round.
    this.#isScheduled = false;
    const ready = this.#readyGates;
    this.#readyGates = [];
    for (const box of ready) {
      const { events } = box;
      box.events = [];
      if (box.onEvents !== undefined) attempt(box.onEvents, events, failures);
    }
    // Commands that came while the hub had its batch found the round scheduled already.
    if (this.#commands.length > 0) this.#schedule();
    if (failures.length > 0) throw failures[0];
  }
}

interface GateBox {
  onEvents: ((events: readonly GateEvent[]) => void) | undefined;
  events: GateEvent[];
}

function attempt<Batch>(handler: (batch: Batch) => void, batch: Batch, failures: unknown[]): void {
  try {
    handler(batch);
  } catch (error) {
    failures.push(error);
  }
}
