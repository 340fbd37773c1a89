/** What a completion is of. */
export const OperationKind = {
  ACCEPT: 1,
  CONNECT: 2,
  RECEIVE: 3,
  SEND: 4,
  WRITE: 5,
} as const;

/** Something that has operations in flight under one slot. */
export interface OperationOwner {
  /** One completion; `detail` is what was given when it was started. */
  complete(kind: number, result: number, detail: number): void;
  /** The result of an operation that has failed, by its OVERLAPPED: a negative errno. */
  failureOf(kind: number, overlappedAddress: number): number;
  /** The port is closing. */
  closeForPort(): void;
}
