import type { ClientEnvironment, ClientTimer } from "../../../src/client/environment.ts";
import type { TypingSnapshot } from "./contract.ts";

/** Without another word from them: they have stopped. Clients say it once in 2 s. */
const FORGET_MS = 5000;

/** Who is shown by name, and how many are remembered. */
const SHOWN_NAMES = 5;
const NAME_LIMIT = 50;

/** Who is typing in one place. */
export class TypingNames {
  readonly #environment: ClientEnvironment;
  readonly #onChange: () => void;
  readonly #untilMs = new Map<string, number>();
  #timer: ClientTimer | undefined;

  constructor(environment: ClientEnvironment, onChange: () => void) {
    this.#environment = environment;
    this.#onChange = onChange;
  }

  get snapshot(): TypingSnapshot {
    const names = [...this.#untilMs.keys()];
    return { names: names.slice(0, SHOWN_NAMES), moreCount: Math.max(names.length - SHOWN_NAMES, 0) };
  }

  add(name: string): void {
    const isNew = !this.#untilMs.has(name);
    if (isNew && this.#untilMs.size >= NAME_LIMIT) return;
    this.#untilMs.set(name, this.#environment.clock.monotonicMs() + FORGET_MS);
    this.#watch();
    if (isNew) this.#onChange();
  }

  /** Has said something, or has gone. */
  remove(name: string): void {
    if (this.#untilMs.delete(name)) this.#onChange();
  }

  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#untilMs.size === 0) return;
    this.#untilMs.clear();
    this.#onChange();
  }

  #watch(): void {
    if (this.#timer !== undefined || this.#untilMs.size === 0) return;
    const nowMs = this.#environment.clock.monotonicMs();
    const nextMs = Math.min(...this.#untilMs.values());
    this.#timer = this.#environment.startTimer(Math.max(nextMs - nowMs, 0), () => {
      this.#timer = undefined;
      this.#forgetOld();
      this.#watch();
    });
  }

  #forgetOld(): void {
    const nowMs = this.#environment.clock.monotonicMs();
    const sizeBefore = this.#untilMs.size;
    for (const [name, untilMs] of this.#untilMs) if (untilMs <= nowMs) this.#untilMs.delete(name);
    if (this.#untilMs.size !== sizeBefore) this.#onChange();
  }
}
