import { Errno } from "../port-error.ts";

/** What an error is of: the same number can mean different things to different operations. */
export type Operation =
  | "memory"
  | "port"
  | "socket"
  | "option"
  | "listen"
  | "accept"
  | "connect"
  | "receive"
  | "send"
  | "open"
  | "write"
  | "sync";

type Table = Readonly<Record<number, number>>;

/**
 * Errors of Winsock (10004 … 11031, winsock2.h) and of the system (winerror.h) that mean the same whatever
 * was asked for. A completion may carry either kind for the same event.
 */
const common: Table = {
  5: Errno.EACCES, // ERROR_ACCESS_DENIED
  6: Errno.EBADF, // ERROR_INVALID_HANDLE, WSA_INVALID_HANDLE
  8: Errno.ENOMEM, // ERROR_NOT_ENOUGH_MEMORY, WSA_NOT_ENOUGH_MEMORY
  14: Errno.ENOMEM, // ERROR_OUTOFMEMORY
  50: Errno.ENOSYS, // ERROR_NOT_SUPPORTED
  87: Errno.EINVAL, // ERROR_INVALID_PARAMETER, WSA_INVALID_PARAMETER
  120: Errno.ENOSYS, // ERROR_CALL_NOT_IMPLEMENTED
  995: Errno.ECANCELED, // ERROR_OPERATION_ABORTED, WSA_OPERATION_ABORTED
  1223: Errno.ECANCELED, // ERROR_CANCELLED
  1450: Errno.ENOBUFS, // ERROR_NO_SYSTEM_RESOURCES
  1453: Errno.ENOMEM, // ERROR_WORKING_SET_QUOTA
  1455: Errno.ENOMEM, // ERROR_COMMITMENT_LIMIT
  1816: Errno.ENOBUFS, // ERROR_NOT_ENOUGH_QUOTA
  10004: Errno.EINTR, // WSAEINTR
  10009: Errno.EBADF, // WSAEBADF
  10013: Errno.EACCES, // WSAEACCES
  10014: Errno.EINVAL, // WSAEFAULT
  10022: Errno.EINVAL, // WSAEINVAL
  10024: Errno.EMFILE, // WSAEMFILE
  10035: Errno.EAGAIN, // WSAEWOULDBLOCK
  10038: Errno.EBADF, // WSAENOTSOCK
  10042: Errno.EINVAL, // WSAENOPROTOOPT
  10045: Errno.ENOSYS, // WSAEOPNOTSUPP
  10050: Errno.ENETDOWN, // WSAENETDOWN
  10051: Errno.ENETUNREACH, // WSAENETUNREACH
  10052: Errno.ECONNRESET, // WSAENETRESET
  10053: Errno.ECONNABORTED, // WSAECONNABORTED
  10054: Errno.ECONNRESET, // WSAECONNRESET
  10055: Errno.ENOBUFS, // WSAENOBUFS
  10057: Errno.ENOTCONN, // WSAENOTCONN
  10058: Errno.ESHUTDOWN, // WSAESHUTDOWN
  10060: Errno.ETIMEDOUT, // WSAETIMEDOUT
  10065: Errno.EHOSTUNREACH, // WSAEHOSTUNREACH
};

/** What the system says of a connection, where Winsock's own numbers might be expected. */
const connection: Table = {
  38: 0, // ERROR_HANDLE_EOF: the peer has finished
  64: Errno.ECONNRESET, // ERROR_NETNAME_DELETED
  121: Errno.ETIMEDOUT, // ERROR_SEM_TIMEOUT
  1231: Errno.ENETUNREACH, // ERROR_NETWORK_UNREACHABLE
  1232: Errno.EHOSTUNREACH, // ERROR_HOST_UNREACHABLE
  1234: Errno.ECONNREFUSED, // ERROR_PORT_UNREACHABLE
  1236: Errno.ECONNRESET, // ERROR_CONNECTION_ABORTED
  10053: Errno.ECONNRESET, // WSAECONNABORTED: of an open connection it is the same news as a reset
  10101: 0, // WSAEDISCON
};

const family: Table = {
  10043: Errno.ENOSYS, // WSAEPROTONOSUPPORT
  10047: Errno.EADDRNOTAVAIL, // WSAEAFNOSUPPORT: this machine has no such addresses
  10093: Errno.ENETDOWN, // WSANOTINITIALISED
};

const file: Table = {
  2: Errno.ENOENT, // ERROR_FILE_NOT_FOUND
  3: Errno.ENOENT, // ERROR_PATH_NOT_FOUND
  4: Errno.EMFILE, // ERROR_TOO_MANY_OPEN_FILES
  15: Errno.ENOENT, // ERROR_INVALID_DRIVE
  19: Errno.EROFS, // ERROR_WRITE_PROTECT
  21: Errno.EIO, // ERROR_NOT_READY
  32: Errno.EBUSY, // ERROR_SHARING_VIOLATION
  33: Errno.EBUSY, // ERROR_LOCK_VIOLATION
  39: Errno.ENOSPC, // ERROR_HANDLE_DISK_FULL
  53: Errno.ENOENT, // ERROR_BAD_NETPATH
  67: Errno.ENOENT, // ERROR_BAD_NET_NAME
  80: Errno.EEXIST, // ERROR_FILE_EXISTS
  82: Errno.EACCES, // ERROR_CANNOT_MAKE
  109: Errno.EPIPE, // ERROR_BROKEN_PIPE
  110: Errno.EIO, // ERROR_OPEN_FAILED
  111: Errno.ENAMETOOLONG, // ERROR_BUFFER_OVERFLOW
  112: Errno.ENOSPC, // ERROR_DISK_FULL
  123: Errno.EINVAL, // ERROR_INVALID_NAME
  148: Errno.EBUSY, // ERROR_PATH_BUSY
  161: Errno.ENOENT, // ERROR_BAD_PATHNAME
  183: Errno.EEXIST, // ERROR_ALREADY_EXISTS
  206: Errno.ENAMETOOLONG, // ERROR_FILENAME_EXCED_RANGE
  223: Errno.EFBIG, // ERROR_FILE_TOO_LARGE
  232: Errno.EPIPE, // ERROR_NO_DATA
  267: Errno.ENOTDIR, // ERROR_DIRECTORY
  303: Errno.EBUSY, // ERROR_DELETE_PENDING
  1117: Errno.EIO, // ERROR_IO_DEVICE
  1224: Errno.ETXTBSY, // ERROR_USER_MAPPED_FILE
  1295: Errno.EDQUOT, // ERROR_DISK_QUOTA_EXCEEDED
  1314: Errno.EPERM, // ERROR_PRIVILEGE_NOT_HELD
  1921: Errno.ELOOP, // ERROR_CANT_RESOLVE_FILENAME
};

const tables: Readonly<Record<Operation, readonly Table[]>> = {
  memory: [common],
  port: [common],
  socket: [family, common],
  option: [common],
  listen: [
    {
      // Another has the address for itself alone (SO_EXCLUSIVEADDRUSE); Windows also keeps ranges of ports
      // from everybody, which reads the same.
      10013: Errno.EACCES,
      10048: Errno.EADDRINUSE, // WSAEADDRINUSE
      10049: Errno.EADDRNOTAVAIL, // WSAEADDRNOTAVAIL
    },
    family,
    common,
  ],
  accept: [
    {
      // The peer gave up while it waited; the next one is waiting.
      64: Errno.ECONNABORTED, // ERROR_NETNAME_DELETED
      121: Errno.ECONNABORTED, // ERROR_SEM_TIMEOUT
      1236: Errno.ECONNABORTED, // ERROR_CONNECTION_ABORTED
      10054: Errno.ECONNABORTED, // WSAECONNRESET
    },
    family,
    common,
  ],
  connect: [
    {
      1225: Errno.ECONNREFUSED, // ERROR_CONNECTION_REFUSED
      1214: Errno.EADDRNOTAVAIL, // ERROR_INVALID_NETNAME
      1227: Errno.EADDRINUSE, // ERROR_ADDRESS_ALREADY_ASSOCIATED
      10048: Errno.EADDRNOTAVAIL, // WSAEADDRINUSE: no local port is free for this peer
      10049: Errno.EADDRNOTAVAIL, // WSAEADDRNOTAVAIL
      10061: Errno.ECONNREFUSED, // WSAECONNREFUSED
      10064: Errno.EHOSTUNREACH, // WSAEHOSTDOWN
    },
    connection,
    family,
    common,
  ],
  receive: [connection, common],
  send: [
    {
      38: Errno.EPIPE,
      10058: Errno.EPIPE, // WSAESHUTDOWN
      10101: Errno.EPIPE,
    },
    connection,
    common,
  ],
  open: [file, common],
  write: [file, common],
  sync: [file, common],
};

/** The errno of GetLastError or WSAGetLastError after `operation`; EIO for what is not foreseen. */
export function errnoOf(operation: Operation, error: number): number {
  for (const table of tables[operation]) {
    const errno = table[error];
    if (errno !== undefined) return errno;
  }
  return Errno.EIO;
}
