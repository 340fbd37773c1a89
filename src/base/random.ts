import { randomBytes } from "node:crypto";

/** Where randomness comes from: the machine in a server, a seed in a test. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** `count` bytes; from the machine they are fit for tokens. */
  bytes(count: number): Uint8Array;
}

/** The machine's own source. The only place that reads it. */
export const realRandom: Random = {
  next: () => Math.random(),
  bytes: (count) => new Uint8Array(randomBytes(count)),
};

/** Repeatable numbers from a seed (mulberry32: 32 bits of state, good enough to choose test cases). */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** True once in `oneIn` times on average. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let index = 0; index < count; index++) bytes[index] = this.below(256);
    return bytes;
  }
}
