import type { RoomPosition as WirePosition } from "../../../protocol/generated/portico/v1/portico_pb.js";
import { nameKey, ROOM_NAME_MAX } from "../../../protocol/names.ts";
import type { Refused } from "../refusals.ts";

/** How far a client knows a room. */
export interface RoomPosition {
  readonly epoch: string;
  readonly offset: number;
}

const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);

/** A u64 of the wire. Nothing here has numbers that a double cannot hold: one above is as good as the largest. */
export function wholeOf(value: bigint): number {
  return Number(value > LARGEST ? LARGEST : value);
}

export function roomPosition({ epoch, offset }: WirePosition): RoomPosition {
  return { epoch, offset: wholeOf(offset) };
}

/** A hundred years. */
const LONGEST_DURATION_MS = 3_155_760_000_000;

/** A duration of the wire; refused when it is above a hundred years. */
export function durationOf(value: bigint): number | Refused {
  const ms = wholeOf(value);
  return ms <= LONGEST_DURATION_MS ? ms : invalid("duration_ms is above a hundred years");
}

export function invalid(detail: string): Refused {
  return { code: "INVALID_PACKET", detail };
}

/** How many entries a page is to have. */
export function pageLimit(limit: number, usual: number, most: number): number {
  return Math.min(limit === 0 ? usual : limit, most);
}

/** The key of the name that a page begins after; undefined when no name is that long. */
export function afterKey(after: string): string | undefined {
  // A character is one or two units.
  return after.length > ROOM_NAME_MAX * 2 ? undefined : nameKey(after);
}

/** The key of a value in a table of the schema's numbers; undefined for numbers that are not in it. */
export function nameOf<Name extends string>(
  numbers: Readonly<Record<Name, number>>,
  number: number,
): Name | undefined {
  for (const name in numbers) if (numbers[name] === number) return name;
  return undefined;
}
