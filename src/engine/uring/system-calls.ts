import { createRequire } from "node:module";
import type * as Koffi from "koffi";

/** The C functions this port calls, reached through koffi. Addresses are plain numbers (< 2^53). */
export interface SystemCalls {
  /** The last call's errno; valid only right after a call that returned −1. */
  errno(): number;
  /** An ArrayBuffer over memory that was mapped; the caller must not use it after unmapping. */
  view(address: number, byteCount: number): ArrayBuffer;
  /** Calls back on this thread's event loop while `descriptor` is readable. */
  watch(descriptor: number, onReadable: () => void): DescriptorWatch;

  /** syscall(2) with up to six arguments; for io_uring, which libc does not wrap. */
  syscall(number: number, a: number, b: number, c: number, d: number, e: number, f: number): number;
  /** mmap(2); −1 when it failed. */
  mmap(
    address: number,
    byteCount: number,
    protection: number,
    flags: number,
    fd: number,
    offset: number,
  ): number;
  munmap(address: number, byteCount: number): number;
  close(fd: number): number;
  lseek(fd: number, offset: number, whence: number): number;
  eventfd(initial: number, flags: number): number;
  /** Adds to an eventfd's count, which wakes whoever waits for it (eventfd(3)). */
  eventfd_write(fd: number, value: number): number;
  read(fd: number, address: number, byteCount: number): number;
  socket(family: number, type: number, protocol: number): number;
  bind(fd: number, address: number, byteCount: number): number;
  listen(fd: number, backlog: number): number;
  shutdown(fd: number, how: number): number;
  getsockname(fd: number, address: number, lengthAddress: number): number;
  getpeername(fd: number, address: number, lengthAddress: number): number;
  setsockopt(fd: number, level: number, name: number, address: number, byteCount: number): number;
  getsockopt(fd: number, level: number, name: number, address: number, lengthAddress: number): number;
}

/** A descriptor that is watched by the event loop (uv_poll). */
export interface DescriptorWatch {
  /** The event loop stays alive for this watch (the state after it was made). */
  ref(): void;
  unref(): void;
  close(): void;
}

let loaded: SystemCalls | undefined;

/**
 * Loads koffi and binds the functions, once. koffi is reached lazily so that a machine it does not
 * support runs on another port; the error thrown says what was missing.
 */
export function loadSystemCalls(): SystemCalls {
  loaded ??= bind();
  return loaded;
}

function bind(): SystemCalls {
  const koffi: typeof Koffi = createRequire(import.meta.url)("koffi");
  const libc = koffi.load(null);
  // intptr_t for every pointer: koffi then takes a number as the address and allocates nothing.
  const number = "intptr_t";
  const bound = (name: string, result: string, parameters: string[]) => libc.func(name, result, parameters);
  return {
    errno: () => koffi.errno(),
    view: (address, byteCount) => koffi.view(BigInt(address), byteCount),
    watch: (descriptor, onReadable) => koffi.node.poll(descriptor, onReadable),
    // Declared with fixed arguments: on Linux a variadic function takes its integers the same way.
    syscall: bound("syscall", "int", ["int", "int", number, number, "uint", number, "size_t"]),
    mmap: bound("mmap", number, [number, "size_t", "int", "int", "int", "int64"]),
    munmap: bound("munmap", "int", [number, "size_t"]),
    close: bound("close", "int", ["int"]),
    lseek: bound("lseek", number, ["int", "int64", "int"]),
    eventfd: bound("eventfd", "int", ["uint", "int"]),
    read: bound("read", number, ["int", number, "size_t"]),
    eventfd_write: bound("eventfd_write", "int", ["int", "uint64"]),
    socket: bound("socket", "int", ["int", "int", "int"]),
    bind: bound("bind", "int", ["int", number, "uint"]),
    listen: bound("listen", "int", ["int", "int"]),
    shutdown: bound("shutdown", "int", ["int", "int"]),
    getsockname: bound("getsockname", "int", ["int", number, number]),
    getpeername: bound("getpeername", "int", ["int", number, number]),
    setsockopt: bound("setsockopt", "int", ["int", "int", "int", number, "uint"]),
    getsockopt: bound("getsockopt", "int", ["int", "int", "int", number, number]),
  };
}
