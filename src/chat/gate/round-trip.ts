/**
 * The time as a ping's nonce: ticks of a hundredth of a millisecond, counted in a circle of almost three
 * hours, never 0. So the pong tells how long it took, and nothing needs to be remembered but the nonce.
 */
export const TICKS_PER_MS = 100;

/** Small enough for a small integer in a field of a session. */
const CIRCLE = 2 ** 30 - 1;

export function clockTicks(monotonicMs: number): number {
  return (Math.floor(monotonicMs * TICKS_PER_MS) % CIRCLE) + 1;
}

/** Ticks between two times; less than the circle. */
export function elapsedTicks(from: number, to: number): number {
  return to >= from ? to - from : to - from + CIRCLE;
}
