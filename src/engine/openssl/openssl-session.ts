import { assert } from "../../base/assert.ts";
import { CHUNK_BYTES, type SendBufferPool, type SendChunk } from "../memory/send-buffer-pool.ts";
import type { SendQueue } from "../send-queue.ts";
import * as k from "./constants.ts";
import type { Address } from "./openssl-calls.ts";
import type { OpensslContext } from "./openssl-context.ts";
import { notNull, OpensslError, takeError } from "./openssl-error.ts";
import { OpensslWorkshop, PLAIN_AT_ONCE_BYTES } from "./openssl-workshop.ts";

/** What the records of `byteCount` bytes take at most, with tickets or a key update before them. */
function cipherRoom(byteCount: number): number {
  return byteCount + Math.ceil(byteCount / k.RECORD_BYTES) * k.RECORD_OVERHEAD_BYTES + 2048;
}

/** Where a session's records go. */
export type TakeCipher = (chunk: SendChunk, start: number, end: number) => void;

/** Is lent one record's bytes, until it returns; false: no more of them are wanted. */
export type TakePlain = (bytes: Uint8Array, byteCount: number) => boolean;

/** What has come to: more is needed, the peer has ended (close_notify), or it was not TLS. */
export type Received = "more" | "ended" | OpensslError;

/**
 * One server's connection: an SSL between bytes that come and bytes that go. Methods throw
 * ArenaExhaustedError where there is no room for what is to be sent; the connection is of no use then.
 */
export class OpensslSession {
  readonly #shop: OpensslWorkshop;
  /** Kept as long as its SSL. */
  readonly #context: OpensslContext;
  readonly #pool: SendBufferPool;
  readonly #takeCipher: TakeCipher;
  #ssl: Address;
  #isReading = false;

  /** `takeCipher` is called within the other methods. Throws OpensslError. */
  constructor(context: OpensslContext, pool: SendBufferPool, takeCipher: TakeCipher) {
    const shop = OpensslWorkshop.get();
    const { calls } = shop;
    this.#shop = shop;
    this.#context = context;
    this.#pool = pool;
    this.#takeCipher = takeCipher;
    calls.ERR_clear_error();
    this.#ssl = notNull(calls, "SSL_new", calls.SSL_new(context.address));
    calls.BIO_up_ref(shop.input);
    calls.SSL_set0_rbio(this.#ssl, shop.input);
    calls.BIO_up_ref(shop.output);
    calls.SSL_set0_wbio(this.#ssl, shop.output);
    calls.SSL_set_accept_state(this.#ssl);
  }

  /** "done": what came behind the handshake was given to `takePlain`, and `end` says what became of that. */
  handshake(
    bytes: Uint8Array,
    start: number,
    end: number,
    takePlain: TakePlain,
  ): "more" | OpensslError | { readonly end: Received } {
    return this.#reading(bytes, start, end, () => {
      const { calls } = this.#shop;
      const result = calls.SSL_do_handshake(this.#ssl);
      // An error's alert is sent, too.
      const error = result === 1 ? undefined : this.#errorOf(result, "SSL_do_handshake");
      this.#drain();
      if (result === 1) return { end: this.#readAll(takePlain) };
      if (error !== "ended") return error ?? "more";
      return new OpensslError("SSL_do_handshake", "ECONNRESET", "the peer ended the connection");
    });
  }

  /** Decrypts. `takePlain` may call anything but `receive` and `handshake`, of any session. */
  receive(bytes: Uint8Array, start: number, end: number, takePlain: TakePlain): Received {
    return this.#reading(bytes, start, end, () => this.#readAll(takePlain));
  }

  /** Encrypts the first pieces of `queue`, as many as there is room for; how many bytes. */
  send(queue: SendQueue, pieceLimit: number): number | OpensslError {
    const shop = this.#shop;
    let address: Address;
    let byteCount = queue.endAt(0) - queue.startAt(0);
    let pieceCount = 1;
    if (byteCount >= PLAIN_AT_ONCE_BYTES || queue.pieceCount === 1) {
      byteCount = Math.min(byteCount, PLAIN_AT_ONCE_BYTES);
      address = shop.addressOf(queue.chunkAt(0)) + queue.startAt(0);
    } else {
      byteCount = 0;
      const most = Math.min(queue.pieceCount, pieceLimit);
      for (pieceCount = 0; pieceCount < most; pieceCount++) {
        const start = queue.startAt(pieceCount);
        const end = queue.endAt(pieceCount);
        if (byteCount + (end - start) > PLAIN_AT_ONCE_BYTES) break;
        shop.gathered.set(queue.chunkAt(pieceCount).bytes.subarray(start, end), byteCount);
        byteCount += end - start;
      }
      address = shop.gatheredAddress;
    }
    queue.freeze(pieceCount);
    const { calls } = shop;
    const room = cipherRoom(byteCount);
    const chunk = this.#pool.open(room);
    const at = chunk.writtenBytes;
    let taken = 0;
    try {
      const written = calls.SSL_write(this.#ssl, address, byteCount);
      if (written !== byteCount) {
        calls.BIO_ctrl(shop.output, k.BIO_CTRL_RESET, 0, 0);
        return takeError(calls, "SSL_write");
      }
      taken = calls.BIO_read(shop.output, shop.addressOf(chunk) + at, room);
    } finally {
      this.#pool.close(Math.max(taken, 0));
    }
    if (taken > 0) this.#takeCipher(chunk, at, at + taken);
    if (taken === room) this.#drain();
    return byteCount;
  }

  /** close_notify. Nothing is sent after it. */
  end(): void {
    const { calls } = this.#shop;
    if (calls.SSL_shutdown(this.#ssl) < 0) calls.ERR_clear_error();
    this.#drain();
  }

  get details(): OpensslDetails {
    const { calls } = this.#shop;
    const ssl = this.#ssl;
    const pointer = Buffer.alloc(8);
    const length = Buffer.alloc(4);
    calls.SSL_get0_alpn_selected(ssl, pointer, length);
    const protocol = Buffer.alloc(length.readUInt32LE());
    if (protocol.byteLength > 0) {
      calls.copyFrom(protocol, Number(pointer.readBigUInt64LE()), protocol.byteLength);
    }
    return {
      protocol: calls.SSL_get_version(ssl),
      cipher: calls.SSL_CIPHER_standard_name(calls.SSL_get_current_cipher(ssl)),
      applicationProtocol: protocol.toString("latin1"),
      serverName: calls.SSL_get_servername(ssl, k.TLSEXT_NAMETYPE_host_name) ?? "",
      isResumed: calls.SSL_session_reused(ssl) === 1,
    };
  }

  /** Nothing may be called afterwards. Not within `takePlain`. */
  free(): void {
    if (this.#ssl === 0) return;
    assert(!this.#isReading, "a session is not freed while it reads");
    this.#shop.calls.SSL_free(this.#ssl);
    this.#ssl = 0;
  }

  #reading<Result>(bytes: Uint8Array, start: number, end: number, read: () => Result): Result {
    const shop = this.#shop;
    const { calls } = shop;
    assert(this.#ssl !== 0, "the session is not freed");
    assert(shop.reading === undefined, "one session reads at a time");
    shop.reading = this.#context;
    this.#isReading = true;
    // Others of this thread use OpenSSL, too, and SSL_get_error(3) looks at what they left.
    calls.ERR_clear_error();
    try {
      if (end > start) calls.BIO_write(shop.input, bytes.subarray(start, end), end - start);
      return read();
    } finally {
      shop.reading = undefined;
      this.#isReading = false;
      // Empty already unless something was wrong or no more was wanted: nobody else gets these bytes.
      if (calls.BIO_ctrl_pending(shop.input) > 0) calls.BIO_ctrl(shop.input, k.BIO_CTRL_RESET, 0, 0);
    }
  }

  #readAll(takePlain: TakePlain): Received {
    const { calls, plain, plainAddress } = this.#shop;
    for (;;) {
      const byteCount = calls.SSL_read(this.#ssl, plainAddress, k.RECORD_BYTES);
      if (byteCount <= 0) {
        const received = this.#errorOf(byteCount, "SSL_read");
        this.#drain();
        return received;
      }
      // Before `takePlain`, which may send something for another session.
      this.#drain();
      if (!takePlain(plain, byteCount)) return "more";
      calls.ERR_clear_error();
    }
  }

  #errorOf(result: number, operation: string): Received {
    const { calls } = this.#shop;
    const kind = calls.SSL_get_error(this.#ssl, result);
    if (kind === k.SSL_ERROR_WANT_READ) return "more";
    if (kind === k.SSL_ERROR_ZERO_RETURN) return "ended";
    return takeError(calls, operation);
  }

  /** What TLS says by itself: handshakes, tickets, alerts, key updates. */
  #drain(): void {
    const { calls, output } = this.#shop;
    let pending = calls.BIO_ctrl_pending(output);
    while (pending > 0) {
      const room = Math.min(pending, CHUNK_BYTES);
      let chunk: SendChunk;
      try {
        chunk = this.#pool.open(room);
      } catch (error) {
        calls.BIO_ctrl(output, k.BIO_CTRL_RESET, 0, 0);
        throw error;
      }
      const at = chunk.writtenBytes;
      calls.BIO_read(output, this.#shop.addressOf(chunk) + at, room);
      this.#pool.close(room);
      this.#takeCipher(chunk, at, at + room);
      pending -= room;
    }
  }
}

/** What two sides agreed upon. */
export interface OpensslDetails {
  readonly protocol: string;
  readonly cipher: string;
  readonly applicationProtocol: string;
  readonly serverName: string;
  readonly isResumed: boolean;
}
