import type { OperationOwner } from "../kernel/operation-slots.ts";

/** What a completion is of. */
export const OperationKind = {
  ACCEPT: 1,
  CONNECT: 2,
  RECEIVE: 3,
  SEND: 4,
  WRITE: 5,
} as const;

/** An owner of operations whose failures have to be asked for. */
export interface IocpOwner extends OperationOwner {
  /** The result of an operation that has failed, by its OVERLAPPED: a negative errno. */
  failureOf(kind: number, overlappedAddress: number): number;
}
