import { Socket, type SocketConstructorOpts } from "node:net";
import type { SocketOptions } from "../socket-options.ts";

/** Who is told what happens to a net.Socket: the connect that makes it, then the port's socket. */
export interface NetOwner {
  onNetConnected(): void;
  /** Bytes [0, byteCount) of `bytes`, lent for the call. */
  onNetReceived(bytes: Uint8Array, byteCount: number): void;
  /** The peer has finished sending. */
  onNetEnded(): void;
  onNetFailed(error: NodeJS.ErrnoException): void;
  /** The descriptor is gone, and libuv with every buffer it was given. */
  onNetClosed(): void;
}

const owner = Symbol("owner");
const usesDataEvents = Symbol("usesDataEvents");

interface OwnedSocket extends Socket {
  [owner]: NetOwner;
  [usesDataEvents]?: true;
}

/** Not in the documented interface, but the same in every Node since 12.10; see {@link adoptAccepted}. */
interface HandleHolder {
  _handle?: object | null;
}

// One function for all sockets, called with the socket as `this`: an idle connection then costs no
// closures.
function onConnect(this: Socket): void {
  (this as OwnedSocket)[owner].onNetConnected();
}

function onData(this: Socket, bytes: Uint8Array): void {
  (this as OwnedSocket)[owner].onNetReceived(bytes, bytes.byteLength);
}

function onRead(this: Socket, byteCount: number, bytes: Uint8Array): boolean {
  (this as OwnedSocket)[owner].onNetReceived(bytes, byteCount);
  return true;
}

function onEnd(this: Socket): void {
  (this as OwnedSocket)[owner].onNetEnded();
}

function onError(this: Socket, error: NodeJS.ErrnoException): void {
  (this as OwnedSocket)[owner].onNetFailed(error);
}

function onClose(this: Socket): void {
  (this as OwnedSocket)[owner].onNetClosed();
}

/**
 * The options for reading into `buffer`, which all sockets of a thread share: libuv reads one socket
 * at a time, asks for the buffer right before it, and lends the bytes only during the callback.
 */
function readInto(buffer: Uint8Array): NonNullable<SocketConstructorOpts["onread"]> {
  return { buffer, callback: onRead };
}

/** A socket that is not connected yet, paused. */
export function newOutbound(buffer: Uint8Array): Socket {
  const socket = new Socket({ allowHalfOpen: true, onread: readInto(buffer) });
  // Otherwise it would begin to read as soon as it is connected.
  socket.pause();
  socket.once("connect", onConnect);
  socket.on("end", onEnd);
  return socket;
}

/**
 * The socket to use for an accepted one, paused: one that reads into `buffer`.
 *
 * net.Server makes its sockets itself and does not let them have `onread`, so the handle is moved
 * into a socket that does. Against 'data' events, which allocate 64 KiB for each read and cut it to
 * size, this was worth 13 to 22 % of echo throughput (100 connections of 64 bytes, at 1 and at 16 in
 * flight). Where a runtime has no `_handle`, 'data' events it is.
 */
export function adoptAccepted(accepted: Socket, buffer: Uint8Array, wantsDataEvents: boolean): Socket {
  const holder = accepted as HandleHolder;
  const handle = wantsDataEvents ? undefined : holder._handle;
  if (typeof handle !== "object" || handle === null) {
    (accepted as OwnedSocket)[usesDataEvents] = true;
    accepted.on("data", onData);
    accepted.on("end", onEnd);
    return accepted;
  }
  holder._handle = null;
  const options = { handle, pauseOnCreate: true, allowHalfOpen: true, onread: readInto(buffer) };
  const socket = new Socket(options as SocketConstructorOpts);
  accepted.destroy();
  socket.on("end", onEnd);
  return socket;
}

/**
 * Begins or goes on to read. `pause` ends it, and then no bytes come until the next call.
 *
 * Not by `resume`, for a socket that reads into a buffer: `resume` reads again at the end of the tick,
 * even when the socket was paused meanwhile, and bytes would come that nobody has asked for.
 */
export function startReading(socket: Socket): void {
  if ((socket as OwnedSocket)[usesDataEvents] === true) socket.resume();
  else socket.read(0);
}

/** Sets who is told; the first time, begins to listen for errors and the close. */
export function setOwner(socket: Socket, newOwner: NetOwner): void {
  const owned = socket as OwnedSocket;
  const isFirst = owned[owner] === undefined;
  owned[owner] = newOwner;
  if (!isFirst) return;
  socket.on("error", onError);
  socket.on("close", onClose);
}

/** Sets what Node lets be set; the sizes of the kernel's buffers and a linger above 0 are not. */
export function applyOptions(socket: Socket, options: SocketOptions): void {
  if (options.noDelay ?? true) socket.setNoDelay(true);
  const { keepAlive } = options;
  if (keepAlive === undefined) return;
  socket.setKeepAlive(true, keepAlive.idleSeconds * 1000, keepAlive.intervalSeconds * 1000);
}
