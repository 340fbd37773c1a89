// Numbers of Windows' C headers, named as they are there.

// memoryapi.h, winnt.h.
export const MEM_COMMIT = 0x1000;
export const MEM_RESERVE = 0x2000;
export const MEM_RELEASE = 0x8000;
export const PAGE_READWRITE = 0x04;

// Handles and completion ports (ioapiset.h, winbase.h).
export const INVALID_HANDLE_VALUE = -1;
export const INFINITE = 0xffff_ffff;
export const FILE_SKIP_COMPLETION_PORT_ON_SUCCESS = 0x1;
export const FILE_SKIP_SET_EVENT_ON_HANDLE = 0x2;

/** sizeof(OVERLAPPED) on 64 bits: Internal, InternalHigh, Offset, OffsetHigh, hEvent. */
export const OVERLAPPED_BYTES = 32;
/** sizeof(OVERLAPPED_ENTRY): lpCompletionKey, lpOverlapped, Internal, dwNumberOfBytesTransferred. */
export const OVERLAPPED_ENTRY_BYTES = 32;
/** sizeof(WSABUF) on 64 bits: len, padding, buf. */
export const WSABUF_BYTES = 16;

// Completion keys of the port's own: what a packet is for.
export const OPERATION_KEY = 0;
export const WAKE_KEY = 1;

// Sockets (winsock2.h, ws2ipdef.h, ws2tcpip.h, mswsock.h, mstcpip.h).
export const AF_INET = 2;
export const AF_INET6 = 23;
export const SOCK_STREAM = 1;
export const INVALID_SOCKET = -1;
export const WINSOCK_VERSION = 0x0202;
export const WSA_FLAG_OVERLAPPED = 0x01;
export const WSA_FLAG_NO_HANDLE_INHERIT = 0x80;
export const SD_SEND = 1;
export const FIONBIO = 0x8004_667e | 0;
export const SIO_GET_EXTENSION_FUNCTION_POINTER = 0xc800_0006;
export const SIO_KEEPALIVE_VALS = 0x9800_0004;

export const SOL_SOCKET = 0xffff;
export const SO_KEEPALIVE = 0x0008;
export const SO_LINGER = 0x0080;
export const SO_SNDBUF = 0x1001;
export const SO_RCVBUF = 0x1002;
export const SO_PROTOCOL_INFOW = 0x2005;
export const SO_UPDATE_ACCEPT_CONTEXT = 0x700b;
export const SO_UPDATE_CONNECT_CONTEXT = 0x7010;
export const SO_EXCLUSIVEADDRUSE = ~0x0004;
export const IPPROTO_TCP = 6;
export const TCP_NODELAY = 1;
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 27;

/** sizeof(WSAPROTOCOL_INFOW). */
export const WSAPROTOCOL_INFOW_BYTES = 628;
/** In dwServiceFlags1, its first word: sockets are handles of the system, with no layer between. */
export const XP1_IFS_HANDLES = 0x0002_0000;

// GUIDs of the extension functions, as they lie in memory.
export const WSAID_ACCEPTEX = "f17d36b5accbcf1195ca00805f48a192";
export const WSAID_CONNECTEX = "b907a225f3dd60468ee976e58c74063e";
export const WSAID_GETACCEPTEXSOCKADDRS = "f27d36b5accbcf1195ca00805f48a192";

/** What AcceptEx wants for each address: sizeof(struct sockaddr_in6) and 16 more. */
export const ACCEPT_ADDRESS_BYTES = 28 + 16;

// Files (fileapi.h, winnt.h).
export const FILE_APPEND_DATA = 0x0004;
export const FILE_WRITE_EA = 0x0010;
export const FILE_WRITE_ATTRIBUTES = 0x0100;
export const FILE_READ_ATTRIBUTES = 0x0080;
export const READ_CONTROL = 0x0002_0000;
export const SYNCHRONIZE = 0x0010_0000;
export const FILE_SHARE_ALL = 0x7;
export const CREATE_NEW = 1;
export const CREATE_ALWAYS = 2;
export const OPEN_ALWAYS = 4;
export const FILE_ATTRIBUTE_READONLY = 0x01;
export const FILE_ATTRIBUTE_DIRECTORY = 0x10;
export const FILE_ATTRIBUTE_NORMAL = 0x80;
export const INVALID_FILE_ATTRIBUTES = 0xffff_ffff;
export const FILE_FLAG_OVERLAPPED = 0x4000_0000;
export const FILE_TYPE_DISK = 1;
/** The longest name of a file in a directory, and of a path, UTF-16 units. */
export const FILE_NAME_UNITS = 255;
export const PATH_UNITS = 32_767;
