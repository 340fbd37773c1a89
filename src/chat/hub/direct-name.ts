import type { UserId } from "../names.ts";

/** Names that begin with this are direct conversations': no room that anybody can join has one. */
export const DIRECT_NAME_PREFIX = "@";

const DIRECT_NAME = /^@(-?\d+):(-?\d+)$/u;

/** The name of the room that keeps what two users whisper to each other; the order does not matter. */
export function directName(one: UserId, other: UserId): string {
  return `${DIRECT_NAME_PREFIX}${Math.min(one, other)}:${Math.max(one, other)}`;
}

/** The two users of a conversation's name, the lower id first; undefined for any other name. */
export function directPair(name: string): readonly [UserId, UserId] | undefined {
  const match = DIRECT_NAME.exec(name);
  if (match === null) return undefined;
  return [Number(match[1]), Number(match[2])];
}
