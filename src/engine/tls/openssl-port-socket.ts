import { assert } from "../../base/assert.ts";
import type { CompletionPort, PortTimer, SocketEvents } from "../completion-port.ts";
import { ArenaExhaustedError } from "../memory/arena.ts";
import type { OpensslSession, Received } from "../openssl/openssl-session.ts";
import { Errno, PortError } from "../port-error.ts";
import { GATHER_PIECES, type SendQueue } from "../send-queue.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { CipherLink, CipherLinkEvents } from "./cipher-link.ts";
import { isPortClosing, type SecuredSocket, type TlsDetails } from "./tls-port-socket.ts";

/** The most that a close waits for its close_notify to leave, milliseconds. */
const FAREWELL_MS = 1000;

/** Bytes decrypted while nobody was receiving, at which the socket below stops. */
const READ_AHEAD_BYTES = 65_536;

/** What may wait to be sent; more of it is answers to a peer that asks and does not read. */
const OUTPUT_LIMIT_BYTES = 262_144;

type State = "new" | "open" | "closing" | "closed";

/**
 * A connected socket of any port, encrypted by OpenSSL itself: what is sent is encrypted from the arena into
 * the arena, and sent in the same turn; what comes is decrypted while it is lent. It tells the same as
 * {@link TlsPortSocket}, and a send is complete when the socket below has taken the ciphertext.
 */
export class OpensslPortSocket implements SecuredSocket, CipherLinkEvents {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly details: TlsDetails;
  readonly #port: CompletionPort;
  readonly #link: CipherLink;
  readonly #session: OpensslSession;
  #state: State = "new";
  #events: SocketEvents | undefined;
  #receiving: "no" | "yes" | "stopping" = "no";
  /** Decrypted while nobody was receiving: what came with the handshake, or behind a stop. */
  readonly #plain: Buffer[];
  #plainBytes = 0;
  /** What a receive ends with behind what is in `#plain`: −1 nothing yet, 0 close_notify, else the errno. */
  #endedWith = -1;
  #sendingBytes = 0;
  /** Result of the outstanding send, where it failed; 0 while it has not. */
  #failedWith = 0;
  #isShutDown = false;
  #isJobPosted = false;
  #farewell: PortTimer | undefined;
  readonly #takePlain = (bytes: Uint8Array, byteCount: number): boolean => this.#onPlain(bytes, byteCount);

  /** `session` has finished its handshake on `link`; `plain` is what came behind it, and `end` what it came to. */
  constructor(
    port: CompletionPort,
    link: CipherLink,
    session: OpensslSession,
    plain: Buffer[],
    end: Received,
  ) {
    this.#port = port;
    this.#link = link;
    this.#session = session;
    this.#plain = plain;
    for (const chunk of plain) this.#plainBytes += chunk.byteLength;
    this.local = link.socket.local;
    this.remote = link.socket.remote;
    this.details = { ...session.details, isAuthorized: false, peerCertificate: noCertificate };
    link.setEvents(this);
    link.receive(false);
    this.#note(end);
  }

  get isGone(): boolean {
    return this.#state === "closed" || isPortClosing(this.#port);
  }

  open(events: SocketEvents): void {
    if (this.#state === "closing" || this.#state === "closed") throw new PortError("open", Errno.EBADF);
    assert(this.#state === "new", "a socket is opened once");
    this.#state = "open";
    this.#events = events;
  }

  startReceiving(): void {
    this.#mustBeOpen("startReceiving");
    assert(this.#receiving === "no", "nothing is receiving when receiving is started");
    this.#receiving = "yes";
    if (this.#plain.length > 0 || this.#endedWith >= 0) this.#schedule();
    else this.#link.receive(true);
  }

  stopReceiving(): void {
    this.#mustBeOpen("stopReceiving");
    if (this.#receiving !== "yes") return;
    this.#receiving = "stopping";
    this.#schedule();
  }

  send(queue: SendQueue): void {
    this.#mustBeOpen("send");
    assert(this.#sendingBytes === 0, "one send is outstanding at a time");
    assert(!queue.isEmpty, "there is something to send");
    assert(!this.#isShutDown, "nothing is sent after a shutdown");
    if (this.#endedWith > 0) {
      queue.freeze(1);
      this.#sendingBytes = 1;
      this.#failSend(this.#endedWith);
      return;
    }
    this.#sendingBytes = 1;
    try {
      const sent = this.#session.send(queue, GATHER_PIECES);
      if (typeof sent === "number") {
        this.#sendingBytes = sent;
        this.#link.pump();
      } else this.#fail(Errno.EPROTO);
    } catch (error) {
      if (!(error instanceof ArenaExhaustedError)) throw error;
      this.#fail(Errno.ENOBUFS);
    }
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
    if (!canSay || this.#isShutDown) {
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
    assert(false, "what comes is given to onCipher");
  }

  onCipher(bytes: Uint8Array, start: number, end: number): void {
    if (this.#state === "closing" || this.#state === "closed" || this.#endedWith >= 0) return;
    try {
      const received = this.#session.receive(bytes, start, end, this.#takePlain);
      if (received !== "more") this.#note(received);
    } catch (error) {
      if (!(error instanceof ArenaExhaustedError)) throw error;
      this.#fail(Errno.ENOBUFS);
    }
    if (this.#link.queuedBytes > OUTPUT_LIMIT_BYTES) this.#fail(Errno.EPROTO);
    this.#link.pump();
  }

  onTaken(): void {
    if (this.#isShutDown) {
      this.#link.finish();
      return;
    }
    if (this.#sendingBytes > 0 && this.#failedWith === 0) this.#endSend(this.#sendingBytes);
  }

  onPeerFinished(): void {
    // A FIN is no end of TLS: what came may be only a part.
    this.#endWith(Errno.ECONNRESET);
  }

  onBroken(errno: number): void {
    this.#fail(errno);
  }

  onFinished(): void {
    if (this.#state === "closing") this.#closeLink(false);
  }

  onClosed(): void {
    this.#farewell?.cancel();
    this.#farewell = undefined;
    this.#plain.length = 0;
    this.#session.free();
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
    try {
      this.#session.end();
    } catch (error) {
      if (!(error instanceof ArenaExhaustedError)) throw error;
    }
    this.#link.pump();
    if (!this.#link.isSending) this.#link.finish();
  }

  #closeLink(abort: boolean): void {
    this.#farewell?.cancel();
    this.#farewell = undefined;
    this.#link.close(abort);
  }

  /** False: nobody wants the rest. */
  #onPlain(bytes: Uint8Array, byteCount: number): boolean {
    if (this.#state === "closing" || this.#state === "closed") return false;
    if (this.#receiving === "yes" && this.#plain.length === 0) {
      this.#events?.onReceived(bytes, 0, byteCount);
    } else {
      this.#plain.push(Buffer.from(bytes.subarray(0, byteCount)));
      this.#plainBytes += byteCount;
      if (this.#plainBytes >= READ_AHEAD_BYTES) this.#link.receive(false);
      this.#schedule();
    }
    return true;
  }

  #note(received: Received): void {
    if (received === "ended") this.#endWith(0);
    else if (received !== "more") this.#fail(Errno.EPROTO);
  }

  #endWith(errno: number): void {
    if (this.#endedWith >= 0) return;
    this.#endedWith = errno;
    this.#schedule();
  }

  #fail(errno: number): void {
    this.#endWith(errno);
    this.#failSend(errno);
  }

  #failSend(errno: number): void {
    if (this.#sendingBytes === 0 || this.#failedWith !== 0) return;
    this.#failedWith = errno;
    this.#schedule();
  }

  /** What is not told by a completion of the socket below comes in a turn, too. */
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
    if (this.#failedWith !== 0) this.#endSend(-this.#failedWith);
    if (this.#receiving === "stopping") this.#endReceive(-Errno.ECANCELED);
    while (this.#state === "open" && this.#receiving === "yes") {
      const chunk = this.#plain.shift();
      if (chunk === undefined) break;
      this.#plainBytes -= chunk.byteLength;
      this.#events?.onReceived(chunk, 0, chunk.byteLength);
    }
    if (this.#state !== "open" || this.#receiving !== "yes") return;
    if (this.#endedWith >= 0) this.#endReceive(-this.#endedWith);
    else this.#link.receive(true);
  }

  #endReceive(result: number): void {
    if (this.#receiving === "no") return;
    this.#receiving = "no";
    this.#events?.onReceiveEnded(result === 0 ? 0 : result);
  }

  #endSend(result: number): void {
    if (this.#sendingBytes === 0) return;
    this.#sendingBytes = 0;
    this.#failedWith = 0;
    this.#events?.onSent(result);
  }
}

function noCertificate(): undefined {
  return undefined;
}
