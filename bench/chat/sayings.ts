import { readFileSync } from "node:fs";
import type { Random } from "../../src/base/random.ts";
import { BenchUsageError } from "../arguments.ts";

const MOST_BYTES = 3900;

/** What the users say. A text begins with "#", its message in base 36 and a blank (notice-reader.ts). */
export class Sayings {
  readonly #lines: readonly string[];
  readonly #textBytes: number;
  readonly #random: Random;

  /** Throws BenchUsageError for a file that cannot be read or is empty. */
  constructor(file: string | undefined, textBytes: number, random: Random) {
    this.#lines = file === undefined ? [] : readLines(file);
    this.#textBytes = textBytes;
    this.#random = random;
  }

  text(id: number): string {
    const mark = `#${id.toString(36)} `;
    if (this.#lines.length === 0) return mark.padEnd(this.#textBytes, "x");
    return mark + (this.#lines[Math.floor(this.#random.next() * this.#lines.length)] ?? "");
  }
}

function readLines(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new BenchUsageError(`--text-file ${file}: ${(error as Error).message}`, { cause: error });
  }
  const lines = text
    .split("\n")
    .map((line) => line.replaceAll(/\p{Cc}/gu, " ").trim())
    .filter((line) => line !== "" && Buffer.byteLength(line) <= MOST_BYTES);
  if (lines.length === 0) throw new BenchUsageError(`--text-file ${file} has no lines to say`);
  return lines;
}
