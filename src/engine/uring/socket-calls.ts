import { PortError } from "../port-error.ts";
import { readSockaddr, SOCKADDR_BYTES, writeSockaddr } from "../kernel/sockaddr.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { ListenOptions, SocketOptions } from "../socket-options.ts";
import * as k from "./constants.ts";
import { Mapping } from "./mapping.ts";
import type { SystemCalls } from "./system-calls.ts";

const LENGTH_AT = 64;

/** The system calls on sockets and files that complete at once; they throw PortError where they fail. */
export class SocketCalls {
  readonly #calls: SystemCalls;
  readonly #memory: Mapping;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;

  constructor(calls: SystemCalls) {
    this.#calls = calls;
    this.#memory = Mapping.anonymous(calls, 4096);
    const view = this.#memory.view();
    this.#bytes = new Uint8Array(view);
    this.#words = new Int32Array(view);
  }

  /** A stream socket. It is a blocking one: io_uring then waits for it instead of saying EAGAIN. */
  open(family: 4 | 6, operation: string): number {
    const domain = family === 6 ? k.AF_INET6 : k.AF_INET;
    const fd = this.#calls.socket(domain, k.SOCK_STREAM | k.SOCK_CLOEXEC, 0);
    if (fd === -1) throw new PortError(operation, this.#calls.errno(), "socket");
    return fd;
  }

  /** A socket that listens at `address`; "::" takes IPv4 too. */
  listen(address: SocketAddress, options: ListenOptions): number {
    const fd = this.open(address.family, "listen");
    try {
      if (options.reuseAddress ?? true) this.set(fd, k.SOL_SOCKET, k.SO_REUSEADDR, 1);
      if (address.family === 6) this.set(fd, k.IPPROTO_IPV6, k.IPV6_V6ONLY, 0);
      // What is set on the listening socket is inherited by those it accepts, on Linux (tcp(7),
      // checked by a test): one call here instead of several per connection.
      this.applyOptions(fd, options.socket ?? {});
      const length = writeSockaddr(this.#bytes, 0, address, k.AF_INET6);
      if (this.#calls.bind(fd, this.#memory.address, length) === -1) this.#fail("listen", address);
      if (this.#calls.listen(fd, options.backlog ?? 4096) === -1) this.#fail("listen", address);
      return fd;
    } catch (error) {
      this.close(fd);
      throw error;
    }
  }

  #fail(operation: string, address: SocketAddress): never {
    throw new PortError(operation, this.#calls.errno(), `${address.host} port ${address.port}`);
  }

  applyOptions(fd: number, options: SocketOptions): void {
    if (options.noDelay ?? true) this.set(fd, k.IPPROTO_TCP, k.TCP_NODELAY, 1);
    if (options.kernelSendBufferBytes !== undefined) {
      this.set(fd, k.SOL_SOCKET, k.SO_SNDBUF, options.kernelSendBufferBytes);
    }
    if (options.kernelReceiveBufferBytes !== undefined) {
      this.set(fd, k.SOL_SOCKET, k.SO_RCVBUF, options.kernelReceiveBufferBytes);
    }
    if (options.keepAlive !== undefined) {
      this.set(fd, k.SOL_SOCKET, k.SO_KEEPALIVE, 1);
      this.set(fd, k.IPPROTO_TCP, k.TCP_KEEPIDLE, options.keepAlive.idleSeconds);
      this.set(fd, k.IPPROTO_TCP, k.TCP_KEEPINTVL, options.keepAlive.intervalSeconds);
    }
    if (options.lingerSeconds !== undefined) this.setLinger(fd, options.lingerSeconds);
  }

  /** SO_LINGER (socket(7)): with 0, close(2) sends a reset. */
  setLinger(fd: number, seconds: number): void {
    this.#words[0] = 1;
    this.#words[1] = seconds;
    this.#set(fd, k.SOL_SOCKET, k.SO_LINGER, 8);
  }

  set(fd: number, level: number, name: number, value: number): void {
    this.#words[0] = value;
    this.#set(fd, level, name, 4);
  }

  #set(fd: number, level: number, name: number, byteCount: number): void {
    if (this.#calls.setsockopt(fd, level, name, this.#memory.address, byteCount) === -1) {
      throw new PortError("setsockopt", this.#calls.errno(), `level ${level} option ${name}`);
    }
  }

  /** An option's value; the first word of it. */
  get(fd: number, level: number, name: number): number {
    this.#words[LENGTH_AT / 4] = 8;
    const { address } = this.#memory;
    if (this.#calls.getsockopt(fd, level, name, address, address + LENGTH_AT) === -1) {
      throw new PortError("getsockopt", this.#calls.errno(), `level ${level} option ${name}`);
    }
    return this.#words[0]!;
  }

  /** The address of this end; undefined when the kernel does not know it any more. */
  localAddress(fd: number): SocketAddress | undefined {
    this.#words[LENGTH_AT / 4] = SOCKADDR_BYTES;
    const { address } = this.#memory;
    return this.#calls.getsockname(fd, address, address + LENGTH_AT) === 0
      ? readSockaddr(this.#bytes, 0)
      : undefined;
  }

  /** The address of the other end; undefined when the connection is gone (ENOTCONN). */
  remoteAddress(fd: number): SocketAddress | undefined {
    this.#words[LENGTH_AT / 4] = SOCKADDR_BYTES;
    const { address } = this.#memory;
    return this.#calls.getpeername(fd, address, address + LENGTH_AT) === 0
      ? readSockaddr(this.#bytes, 0)
      : undefined;
  }

  /** Ends the sending half. That the peer is gone already (ENOTCONN) is told by the receive. */
  shutdown(fd: number): void {
    this.#calls.shutdown(fd, k.SHUT_WR);
  }

  /** Bytes in a file; 0 for what has no end to seek (ESPIPE). */
  fileBytes(fd: number): number {
    return Math.max(0, this.#calls.lseek(fd, 0, k.SEEK_END));
  }

  close(fd: number): void {
    this.#calls.close(fd);
  }

  release(): void {
    this.#memory.release();
  }
}
