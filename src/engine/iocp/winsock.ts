import { assert } from "../../base/assert.ts";
import { Errno, PortError } from "../port-error.ts";
import { GATHER_PIECES, type SendQueue } from "../send-queue.ts";
import { readSockaddr, SOCKADDR_BYTES, writeSockaddr } from "../kernel/sockaddr.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { ListenOptions, SocketOptions } from "../socket-options.ts";
import { type CompletionQueue, PENDING } from "./completion-queue.ts";
import * as k from "./constants.ts";
import { VirtualMemory } from "./virtual-memory.ts";
import type { AcceptEx, ConnectEx, GetAcceptExSockaddrs, WindowsCalls } from "./windows-calls.ts";
import { errnoOf, type Operation } from "./windows-errors.ts";

/** ERROR_IO_PENDING and WSA_IO_PENDING: a packet will come. */
const IO_PENDING = 997;

// One page of memory for what Winsock reads and writes during a call; it keeps no address of it.
const BUFFERS_AT = 0;
const COUNT_AT = GATHER_PIECES * k.WSABUF_BYTES;
const FLAGS_AT = COUNT_AT + 8;
const VALUE_AT = FLAGS_AT + 8;
const ADDRESS_AT = VALUE_AT + 16;
const LENGTH_AT = ADDRESS_AT + SOCKADDR_BYTES;
const POINTERS_AT = LENGTH_AT + 8;
const INFO_AT = POINTERS_AT + 32;

/** A socket of Windows that is associated with the port. */
export interface WindowsSocket {
  readonly handle: number;
  readonly family: 4 | 6;
  /** An operation that completes when it is started brings no packet. */
  readonly skipsPackets: boolean;
}

/** mswsock.dll's functions, which are found through a socket. */
interface Extensions {
  readonly acceptEx: AcceptEx;
  readonly connectEx: ConnectEx;
  readonly getAcceptExSockaddrs: GetAcceptExSockaddrs;
}

/**
 * The calls of Winsock. Those that start an operation return {@link PENDING}, or what it completed with:
 * bytes, or −errno. The others throw PortError where they fail.
 */
export class Winsock {
  /** Where {@link receive} puts what it received. */
  readonly received: Uint8Array;
  readonly #calls: WindowsCalls;
  readonly #queue: CompletionQueue;
  readonly #memory: VirtualMemory;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #receiveMemory: VirtualMemory;
  readonly #skips: boolean;
  #extensions: Extensions | undefined;

  /** `skips`: whether packets of immediate completions are to be left out where that is safe. */
  constructor(calls: WindowsCalls, queue: CompletionQueue, receiveBufferBytes: number, skips: boolean) {
    this.#calls = calls;
    this.#queue = queue;
    this.#skips = skips;
    this.#memory = VirtualMemory.committed(calls, 4096);
    const view = this.#memory.view();
    this.#bytes = new Uint8Array(view);
    this.#words = new Int32Array(view);
    // WSADATA is 408 bytes. The runtime has done this already; it is counted.
    const started = calls.WSAStartup(k.WINSOCK_VERSION, this.#memory.address);
    if (started !== 0) {
      this.#memory.release();
      throw new PortError("WSAStartup", errnoOf("socket", started));
    }
    this.#receiveMemory = VirtualMemory.committed(calls, Math.ceil(receiveBufferBytes / 4096) * 4096);
    this.received = new Uint8Array(this.#receiveMemory.view(0, receiveBufferBytes));
  }

  #fail(operation: string, kind: Operation, detail?: string): never {
    throw new PortError(operation, errnoOf(kind, this.#calls.GetLastError()), detail);
  }

  /** A TCP socket, overlapped, for which nothing but overlapped operations waits. */
  open(family: 4 | 6, operation: string): WindowsSocket {
    const flags = k.WSA_FLAG_OVERLAPPED | k.WSA_FLAG_NO_HANDLE_INHERIT;
    const domain = family === 6 ? k.AF_INET6 : k.AF_INET;
    const handle = this.#calls.WSASocketW(domain, k.SOCK_STREAM, k.IPPROTO_TCP, 0, 0, flags);
    if (handle === k.INVALID_SOCKET) this.#fail(operation, "socket", "socket");
    try {
      if (!this.#setBlocking(handle, false)) this.#fail(operation, "option", "FIONBIO");
      this.#queue.associate(handle, operation);
      this.#extensions ??= this.#findExtensions(handle);
      return { handle, family, skipsPackets: this.#skips && this.#skipPackets(handle) };
    } catch (error) {
      this.#calls.closesocket(handle);
      throw error;
    }
  }

  #setBlocking(handle: number, isBlocking: boolean): boolean {
    this.#words[VALUE_AT / 4] = isBlocking ? 0 : 1;
    return this.#calls.ioctlsocket(handle, k.FIONBIO, this.#memory.address + VALUE_AT) === 0;
  }

  /**
   * Leaves out the packets of operations that complete at once. Only where sockets are the system's own
   * handles: a layered provider may make packets of its own, and a completion would come twice.
   */
  #skipPackets(handle: number): boolean {
    const { address } = this.#memory;
    this.#words[LENGTH_AT / 4] = k.WSAPROTOCOL_INFOW_BYTES;
    const got = this.#calls.getsockopt(
      handle,
      k.SOL_SOCKET,
      k.SO_PROTOCOL_INFOW,
      address + INFO_AT,
      address + LENGTH_AT,
    );
    if (got !== 0 || (this.#words[INFO_AT / 4]! & k.XP1_IFS_HANDLES) === 0) return false;
    const modes = k.FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | k.FILE_SKIP_SET_EVENT_ON_HANDLE;
    return this.#calls.SetFileCompletionNotificationModes(handle, modes) !== 0;
  }

  /** A socket that listens at `address`; "::" takes IPv4 too. */
  listen(address: SocketAddress, options: ListenOptions): WindowsSocket {
    const socket = this.open(address.family, "listen");
    const { handle } = socket;
    try {
      // Windows lets a server bind while old connections linger without any option; what it calls
      // SO_REUSEADDR would let another program take the address over. Exclusive is stricter than that: not
      // even the server itself gets the address again while connections that it accepted are open.
      if (options.reuseAddress === false) this.#set(handle, k.SOL_SOCKET, k.SO_EXCLUSIVEADDRUSE, 1);
      if (address.family === 6) this.#set(handle, k.IPPROTO_IPV6, k.IPV6_V6ONLY, 0);
      this.applyOptions(handle, options.socket ?? {});
      this.#bind(handle, address, "listen");
      if (this.#calls.listen(handle, options.backlog ?? 4096) !== 0) {
        this.#fail("listen", "listen", `${address.host} port ${address.port}`);
      }
      return socket;
    } catch (error) {
      this.#calls.closesocket(handle);
      throw error;
    }
  }

  #bind(handle: number, address: SocketAddress, operation: "listen" | "connect"): void {
    const length = writeSockaddr(this.#bytes, ADDRESS_AT, address, k.AF_INET6);
    if (this.#calls.bind(handle, this.#memory.address + ADDRESS_AT, length) !== 0) {
      this.#fail(operation, operation, `${address.host} port ${address.port}`);
    }
  }

  applyOptions(handle: number, options: SocketOptions): void {
    if (options.noDelay ?? true) this.#set(handle, k.IPPROTO_TCP, k.TCP_NODELAY, 1);
    if (options.kernelSendBufferBytes !== undefined) {
      this.#set(handle, k.SOL_SOCKET, k.SO_SNDBUF, options.kernelSendBufferBytes);
    }
    if (options.kernelReceiveBufferBytes !== undefined) {
      this.#set(handle, k.SOL_SOCKET, k.SO_RCVBUF, options.kernelReceiveBufferBytes);
    }
    if (options.keepAlive !== undefined) {
      const { idleSeconds, intervalSeconds } = options.keepAlive;
      this.#setKeepAlive(handle, idleSeconds * 1000, intervalSeconds * 1000);
    }
    if (options.lingerSeconds !== undefined) {
      this.#set(handle, k.SOL_SOCKET, k.SO_LINGER, lingerValue(options.lingerSeconds));
    }
  }

  /** struct tcp_keepalive: on, idle time, interval, milliseconds; one call for what are three on Linux. */
  #setKeepAlive(handle: number, idleMs: number, intervalMs: number): void {
    const { address } = this.#memory;
    this.#words.set([1, idleMs, intervalMs], VALUE_AT / 4);
    const count = address + COUNT_AT;
    if (this.#calls.WSAIoctl(handle, k.SIO_KEEPALIVE_VALS, address + VALUE_AT, 12, 0, 0, count, 0, 0) !== 0) {
      this.#fail("setsockopt", "option", "SIO_KEEPALIVE_VALS");
    }
  }

  /** Makes closing send a reset. Of a connection that is gone already (WSAENOTCONN) nothing is to be sent. */
  resetOnClose({ handle }: WindowsSocket): void {
    this.#words[VALUE_AT / 4] = lingerValue(0);
    this.#calls.setsockopt(handle, k.SOL_SOCKET, k.SO_LINGER, this.#memory.address + VALUE_AT, 4);
  }

  #set(handle: number, level: number, name: number, value: number): void {
    this.#words[VALUE_AT / 4] = value;
    if (this.#calls.setsockopt(handle, level, name, this.#memory.address + VALUE_AT, 4) !== 0) {
      this.#fail("setsockopt", "option", `level ${level} option ${name}`);
    }
  }

  /** An option's value; the first word of it. */
  get(handle: number, level: number, name: number): number {
    const { address } = this.#memory;
    this.#words[LENGTH_AT / 4] = 8;
    this.#words[VALUE_AT / 4] = 0;
    if (this.#calls.getsockopt(handle, level, name, address + VALUE_AT, address + LENGTH_AT) !== 0) {
      this.#fail("getsockopt", "option", `level ${level} option ${name}`);
    }
    return this.#words[VALUE_AT / 4]!;
  }

  /** The address of this end; undefined when Windows does not know it any more. */
  localAddress(handle: number): SocketAddress | undefined {
    const { address } = this.#memory;
    this.#words[LENGTH_AT / 4] = SOCKADDR_BYTES;
    return this.#calls.getsockname(handle, address + ADDRESS_AT, address + LENGTH_AT) === 0
      ? readSockaddr(this.#bytes, ADDRESS_AT)
      : undefined;
  }

  // Operations.

  /** What was started: complete with the count that Windows wrote, pending, or failed. */
  #startResult(socket: WindowsSocket, isDone: boolean, kind: Operation): number {
    if (isDone) return socket.skipsPackets ? this.#words[COUNT_AT / 4]! : PENDING;
    const error = this.#calls.GetLastError();
    return error === IO_PENDING ? PENDING : -errnoOf(kind, error);
  }

  #findExtensions(handle: number): Extensions {
    const calls = this.#calls;
    return {
      acceptEx: calls.acceptEx(this.#findExtension(handle, k.WSAID_ACCEPTEX)),
      connectEx: calls.connectEx(this.#findExtension(handle, k.WSAID_CONNECTEX)),
      getAcceptExSockaddrs: calls.getAcceptExSockaddrs(
        this.#findExtension(handle, k.WSAID_GETACCEPTEXSOCKADDRS),
      ),
    };
  }

  /** They were found when the first socket was opened. */
  get #extended(): Extensions {
    assert(this.#extensions !== undefined, "a socket was opened");
    return this.#extensions;
  }

  #findExtension(handle: number, guid: string): number {
    const { address } = this.#memory;
    this.#bytes.set(Buffer.from(guid, "hex"), VALUE_AT);
    const code = k.SIO_GET_EXTENSION_FUNCTION_POINTER;
    const found = this.#calls.WSAIoctl(
      handle,
      code,
      address + VALUE_AT,
      16,
      address + POINTERS_AT,
      8,
      address + COUNT_AT,
      0,
      0,
    );
    const pointer = this.#pointerAt(POINTERS_AT);
    if (found !== 0 || pointer === 0) this.#fail("WSAIoctl", "socket", "an extension function");
    return pointer;
  }

  #pointerAt(offset: number): number {
    return (this.#words[offset / 4]! >>> 0) + this.#words[offset / 4 + 1]! * 4_294_967_296;
  }

  /** Accepts into `socket`; the addresses go to `output`, 2 × ACCEPT_ADDRESS_BYTES of fixed memory. */
  accept(listener: WindowsSocket, socket: WindowsSocket, output: number, overlapped: number): number {
    const length = k.ACCEPT_ADDRESS_BYTES;
    const count = this.#memory.address + COUNT_AT;
    const { acceptEx } = this.#extended;
    const isDone =
      acceptEx(listener.handle, socket.handle, output, 0, length, length, count, overlapped) !== 0;
    return this.#startResult(listener, isDone, "accept");
  }

  /**
   * Makes a socket that AcceptEx has connected like any other. 0, or −errno when the connection is gone
   * by now.
   */
  finishAccept(listener: WindowsSocket, socket: WindowsSocket): number {
    this.#words[VALUE_AT / 4] = listener.handle;
    this.#words[VALUE_AT / 4 + 1] = 0;
    const value = this.#memory.address + VALUE_AT;
    const isDone =
      this.#calls.setsockopt(socket.handle, k.SOL_SOCKET, k.SO_UPDATE_ACCEPT_CONTEXT, value, 8) === 0;
    return isDone ? 0 : -errnoOf("accept", this.#calls.GetLastError());
  }

  /** The peer's address in what AcceptEx wrote; `memory` are all bytes, of which `output` is the address. */
  acceptedPeer(output: number, memory: Uint8Array, at: number): SocketAddress {
    const length = k.ACCEPT_ADDRESS_BYTES;
    const pointers = this.#memory.address + POINTERS_AT;
    const { getAcceptExSockaddrs } = this.#extended;
    // Not a call into the kernel: it knows how the addresses lie in the block.
    getAcceptExSockaddrs(output, 0, length, length, pointers, pointers + 8, pointers + 16, pointers + 24);
    const offset = this.#pointerAt(POINTERS_AT + 16) - output;
    assert(offset >= 0 && offset < 2 * length, "the address lies in the block");
    return readSockaddr(memory, at + offset);
  }

  /** ConnectEx wants a socket that is bound. */
  bindAnywhere({ handle, family }: WindowsSocket): void {
    this.#bind(handle, { family, host: family === 6 ? "::" : "0.0.0.0", port: 0 }, "connect");
  }

  /** Connects a bound socket; `address` and `length` are of a sockaddr in fixed memory. */
  connect(socket: WindowsSocket, address: number, length: number, overlapped: number): number {
    const { handle } = socket;
    const { connectEx } = this.#extended;
    this.#words[COUNT_AT / 4] = 0;
    const isDone =
      connectEx(handle, address, length, 0, 0, this.#memory.address + COUNT_AT, overlapped) !== 0;
    return this.#startResult(socket, isDone, "connect");
  }

  /** Makes a socket that ConnectEx has connected like any other. 0, or −errno. */
  finishConnect(socket: WindowsSocket): number {
    const isDone =
      this.#calls.setsockopt(socket.handle, k.SOL_SOCKET, k.SO_UPDATE_CONNECT_CONTEXT, 0, 0) === 0;
    return isDone ? 0 : -errnoOf("connect", this.#calls.GetLastError());
  }

  /** Completes with 0 when there is something to receive, or the end of it. Holds no buffer. */
  awaitReceive(socket: WindowsSocket, overlapped: number): number {
    const words = this.#words;
    words[BUFFERS_AT / 4] = 0;
    this.#writePointer(BUFFERS_AT + 8, this.#memory.address);
    words[FLAGS_AT / 4] = 0;
    const { address } = this.#memory;
    const isDone =
      this.#calls.WSARecv(
        socket.handle,
        address + BUFFERS_AT,
        1,
        address + COUNT_AT,
        address + FLAGS_AT,
        overlapped,
        0,
      ) === 0;
    return this.#startResult(socket, isDone, "receive");
  }

  /** Receives what is there into {@link received}: bytes, 0 at the end, −EAGAIN when nothing is there. */
  receive(socket: WindowsSocket): number {
    const { address } = this.#receiveMemory;
    const byteCount = this.#calls.recv(socket.handle, address, this.received.byteLength, 0);
    return byteCount >= 0 ? byteCount : -errnoOf("receive", this.#calls.GetLastError());
  }

  /**
   * Sends the first pieces of `queue`, at most `limitBytes`, and freezes them. The limit is because Windows
   * takes all or nothing of a send: without one, a slow reader's progress would be invisible.
   */
  send(socket: WindowsSocket, queue: SendQueue, limitBytes: number, overlapped: number): number {
    const words = this.#words;
    const mostPieces = Math.min(queue.pieceCount, GATHER_PIECES);
    let pieceCount = 0;
    for (let left = limitBytes; pieceCount < mostPieces && left > 0; pieceCount++) {
      const at = BUFFERS_AT + pieceCount * k.WSABUF_BYTES;
      const start = queue.startAt(pieceCount);
      const byteCount = Math.min(queue.endAt(pieceCount) - start, left);
      words[at / 4] = byteCount;
      this.#writePointer(at + 8, queue.chunkAt(pieceCount).address + start);
      left -= byteCount;
    }
    queue.freeze(pieceCount);
    const { address } = this.#memory;
    const isDone =
      this.#calls.WSASend(
        socket.handle,
        address + BUFFERS_AT,
        pieceCount,
        address + COUNT_AT,
        0,
        overlapped,
        0,
      ) === 0;
    return this.#startResult(socket, isDone, "send");
  }

  #writePointer(offset: number, pointer: number): void {
    this.#words[offset / 4] = pointer | 0;
    this.#words[offset / 4 + 1] = (pointer / 4_294_967_296) | 0;
  }

  /** What an operation that has failed failed with: −errno. */
  failureOf(socket: WindowsSocket, overlapped: number, kind: Operation): number {
    const { address } = this.#memory;
    const count = address + COUNT_AT;
    const isDone =
      this.#calls.WSAGetOverlappedResult(socket.handle, overlapped, count, 0, address + FLAGS_AT) !== 0;
    return isDone ? -Errno.EIO : -errnoOf(kind, this.#calls.GetLastError());
  }

  /** Asks for the end of one operation, or of all of a socket's (0); their completions come all the same. */
  cancel(socket: WindowsSocket, overlapped: number): void {
    this.#calls.CancelIoEx(socket.handle, overlapped);
  }

  /** Ends the sending half. That the peer is gone already is told by the receive. */
  shutdown(socket: WindowsSocket): void {
    this.#calls.shutdown(socket.handle, k.SD_SEND);
  }

  close(socket: WindowsSocket): void {
    this.#calls.closesocket(socket.handle);
  }

  /** Closes a socket that waits for unsent bytes (SO_LINGER), on a thread of the pool. */
  closeSlowly(socket: WindowsSocket, done: () => void): void {
    // A socket that does not block would refuse to be closed until the bytes are sent.
    this.#setBlocking(socket.handle, true);
    this.#calls.closesocket.async(socket.handle, done);
  }

  release(): void {
    this.#memory.release();
    this.#receiveMemory.release();
  }
}

/** struct linger (winsock2.h): on, and seconds, 16 bits each. With 0 seconds closesocket sends a reset. */
function lingerValue(seconds: number): number {
  return 1 | (Math.min(seconds, 0xffff) << 16);
}
