/**
 * What went wrong with an operation, the same on every backend: Linux errno names and numbers
 * (errno(3)) are the vocabulary, and each port maps its own kernel's numbers to them.
 */
export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ETXTBSY: 26,
  EFBIG: 27,
  ENOSPC: 28,
  EROFS: 30,
  EPIPE: 32,
  ENAMETOOLONG: 36,
  ENOSYS: 38,
  ELOOP: 40,
  EPROTO: 71,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ECONNABORTED: 103,
  ECONNRESET: 104,
  ENOBUFS: 105,
  ENOTCONN: 107,
  ESHUTDOWN: 108,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
  ESTALE: 116,
  EDQUOT: 122,
  ECANCELED: 125,
} as const;

export type ErrnoName = keyof typeof Errno;

const nameByNumber = new Map<number, ErrnoName>(
  Object.entries(Errno).map(([name, number]) => [number, name as ErrnoName]),
);

/** The name of an errno, given as a positive number or as a negative completion result. */
export function errnoName(numberOrResult: number): string {
  const number = Math.abs(numberOrResult);
  return nameByNumber.get(number) ?? `errno ${number}`;
}

/** The (positive) number of an errno name such as Node puts in `error.code`; EIO when unknown. */
export function errnoFromName(name: string | undefined): number {
  return name !== undefined && Object.hasOwn(Errno, name) ? Errno[name as ErrnoName] : Errno.EIO;
}

/** An operation of a port that could not be started or finished. `code` is an errno name. */
export class PortError extends Error {
  readonly code: string;
  /** Positive errno. */
  readonly errno: number;
  /** The operation, for example "listen". */
  readonly operation: string;

  constructor(operation: string, errno: number, detail?: string) {
    const code = errnoName(errno);
    super(detail === undefined ? `${operation}: ${code}` : `${operation} ${detail}: ${code}`);
    this.name = "PortError";
    this.code = code;
    this.errno = Math.abs(errno);
    this.operation = operation;
  }
}
