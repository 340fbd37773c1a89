import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { assert } from "../../base/assert.ts";
import type { CompletionPort, PortSocket, PortTimer, SocketEvents } from "../completion-port.ts";
import { Errno, PortError } from "../port-error.ts";
import { GATHER_PIECES, type SendQueue } from "../send-queue.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { CipherLink, CipherLinkEvents } from "./cipher-link.ts";

/** What one send takes at most, bytes: sixteen full records. */
const GATHER_BYTES = 16 * 16_384;

/** Bytes decrypted and not delivered yet, at which decrypting stops. */
const PLAIN_BYTES = 65_536;

/** The most that a close waits for its close_notify to leave, milliseconds. */
const FAREWELL_MS = 1000;

type State = "new" | "open" | "closing" | "closed";

/** What two sides agreed upon. */
export interface TlsDetails {
  /** "TLSv1.3" */
  readonly protocol: string;
  /** "TLS_AES_256_GCM_SHA384" */
  readonly cipher: string;
  /** ALPN; "": none. */
  readonly applicationProtocol: string;
  /** What name the client asked for (SNI); "": none. */
  readonly serverName: string;
  /** An earlier session was resumed by a ticket. */
  readonly isResumed: boolean;
  /** The peer's certificate is there and was accepted. */
  readonly isAuthorized: boolean;
  /** The peer's, where it showed one. */
  peerCertificate(): X509Certificate | undefined;
}

/** A connected socket whose TLS handshake is done. */
export interface SecuredSocket extends PortSocket {
  readonly details: TlsDetails;
  /** Asked before it is handed over: it was closed from below, or is about to be, because the port closes. */
  readonly isGone: boolean;
}

/** Whether `port` closes, so that nothing can be begun on it. */
export function isPortClosing(port: CompletionPort): boolean {
  try {
    port.startTimer(0, () => undefined).cancel();
    return false;
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    return true;
  }
}

/**
 * A connected socket of any port, encrypted: what it is given goes through Node's TLSSocket and the
 * {@link CipherLink} under it. It keeps the contract of `PortSocket`, so sessions need not know.
 *
 * - TLS works outside of turns; every completion is posted to the port.
 * - A send takes up to 256 KiB of the queue, as one write, so that it becomes few records. It is complete when
 *   the socket below has taken the ciphertext.
 * - `onReceiveEnded(0)` is the peer's close_notify. A FIN without one is −ECONNRESET: what came may be only
 *   a part. Records that are not genuine are −EPROTO.
 * - `close` says close_notify where nothing waits before it, for a second at most.
 */
export class TlsPortSocket implements SecuredSocket, CipherLinkEvents {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly details: TlsDetails;
  readonly #port: CompletionPort;
  readonly #link: CipherLink;
  readonly #tls: TLSSocket;
  #state: State = "new";
  #events: SocketEvents | undefined;
  #receiving: "no" | "yes" | "stopping" = "no";
  /** Decrypted, not delivered yet. */
  readonly #plain: Buffer[] = [];
  #plainBytes = 0;
  /** What a receive ends with behind what is in `#plain`: −1 nothing yet, 0 close_notify, else the errno. */
  #endedWith = -1;
  #isPeerFinished = false;
  #looksForTruncation = false;
  #sendingBytes = 0;
  /** Result of the outstanding send; 0 while it is not known. */
  #sentResult = 0;
  #isShutDown = false;
  #isFinished = false;
  #isJobPosted = false;
  #farewell: PortTimer | undefined;

  /** `tls` has finished its handshake on `link`. */
  constructor(port: CompletionPort, link: CipherLink, tls: TLSSocket) {
    this.#port = port;
    this.#link = link;
    this.#tls = tls;
    this.local = link.socket.local;
    this.remote = link.socket.remote;
    this.details = detailsOf(tls);
    link.setEvents(this);
    tls.on("error", () => this.#fail(link.brokenBy > 0 ? link.brokenBy : Errno.EPROTO));
    tls.on("end", () => this.#endWith(0));
    tls.on("close", () => this.#fail(link.brokenBy > 0 ? link.brokenBy : Errno.ECONNRESET));
  }

  get isGone(): boolean {
    return this.#state === "closed" || isPortClosing(this.#port);
  }

  open(events: SocketEvents): void {
    if (this.#state === "closing" || this.#state === "closed") throw new PortError("open", Errno.EBADF);
    assert(this.#state === "new", "a socket is opened once");
    this.#state = "open";
    this.#events = events;
    this.#tls.on("data", (chunk: Buffer) => this.#onPlain(chunk));
    this.#tls.pause();
  }

  startReceiving(): void {
    this.#mustBeOpen("startReceiving");
    assert(this.#receiving === "no", "nothing is receiving when receiving is started");
    this.#receiving = "yes";
    if (this.#plain.length > 0 || this.#endedWith >= 0) this.#schedule();
    else this.#tls.resume();
    this.#lookForTruncation();
  }

  stopReceiving(): void {
    this.#mustBeOpen("stopReceiving");
    if (this.#receiving !== "yes") return;
    this.#receiving = "stopping";
    this.#tls.pause();
    this.#schedule();
  }

  send(queue: SendQueue): void {
    this.#mustBeOpen("send");
    assert(this.#sendingBytes === 0, "one send is outstanding at a time");
    assert(!queue.isEmpty, "there is something to send");
    assert(!this.#isShutDown, "nothing is sent after a shutdown");
    const most = Math.min(queue.pieceCount, GATHER_PIECES);
    let pieceCount = 0;
    let byteCount = 0;
    while (pieceCount < most) {
      const length = queue.endAt(pieceCount) - queue.startAt(pieceCount);
      if (pieceCount > 0 && byteCount + length > GATHER_BYTES) break;
      byteCount += length;
      pieceCount++;
    }
    queue.freeze(pieceCount);
    this.#sendingBytes = byteCount;
    if (this.#endedWith > 0 || this.#tls.destroyed) {
      this.#endSendWith(this.#endedWith > 0 ? -this.#endedWith : -Errno.EPIPE);
      return;
    }
    // One buffer, one write: full records. A copy, because the pieces are the arena's and the stream's own
    // reference to what it was given has no end that can be relied upon.
    const bytes = Buffer.allocUnsafe(byteCount);
    let at = 0;
    for (let index = 0; index < pieceCount; index++) {
      const start = queue.startAt(index);
      const end = queue.endAt(index);
      bytes.set(queue.chunkAt(index).bytes.subarray(start, end), at);
      at += end - start;
    }
    this.#tls.write(bytes, (error) => {
      if (error === undefined || error === null) this.#endSendWith(byteCount);
      else this.#endSendWith(this.#link.brokenBy > 0 ? -this.#link.brokenBy : -Errno.EPIPE);
    });
  }

  shutdown(): void {
    this.#mustBeOpen("shutdown");
    assert(this.#sendingBytes === 0, "no send is outstanding at a shutdown");
    this.#sayGoodbye();
  }

  close(abort = false): void {
    if (this.#state !== "new" && this.#state !== "open") return;
    this.#state = "closing";
    const canSay = !abort && this.#sendingBytes === 0 && !this.#link.isSending && this.#endedWith <= 0;
    if (!canSay || this.#isFinished || this.#tls.destroyed) {
      this.#closeLink(abort);
      return;
    }
    try {
      this.#farewell = this.#port.startTimer(FAREWELL_MS, () => this.#closeLink(true));
    } catch (error) {
      // The port is closing.
      if (!(error instanceof PortError)) throw error;
      this.#closeLink(false);
      return;
    }
    this.#sayGoodbye();
  }

  onPrelude(): void {
    assert(false, "there is a stream since the handshake began");
  }

  onPeerFinished(): void {
    this.#isPeerFinished = true;
    this.#lookForTruncation();
  }

  onBroken(errno: number): void {
    this.#fail(errno);
  }

  onFinished(): void {
    this.#isFinished = true;
    if (this.#state === "closing") this.#closeLink(false);
  }

  onClosed(): void {
    this.#farewell?.cancel();
    this.#farewell = undefined;
    this.#tls.destroy();
    this.#plain.length = 0;
    const events = this.#events;
    this.#state = "closing";
    this.#endReceive(-Errno.ECANCELED);
    this.#endSend(-Errno.ECANCELED);
    this.#state = "closed";
    events?.onClosed();
  }

  #mustBeOpen(operation: string): void {
    if (this.#state === "open") return;
    assert(this.#state !== "new", `open comes before ${operation}`);
    throw new PortError(operation, Errno.EBADF);
  }

  /** close_notify, then FIN. */
  #sayGoodbye(): void {
    if (this.#isShutDown) return;
    this.#isShutDown = true;
    this.#tls.end();
  }

  #closeLink(abort: boolean): void {
    this.#farewell?.cancel();
    this.#farewell = undefined;
    this.#link.close(abort);
    this.#tls.destroy();
  }

  #onPlain(chunk: Buffer): void {
    if (this.#state !== "open") return;
    this.#plain.push(chunk);
    this.#plainBytes += chunk.byteLength;
    if (this.#plainBytes >= PLAIN_BYTES) this.#tls.pause();
    if (this.#receiving !== "no") this.#schedule();
  }

  #endWith(errno: number): void {
    if (this.#endedWith >= 0) return;
    this.#endedWith = errno;
    this.#schedule();
  }

  #fail(errno: number): void {
    this.#endWith(errno);
    if (this.#sendingBytes > 0) this.#endSendWith(-errno);
  }

  #endSendWith(result: number): void {
    if (this.#sendingBytes === 0 || this.#sentResult !== 0) return;
    this.#sentResult = result;
    this.#schedule();
  }

  /**
   * After the peer's FIN: when TLS has been given everything and has still not told the end, there is none.
   * Looked at while receiving alone, because a stream that is paused does not tell.
   */
  #lookForTruncation(): void {
    if (!this.#isPeerFinished || this.#looksForTruncation) return;
    this.#looksForTruncation = true;
    setImmediate(() => {
      this.#looksForTruncation = false;
      if (this.#state !== "open" || this.#endedWith >= 0 || this.#receiving !== "yes") return;
      if (this.#plain.length > 0) return; // looked at again when it is delivered
      const isUnread = this.#link.unreadBytes > 0 || this.#tls.readableLength > 0;
      if (isUnread) this.#lookForTruncation();
      else this.#endWith(Errno.ECONNRESET);
    });
  }

  /** Completions come in a turn, never inside a call. */
  #schedule(): void {
    if (this.#isJobPosted || this.#state !== "open") return;
    this.#isJobPosted = true;
    this.#port.post(() => {
      this.#isJobPosted = false;
      this.#complete();
    });
  }

  #complete(): void {
    if (this.#state !== "open") return;
    if (this.#sentResult !== 0) this.#endSend(this.#sentResult);
    if (this.#receiving === "stopping") this.#endReceive(-Errno.ECANCELED);
    while (this.#state === "open" && this.#receiving === "yes") {
      const chunk = this.#plain.shift();
      if (chunk === undefined) break;
      this.#plainBytes -= chunk.byteLength;
      this.#events?.onReceived(chunk, 0, chunk.byteLength);
    }
    if (this.#state !== "open" || this.#receiving !== "yes") return;
    if (this.#endedWith >= 0) {
      this.#endReceive(-this.#endedWith);
    } else {
      if (this.#tls.isPaused()) this.#tls.resume();
      this.#lookForTruncation();
    }
  }

  #endReceive(result: number): void {
    if (this.#receiving === "no") return;
    this.#receiving = "no";
    this.#events?.onReceiveEnded(result === 0 ? 0 : result);
  }

  #endSend(result: number): void {
    if (this.#sendingBytes === 0) return;
    this.#sendingBytes = 0;
    this.#sentResult = 0;
    this.#events?.onSent(result);
  }
}

function detailsOf(tls: TLSSocket): TlsDetails {
  const { alpnProtocol } = tls;
  const serverName: unknown = "servername" in tls ? tls.servername : undefined;
  return {
    protocol: tls.getProtocol() ?? "",
    cipher: tls.getCipher().standardName,
    applicationProtocol: typeof alpnProtocol === "string" ? alpnProtocol : "",
    serverName: typeof serverName === "string" ? serverName : "",
    isResumed: tls.isSessionReused(),
    isAuthorized: tls.authorized,
    peerCertificate: () => tls.getPeerX509Certificate(),
  };
}
