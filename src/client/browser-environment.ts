import { realClock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { ClientEnvironment } from "./environment.ts";

/** The most that a browser's timer takes (HTML Living Standard, timers: a signed 32-bit number). */
const TIMER_LIMIT_MS = 0x7fff_ffff;

/** The Web Crypto source; `next` comes from it too: delays need no speed. */
const webRandom: Random = {
  next: () => (crypto.getRandomValues(new Uint32Array(1))[0] as number) / 0x1_0000_0000,
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
};

/**
 * Time, timers and randomness of a browser, or of any runtime with the web's own functions (Node too).
 * Timers of a page in the background may come late, by a minute in Chromium: nothing that the client
 * does needs them to be punctual.
 */
export const browserEnvironment: ClientEnvironment = {
  clock: realClock,
  random: webRandom,
  startTimer: (delayMs, onExpired) => {
    const timer = setTimeout(onExpired, Math.min(delayMs, TIMER_LIMIT_MS));
    return { cancel: () => clearTimeout(timer) };
  },
};
