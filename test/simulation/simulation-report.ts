import type { RequestPacketType } from "../../src/protocol/packets.ts";
import type { AnswerCount } from "./answer-check.ts";

export interface SimulationOptions {
  readonly seed: number;
  /** Things done before peace comes. Default 150. */
  readonly actionCount?: number;
  /** Told every completion, to read what led to a failure. */
  readonly onTrace?: (line: string) => void;
}

export interface SimulationReport {
  readonly seed: number;
  /** Stands for everything that happened; equal for equal seeds. */
  readonly fingerprint: number;
  readonly stepCount: number;
  readonly virtualMs: number;
  readonly acknowledgedCount: number;
  readonly heardCount: number;
  readonly crashCount: number;
  /** What was done, and refused, of each command. */
  readonly answers: ReadonlyMap<RequestPacketType, Readonly<AnswerCount>>;
}

/** A rule was broken, or the run did not come to rest. The seed reproduces it. */
export class SimulationError extends Error {
  readonly seed: number;
  constructor(seed: number, message: string) {
    super(`${message}\n  reproduce: npm run simulate -- --seed ${seed}`);
    this.name = "SimulationError";
    this.seed = seed;
  }
}
