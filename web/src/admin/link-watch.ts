/** Whether the server answers. One for the page, told by everything that asks. */
export interface LinkState {
  /** When the server last answered, by the browser's clock; 0: never. */
  readonly heardMs: number;
  /** Since then nothing but silence: what is shown may be old. */
  readonly isSilent: boolean;
}

/** A small store in the shape of React's useSyncExternalStore. */
export class LinkWatch {
  readonly #nowMs: () => number;
  readonly #listeners = new Set<() => void>();
  /** Kept apart, so that an answer each second is no change of state. */
  #heardLatelyMs = 0;
  #state: LinkState = { heardMs: 0, isSilent: false };

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The same object until the state changes; the time alone is no change while the server answers. */
  readonly state = (): LinkState => this.#state;

  /** The server answered, be it with a refusal. */
  heard(): void {
    const heardMs = this.#nowMs();
    if (this.#state.isSilent || this.#state.heardMs === 0) this.#become({ heardMs, isSilent: false });
    else this.#heardLatelyMs = heardMs;
  }

  /** It did not. */
  silent(): void {
    if (this.#state.isSilent) return;
    this.#become({ heardMs: Math.max(this.#state.heardMs, this.#heardLatelyMs), isSilent: true });
  }

  #become(state: LinkState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
