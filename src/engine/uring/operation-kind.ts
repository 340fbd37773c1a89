/** What a completion is of; the top byte of the request's user data. */
export const OperationKind = {
  ACCEPT: 1,
  CONNECT: 2,
  RECEIVE: 3,
  SEND: 4,
  CLOSE: 5,
  OPEN: 6,
  WRITE: 7,
  SYNC: 8,
  /** From here on of the port itself, without an owner. */
  CANCEL: 9,
  TIMEOUT: 10,
  TIMEOUT_UPDATE: 11,
  WAKE: 12,
} as const;
