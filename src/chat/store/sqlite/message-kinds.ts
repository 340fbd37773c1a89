import type { MessageKind } from "../store.ts";

/** A kind is stored as its position here. Never change one; new ones come last. */
export const messageKinds: readonly MessageKind[] = ["text", "edit", "delete", "reaction", "reactionRemoved"];

export const TEXT_KIND = 0;
export const EDIT_KIND = 1;
export const DELETE_KIND = 2;
export const REACTION_KIND = 3;
export const REACTION_REMOVED_KIND = 4;

const numbers = new Map(messageKinds.map((kind, number) => [kind, number]));

export function kindNumber(kind: MessageKind): number {
  const number = numbers.get(kind);
  if (number === undefined) throw new RangeError(`there is no message kind ${JSON.stringify(kind)}`);
  return number;
}

export function kindOfNumber(number: number): MessageKind {
  const kind = messageKinds[number];
  if (kind === undefined) throw new RangeError(`there is no message kind ${number}`);
  return kind;
}
