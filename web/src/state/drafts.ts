import type { ClientEnvironment, ClientTimer } from "../../../src/client/environment.ts";
import type { TextStore } from "./page-host.ts";

export interface Draft {
  readonly text: string;
  /** 0: none. */
  readonly replyTo: number;
}

/** Drafts that are kept for one user; above, the oldest is dropped. */
const DRAFT_LIMIT = 100;

/** A draft is written to the store so long after the last key. */
const SAVE_PAUSE_MS = 400;

type Stored = Record<string, readonly [text: string, replyTo: number]>;

/**
 * What was typed and not sent, by place, kept on this device. Several tabs share the store: each writes
 * the places that it has changed, over what is there then.
 */
export class Drafts {
  readonly #store: TextStore;
  readonly #environment: ClientEnvironment;
  readonly #name: string;
  readonly #drafts: Map<string, Draft>;
  readonly #unsaved = new Set<string>();
  #timer: ClientTimer | undefined;

  constructor(store: TextStore, environment: ClientEnvironment, userKey: string) {
    this.#store = store;
    this.#environment = environment;
    this.#name = `portico.drafts.${userKey}`;
    this.#drafts = this.#read();
  }

  find(placeId: string): Draft | undefined {
    return this.#drafts.get(placeId);
  }

  /** An empty draft is none. True when there is one where there was none, or the other way. */
  set(placeId: string, draft: Draft): boolean {
    const before = this.#drafts.get(placeId);
    const wasThere = before !== undefined;
    const isThere = draft.text.trim() !== "" || draft.replyTo > 0;
    const isSame = wasThere ? before.text === draft.text && before.replyTo === draft.replyTo : !isThere;
    // What this tab has not changed is another tab's to write.
    if (isSame) return false;
    this.#drafts.delete(placeId);
    if (isThere) this.#drafts.set(placeId, draft);
    this.#unsaved.add(placeId);
    this.#timer ??= this.#environment.startTimer(SAVE_PAUSE_MS, () => this.save());
    return wasThere !== isThere;
  }

  /** Writes what is not written yet: at once when the page goes. */
  save(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#unsaved.size === 0) return;
    const stored = this.#read();
    for (const placeId of this.#unsaved) {
      const draft = this.#drafts.get(placeId);
      stored.delete(placeId);
      if (draft !== undefined) stored.set(placeId, draft);
    }
    this.#unsaved.clear();
    const kept = [...stored].slice(-DRAFT_LIMIT);
    const json: Stored = Object.fromEntries(
      kept.map(([placeId, { text, replyTo }]) => [placeId, [text, replyTo] as const]),
    );
    this.#store.set(this.#name, kept.length === 0 ? undefined : JSON.stringify(json));
  }

  /** The user has left this device: nothing is kept. */
  forget(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#drafts.clear();
    this.#unsaved.clear();
    this.#store.set(this.#name, undefined);
  }

  #read(): Map<string, Draft> {
    const drafts = new Map<string, Draft>();
    const json = this.#store.get(this.#name);
    if (json === undefined) return drafts;
    try {
      const stored: unknown = JSON.parse(json);
      if (typeof stored !== "object" || stored === null) return drafts;
      for (const [placeId, draft] of Object.entries(stored)) {
        if (!Array.isArray(draft)) continue;
        const [text, replyTo]: unknown[] = draft;
        if (typeof text === "string" && typeof replyTo === "number") drafts.set(placeId, { text, replyTo });
      }
    } catch {
      return drafts; // somebody else's, or cut off: as if there were none
    }
    return drafts;
  }
}
