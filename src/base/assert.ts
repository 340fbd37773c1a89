/** A rule of the program itself was broken: a bug here, never a mistake of a peer or a user. */
export class AssertionError extends Error {
  readonly code = "ASSERTION";
  constructor(message: string) {
    super(message);
    this.name = "AssertionError";
  }
}

/** Throws at once when `condition` is false; `message` says what must hold. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** For the branch of a switch that no value can reach. */
export function unreachable(value: never): never {
  throw new AssertionError(`no case for ${String(value)}`);
}
