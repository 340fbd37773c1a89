import type { SeededRandom } from "../../src/base/random.ts";

/**
 * A copy of `original` with one to four small accidents: a flipped bit, a changed byte, bytes lost, doubled or
 * inserted, one of the `edges` (the bytes at which the format under test changes its mind).
 */
export function mutated(random: SeededRandom, original: Uint8Array, edges: readonly number[]): Uint8Array {
  const bytes = [...original];
  for (let count = 1 + random.below(4); count > 0; count--) {
    const at = random.below(bytes.length + 1);
    const length = random.below(9);
    switch (random.below(6)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
        break;
      case 1:
        bytes[at] = random.below(256);
        break;
      case 2:
        bytes.splice(at, length);
        break;
      case 3:
        bytes.splice(at, 0, ...bytes.slice(at, at + length));
        break;
      case 4:
        bytes.splice(at, 0, ...random.bytes(length));
        break;
      default:
        bytes[at] = edges[random.below(edges.length)] ?? 0;
    }
  }
  return Uint8Array.from(bytes);
}
