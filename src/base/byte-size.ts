const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

const bytesByUnit = new Map([
  ["B", 1],
  ["KiB", KIB],
  ["MiB", MIB],
  ["GiB", GIB],
]);

/** What `parseByteSize` takes, for messages. */
export const BYTE_SIZE_FORMAT = 'a size such as "4000B", "64KiB", "1MiB", "2GiB" or a plain number of bytes';

/**
 * Bytes from "64KiB", "1MiB", "1.5GiB", "4000B" or "65536". KB and MB are refused, since half the world
 * reads them as 1000. undefined when the text is none of these or not a whole number of bytes.
 */
export function parseByteSize(text: string): number | undefined {
  const match = /^(?<amount>\d+(?:\.\d+)?) ?(?<unit>B|KiB|MiB|GiB)?$/.exec(text.trim());
  if (match?.groups === undefined) return undefined;
  const { amount, unit = "B" } = match.groups;
  const bytes = Number(amount) * (bytesByUnit.get(unit) ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The text with the largest unit that `parseByteSize` reads back as `bytes`, a whole number not below 0. */
export function formatByteSize(bytes: number): string {
  if (bytes === 0) return "0B";
  if (bytes % GIB === 0) return `${bytes / GIB}GiB`;
  if (bytes % MIB === 0) return `${bytes / MIB}MiB`;
  if (bytes % KIB === 0) return `${bytes / KIB}KiB`;
  return `${bytes}B`;
}
