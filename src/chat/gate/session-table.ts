import { assert } from "../../base/assert.ts";
import { type SessionId, slotOf } from "../../engine/index.ts";
import type { GateSession } from "./gate-session.ts";

/**
 * The sessions of a gate by the slots of their connections: 8 bytes or so for each, of which a map takes
 * 30. Connections of several services may be in it, whose slots do not meet (`ServiceOptions.firstSlot`).
 */
export class SessionTable implements Iterable<GateSession> {
  readonly #bySlot: (GateSession | undefined)[] = [];

  add(session: GateSession): void {
    const slot = slotOf(session.link.id);
    // Without gaps: an array with a large one becomes a dictionary, which each look would pay for.
    while (this.#bySlot.length < slot) this.#bySlot.push(undefined);
    assert(this.#bySlot[slot] === undefined, "a slot is used by one session at a time");
    this.#bySlot[slot] = session;
  }

  remove(session: GateSession): void {
    const slot = slotOf(session.link.id);
    assert(this.#bySlot[slot] === session, "a session is forgotten once, before its slot is used again");
    this.#bySlot[slot] = undefined;
  }

  /** What is in the slot of a session id or of a session key, whose lowest bits are the slot, too. */
  at(id: SessionId): GateSession | undefined {
    return this.#bySlot[slotOf(id)];
  }

  *[Symbol.iterator](): Generator<GateSession> {
    for (const session of this.#bySlot) if (session !== undefined) yield session;
  }
}
