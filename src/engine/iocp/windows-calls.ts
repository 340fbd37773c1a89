import { createRequire } from "node:module";
import type * as Koffi from "koffi";

/**
 * The functions of Windows this port calls, reached through koffi, under their own names. Handles, sockets
 * and addresses are plain numbers (< 2^53). Functions that return BOOL return 0 when they failed.
 */
export interface WindowsCalls {
  /** An ArrayBuffer over memory that was allocated; the caller must not use it after freeing. */
  view(address: number, byteCount: number): ArrayBuffer;
  /** A function of mswsock.dll that is known by its address alone. */
  acceptEx(address: number): AcceptEx;
  connectEx(address: number): ConnectEx;
  getAcceptExSockaddrs(address: number): GetAcceptExSockaddrs;

  /**
   * The last call's error, valid right after it. koffi keeps it safe from what the runtime does meanwhile;
   * inside the callback of an asynchronous call it is that call's.
   */
  GetLastError(): number;
  VirtualAlloc(address: number, byteCount: number, type: number, protection: number): number;
  VirtualFree(address: number, byteCount: number, type: number): number;
  CloseHandle(handle: number): number;

  CreateIoCompletionPort(handle: number, port: number, key: number, threads: number): number;
  GetQueuedCompletionStatusEx: Asynchronous<
    [port: number, entries: number, count: number, removed: number, timeoutMs: number, isAlertable: number]
  >;
  PostQueuedCompletionStatus(port: number, byteCount: number, key: number, overlapped: number): number;
  SetFileCompletionNotificationModes(handle: number, flags: number): number;
  CancelIoEx(handle: number, overlapped: number): number;

  CreateFileW: Asynchronous<
    [
      path: string,
      access: number,
      share: number,
      security: number,
      disposition: number,
      flags: number,
      template: number,
    ]
  >;
  WriteFile(handle: number, bytes: number, byteCount: number, written: number, overlapped: number): number;
  FlushFileBuffers: Asynchronous<[handle: number]>;
  GetFileType(handle: number): number;
  GetFileSizeEx(handle: number, size: number): number;
  GetFileAttributesW(path: string): number;
  GetOverlappedResult(handle: number, overlapped: number, byteCount: number, waits: number): number;

  WSAStartup(version: number, data: number): number;
  WSASocketW(
    family: number,
    type: number,
    protocol: number,
    info: number,
    group: number,
    flags: number,
  ): number;
  closesocket: Asynchronous<[socket: number]>;
  bind(socket: number, address: number, byteCount: number): number;
  listen(socket: number, backlog: number): number;
  shutdown(socket: number, how: number): number;
  ioctlsocket(socket: number, command: number, argument: number): number;
  getsockname(socket: number, address: number, byteCount: number): number;
  getpeername(socket: number, address: number, byteCount: number): number;
  setsockopt(socket: number, level: number, name: number, value: number, byteCount: number): number;
  getsockopt(socket: number, level: number, name: number, value: number, byteCount: number): number;
  recv(socket: number, bytes: number, byteCount: number, flags: number): number;
  WSARecv(
    socket: number,
    buffers: number,
    count: number,
    received: number,
    flags: number,
    overlapped: number,
    routine: number,
  ): number;
  WSASend(
    socket: number,
    buffers: number,
    count: number,
    sent: number,
    flags: number,
    overlapped: number,
    routine: number,
  ): number;
  WSAIoctl(
    socket: number,
    code: number,
    input: number,
    inputBytes: number,
    output: number,
    outputBytes: number,
    returned: number,
    overlapped: number,
    routine: number,
  ): number;
  WSAGetOverlappedResult(
    socket: number,
    overlapped: number,
    byteCount: number,
    waits: number,
    flags: number,
  ): number;
}

/** A function that can also be called on a thread of the runtime's pool; `done` comes on this thread. */
export interface Asynchronous<Parameters extends unknown[]> {
  (...parameters: Parameters): number;
  async(...parameters: [...Parameters, done: (error: Error | null, result: number) => void]): void;
}

/** mswsock.h. */
export type AcceptEx = (
  listener: number,
  socket: number,
  output: number,
  receiveBytes: number,
  localBytes: number,
  remoteBytes: number,
  received: number,
  overlapped: number,
) => number;
export type ConnectEx = (
  socket: number,
  address: number,
  addressBytes: number,
  sendBuffer: number,
  sendBytes: number,
  sent: number,
  overlapped: number,
) => number;
export type GetAcceptExSockaddrs = (
  output: number,
  receiveBytes: number,
  localBytes: number,
  remoteBytes: number,
  local: number,
  localLength: number,
  remote: number,
  remoteLength: number,
) => void;

let loaded: WindowsCalls | undefined;

/** Loads koffi and binds the functions, once. Throws what koffi throws, also on other systems. */
export function loadWindowsCalls(): WindowsCalls {
  loaded ??= bind();
  return loaded;
}

function bind(): WindowsCalls {
  const koffi: typeof Koffi = createRequire(import.meta.url)("koffi");
  const kernel32 = koffi.load("kernel32.dll");
  const winsock = koffi.load("ws2_32.dll");
  // intptr_t for every handle and pointer: koffi then takes a number and allocates nothing.
  const number = "intptr_t";
  const kernel = (name: string, result: string, parameters: string[]) =>
    kernel32.func(name, result, parameters);
  const sockets = (name: string, parameters: string[], result = "int") =>
    winsock.func(name, result, parameters);
  const pointer = (address: number, result: string, parameters: string[]) =>
    koffi.decode(BigInt(address), koffi.proto(result, parameters));
  return {
    view: (address, byteCount) => koffi.view(BigInt(address), byteCount),
    acceptEx: (address) =>
      pointer(address, "int", [number, number, number, "uint", "uint", "uint", number, number]),
    connectEx: (address) => pointer(address, "int", [number, number, "int", number, "uint", number, number]),
    getAcceptExSockaddrs: (address) =>
      pointer(address, "void", [number, "uint", "uint", "uint", number, number, number, number]),

    GetLastError: kernel("GetLastError", "uint", []),
    VirtualAlloc: kernel("VirtualAlloc", number, [number, "size_t", "uint", "uint"]),
    VirtualFree: kernel("VirtualFree", "int", [number, "size_t", "uint"]),
    CloseHandle: kernel("CloseHandle", "int", [number]),
    CreateIoCompletionPort: kernel("CreateIoCompletionPort", number, [number, number, number, "uint"]),
    GetQueuedCompletionStatusEx: kernel("GetQueuedCompletionStatusEx", "int", [
      number,
      number,
      "uint",
      number,
      "uint",
      "int",
    ]),
    PostQueuedCompletionStatus: kernel("PostQueuedCompletionStatus", "int", [number, "uint", number, number]),
    SetFileCompletionNotificationModes: kernel("SetFileCompletionNotificationModes", "int", [
      number,
      "uint8",
    ]),
    CancelIoEx: kernel("CancelIoEx", "int", [number, number]),
    CreateFileW: kernel("CreateFileW", number, ["str16", "uint", "uint", number, "uint", "uint", number]),
    WriteFile: kernel("WriteFile", "int", [number, number, "uint", number, number]),
    FlushFileBuffers: kernel("FlushFileBuffers", "int", [number]),
    GetFileType: kernel("GetFileType", "uint", [number]),
    GetFileSizeEx: kernel("GetFileSizeEx", "int", [number, number]),
    GetFileAttributesW: kernel("GetFileAttributesW", "uint", ["str16"]),
    GetOverlappedResult: kernel("GetOverlappedResult", "int", [number, number, number, "int"]),

    WSAStartup: sockets("WSAStartup", ["uint16", number]),
    WSASocketW: sockets("WSASocketW", ["int", "int", "int", number, "uint", "uint"], number),
    closesocket: sockets("closesocket", [number]),
    bind: sockets("bind", [number, number, "int"]),
    listen: sockets("listen", [number, "int"]),
    shutdown: sockets("shutdown", [number, "int"]),
    ioctlsocket: sockets("ioctlsocket", [number, "int", number]),
    getsockname: sockets("getsockname", [number, number, number]),
    getpeername: sockets("getpeername", [number, number, number]),
    setsockopt: sockets("setsockopt", [number, "int", "int", number, "int"]),
    getsockopt: sockets("getsockopt", [number, "int", "int", number, number]),
    recv: sockets("recv", [number, number, "int", "int"]),
    WSARecv: sockets("WSARecv", [number, number, "uint", number, number, number, number]),
    WSASend: sockets("WSASend", [number, number, "uint", number, "uint", number, number]),
    WSAIoctl: sockets("WSAIoctl", [number, "uint", number, "uint", number, "uint", number, number, number]),
    WSAGetOverlappedResult: sockets("WSAGetOverlappedResult", [number, number, number, "int", number]),
  };
}
