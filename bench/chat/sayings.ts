import { readFileSync } from "node:fs";
import type { Random } from "../../src/base/random.ts";
import { BenchUsageError } from "../arguments.ts";

/** A text says which message it is, in base 36, before what its user says. */
const MARK = /^#(?<id>[0-9a-z]+) /;
const MOST_BYTES = 3900;

/** What the users say. */
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

/** The message that a text is; 0 for a text of somebody else. */
export function messageIdOf(text: string): number {
  const id = MARK.exec(text)?.groups?.id;
  return id === undefined ? 0 : Number.parseInt(id, 36);
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
