/**
 * A part of the page that is fetched when it is needed first, or a little before that. An attempt that
 * fails is forgotten: the next `load` makes another.
 */
export class OnDemand<Part> {
  readonly #fetch: () => Promise<Part>;
  readonly #listeners = new Set<() => void>();
  #loading: Promise<Part> | undefined;
  #part: Part | undefined;

  constructor(fetch: () => Promise<Part>) {
    this.#fetch = fetch;
  }

  /** The part, as soon as it is there. */
  readonly get = (): Part | undefined => this.#part;

  /** Calls the listener when the part is there, until the returned function is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Fetches it, once. Rejects with what the browser says. */
  load(): Promise<Part> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  /** The same, when nobody waits for it: what fails now is tried again when it is needed. */
  prepare(): void {
    this.load().catch(() => undefined);
  }

  async #load(): Promise<Part> {
    try {
      const part = await this.#fetch();
      this.#part = part;
      for (const listener of this.#listeners) listener();
      return part;
    } catch (error) {
      this.#loading = undefined;
      throw error;
    }
  }
}
