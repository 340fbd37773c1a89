/**
 * Preload (`node --import`) that makes io_uring_setup(2) answer EPERM in this process, as the default
 * seccomp profiles of container runtimes do.
 */
import koffi from "koffi";

const PR_SET_SECCOMP = 22;
const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_MODE_FILTER = 2;
const SYS_IO_URING_SETUP = 425;
const EPERM = 1;

/** struct sock_filter (seccomp(2)): code, jump if true, jump if false, constant. */
const program = [
  [0x20, 0, 0, 0], // load the system call's number
  [0x15, 0, 1, SYS_IO_URING_SETUP], // is it this one?
  [0x06, 0, 0, 0x0005_0000 | EPERM], // answer with the errno
  [0x06, 0, 0, 0x7fff_0000], // else allow
] as const;

const filter = Buffer.allocUnsafeSlow(program.length * 8);
for (const [index, [code, jumpTrue, jumpFalse, constant]] of program.entries()) {
  filter.writeUInt16LE(code, index * 8);
  filter.writeUInt8(jumpTrue, index * 8 + 2);
  filter.writeUInt8(jumpFalse, index * 8 + 3);
  filter.writeUInt32LE(constant, index * 8 + 4);
}
const head = Buffer.allocUnsafeSlow(16).fill(0);
head.writeUInt16LE(program.length, 0);
head.writeBigUInt64LE(koffi.address(filter), 8);

const libc = koffi.load(null);
const prctl = libc.func("int prctl(int, unsigned long, void *, unsigned long, unsigned long)");
if (prctl(PR_SET_NO_NEW_PRIVS, 1, null, 0, 0) !== 0) throw new Error("prctl(PR_SET_NO_NEW_PRIVS) failed");
if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, head, 0, 0) !== 0)
  throw new Error("prctl(PR_SET_SECCOMP) failed");
