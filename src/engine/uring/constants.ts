/**
 * The part of the Linux ABI that this port speaks: io_uring(7), io_uring_setup(2), io_uring_enter(2),
 * io_uring_register(2), and what sockets need. The io_uring numbers are the same on every
 * architecture; the socket numbers are those of x86-64, arm64 and riscv64.
 */

// System call numbers; equal on every architecture, because they were added after the tables merged.
export const SYS_IO_URING_SETUP = 425;
export const SYS_IO_URING_ENTER = 426;
export const SYS_IO_URING_REGISTER = 427;

// Where io_uring_setup(2) lets the ring be mapped.
export const IORING_OFF_SQ_RING = 0;
export const IORING_OFF_SQES = 0x10000000;

/** sizeof(struct io_uring_params). */
export const PARAMS_BYTES = 120;
export const SQE_BYTES = 64;
export const CQE_BYTES = 16;

// Offsets in struct io_uring_params.
export const PARAMS_SQ_ENTRIES = 0;
export const PARAMS_CQ_ENTRIES = 4;
export const PARAMS_FLAGS = 8;
export const PARAMS_FEATURES = 20;
export const PARAMS_SQ_OFF = 40;
export const PARAMS_CQ_OFF = 80;

// Offsets in struct io_sqring_offsets (from PARAMS_SQ_OFF).
export const SQ_OFF_HEAD = 0;
export const SQ_OFF_TAIL = 4;
export const SQ_OFF_FLAGS = 16;
export const SQ_OFF_ARRAY = 24;
// Offsets in struct io_cqring_offsets (from PARAMS_CQ_OFF).
export const CQ_OFF_HEAD = 0;
export const CQ_OFF_TAIL = 4;
export const CQ_OFF_CQES = 20;
export const CQ_OFF_FLAGS = 24;

// io_uring_setup(2) flags, with the kernel that brought each.
export const IORING_SETUP_CQSIZE = 1 << 3; // 5.5
export const IORING_SETUP_SUBMIT_ALL = 1 << 7; // 5.18
export const IORING_SETUP_COOP_TASKRUN = 1 << 8; // 5.19
export const IORING_SETUP_TASKRUN_FLAG = 1 << 9; // 5.19
export const IORING_SETUP_SINGLE_ISSUER = 1 << 12; // 6.0
export const IORING_SETUP_DEFER_TASKRUN = 1 << 13; // 6.1
export const IORING_SETUP_NO_SQARRAY = 1 << 16; // 6.6

// Features the kernel reports.
export const IORING_FEAT_SINGLE_MMAP = 1 << 0; // 5.4
export const IORING_FEAT_NODROP = 1 << 1; // 5.5
export const IORING_FEAT_SUBMIT_STABLE = 1 << 2; // 5.5
export const IORING_FEAT_FAST_POLL = 1 << 5; // 5.7
export const IORING_FEAT_EXT_ARG = 1 << 8; // 5.11

// Bits the kernel sets in the submission ring's flags.
export const IORING_SQ_CQ_OVERFLOW = 1 << 1; // 5.8
export const IORING_SQ_TASKRUN = 1 << 2; // 5.19
/** Bit we set in the completion ring's flags: do not signal the eventfd (5.8). */
export const IORING_CQ_EVENTFD_DISABLED = 1 << 0;

// io_uring_enter(2) flags.
export const IORING_ENTER_GETEVENTS = 1 << 0;
export const IORING_ENTER_EXT_ARG = 1 << 3;
/** sizeof(struct io_uring_getevents_arg): u64 sigmask, u32 size, u32 min_wait, u64 timespec. */
export const GETEVENTS_ARG_BYTES = 24;

// io_uring_register(2) opcodes.
export const IORING_REGISTER_EVENTFD = 4; // 5.2
export const IORING_REGISTER_PBUF_RING = 22; // 5.19
/** sizeof(struct io_uring_buf_reg). */
export const BUF_REG_BYTES = 40;
/** sizeof(struct io_uring_buf): u64 address, u32 length, u16 id, u16 reserved (the tail, in entry 0). */
export const BUF_BYTES = 16;
export const BUF_RING_TAIL_OFFSET = 14;

// Operations.
export const IORING_OP_WRITEV = 2; // 5.1
export const IORING_OP_FSYNC = 3; // 5.1
export const IORING_OP_SENDMSG = 9; // 5.3
export const IORING_OP_TIMEOUT = 11; // 5.4
export const IORING_OP_TIMEOUT_REMOVE = 12; // 5.5
export const IORING_OP_ACCEPT = 13; // 5.5
export const IORING_OP_ASYNC_CANCEL = 14; // 5.5
export const IORING_OP_CONNECT = 16; // 5.5
export const IORING_OP_OPENAT = 18; // 5.6
export const IORING_OP_CLOSE = 19; // 5.6
export const IORING_OP_READ = 22; // 5.6
export const IORING_OP_WRITE = 23; // 5.6
export const IORING_OP_SEND = 26; // 5.6
export const IORING_OP_RECV = 27; // 5.6

// Bits of sqe.flags.
export const IOSQE_ASYNC = 1 << 4;
export const IOSQE_BUFFER_SELECT = 1 << 5;

// Bits of sqe.ioprio.
export const IORING_ACCEPT_MULTISHOT = 1 << 0; // 5.19
export const IORING_RECV_MULTISHOT = 1 << 1; // 6.0

/** In sqe.timeout_flags of TIMEOUT_REMOVE: move the timeout rather than remove it (5.11). */
export const IORING_TIMEOUT_UPDATE = 1 << 1;

/** In sqe.fsync_flags: fdatasync(2). */
export const IORING_FSYNC_DATASYNC = 1 << 0; // 5.1

// Bits of cqe.flags; the id of a provided buffer is in the upper half.
export const IORING_CQE_F_BUFFER = 1 << 0;
export const IORING_CQE_F_MORE = 1 << 1;
export const IORING_CQE_BUFFER_SHIFT = 16;

// mmap(2).
export const PROT_READ_WRITE = 0x3;
export const MAP_SHARED = 0x01;
export const MAP_PRIVATE = 0x02;
export const MAP_ANONYMOUS = 0x20;
export const MAP_NORESERVE = 0x4000;
export const MAP_POPULATE = 0x8000;

// open(2), lseek(2); the numbers of x86-64, arm64 and riscv64.
export const AT_FDCWD = -100;
export const O_WRONLY = 0o1;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_CLOEXEC = 0o2000000;
export const SEEK_END = 2;
/** The longest path, its NUL included (limits.h). */
export const PATH_MAX = 4096;

// socket(2), eventfd(2).
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_CLOEXEC = 0o2000000;
export const EFD_CLOEXEC = 0o2000000;
export const EFD_NONBLOCK = 0o4000;
export const SHUT_WR = 1;
export const MSG_NOSIGNAL = 0x4000;

// setsockopt(2): socket(7), tcp(7), ipv6(7).
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_KEEPALIVE = 9;
export const SO_LINGER = 13;
export const IPPROTO_TCP = 6;
export const TCP_NODELAY = 1;
export const TCP_KEEPIDLE = 4;
export const TCP_KEEPINTVL = 5;
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;
