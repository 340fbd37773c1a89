import type { SendChunk } from "../memory/send-buffer-pool.ts";
import * as k from "./constants.ts";
import { type Address, loadOpenssl, type OpensslCalls } from "./openssl-calls.ts";
import { notNull } from "./openssl-error.ts";

/** The most that is encrypted at once: with its records' overhead and what TLS adds by itself it fits a chunk. */
export const PLAIN_AT_ONCE_BYTES = 3 * k.RECORD_BYTES;

/** How clients' names and protocols are answered; asked during handshakes. */
export interface OpensslChoices {
  /** The SSL_CTX for a name; undefined: the one that the connection was begun with. */
  contextFor(serverName: string): Address | undefined;
  /** ALPN, the preferred first. */
  readonly applicationProtocols: readonly string[];
}

/**
 * What the connections of one thread have in common. Each call of OpenSSL takes all that is in `input`
 * before it returns, and what it leaves in `output` is taken out at once, so two BIOs are enough for all.
 */
export class OpensslWorkshop {
  readonly calls: OpensslCalls;
  readonly input: Address;
  readonly output: Address;
  /** Decrypted bytes; lent until the next are. */
  readonly plain = new Uint8Array(new ArrayBuffer(k.RECORD_BYTES));
  readonly plainAddress: Address;
  /** Pieces are gathered here, to become one record. */
  readonly gathered = new Uint8Array(new ArrayBuffer(PLAIN_AT_ONCE_BYTES));
  readonly gatheredAddress: Address;
  /** Of the connection whose bytes are in `input`; there is one at a time. */
  reading: OpensslChoices | undefined;
  /** C functions that ask {@link reading}: made once, because they live as long as the thread. */
  readonly onServerName: unknown;
  readonly onProtocol: unknown;
  readonly #addresses = new WeakMap<ArrayBufferLike, Address>();

  private constructor(calls: OpensslCalls) {
    this.calls = calls;
    this.onServerName = calls.serverNameCallback((ssl) => this.#chooseContext(ssl));
    this.onProtocol = calls.protocolCallback((...given) => this.#chooseProtocol(...given));
    this.input = this.#makeBio();
    this.output = this.#makeBio();
    this.plainAddress = calls.addressOf(this.plain);
    this.gatheredAddress = calls.addressOf(this.gathered);
  }

  /** This thread's. Throws an Error that says why OpenSSL is not called here. */
  static get(): OpensslWorkshop {
    made ??= new OpensslWorkshop(loadOpenssl());
    return made;
  }

  #makeBio(): Address {
    const { calls } = this;
    const bio = notNull(calls, "BIO_new", calls.BIO_new(calls.BIO_s_mem()));
    // Empty means "not yet", not "the end" (BIO_s_mem(3)).
    calls.BIO_ctrl(bio, k.BIO_C_SET_BUF_MEM_EOF_RETURN, -1, 0);
    return bio;
  }

  /** Of a chunk's memory, which stays where it is as long as the chunk is there. */
  addressOf(chunk: SendChunk): Address {
    if (chunk.address !== 0) return chunk.address;
    const { buffer, byteOffset } = chunk.bytes;
    let address = this.#addresses.get(buffer);
    if (address === undefined) {
      address = this.calls.addressOf(new Uint8Array(buffer));
      this.#addresses.set(buffer, address);
    }
    return address + byteOffset;
  }

  // In both, an exception must not go through C.

  #chooseContext(ssl: Address): number {
    const { calls, reading } = this;
    try {
      const name = calls.SSL_get_servername(ssl, k.TLSEXT_NAMETYPE_host_name);
      if (name === null) return k.SSL_TLSEXT_ERR_NOACK;
      const context = reading?.contextFor(name);
      if (context !== undefined) calls.SSL_set_SSL_CTX(ssl, context);
      return k.SSL_TLSEXT_ERR_OK;
    } catch {
      return k.SSL_TLSEXT_ERR_ALERT_FATAL;
    }
  }

  #chooseProtocol(
    _ssl: Address,
    out: Address,
    outLength: Address,
    offered: Address,
    offeredBytes: number,
  ): number {
    const { calls, reading } = this;
    try {
      const list = Buffer.alloc(offeredBytes);
      calls.copyFrom(list, offered, offeredBytes);
      const at = findProtocol(list, reading?.applicationProtocols ?? []);
      if (at < 0) return k.SSL_TLSEXT_ERR_ALERT_FATAL;
      // The answer is a part of what the client offered, which OpenSSL keeps until it has copied it.
      const pointer = Buffer.alloc(8);
      pointer.writeBigInt64LE(BigInt(offered + at + 1));
      calls.copyTo(out, pointer, 8);
      calls.copyTo(outLength, list.subarray(at, at + 1), 1);
      return k.SSL_TLSEXT_ERR_OK;
    } catch {
      return k.SSL_TLSEXT_ERR_ALERT_FATAL;
    }
  }
}

let made: OpensslWorkshop | undefined;

/** Where the preferred of `wanted` is in a list of names, each behind its length (RFC 7301, 3.1); −1: nowhere. */
export function findProtocol(list: Uint8Array, wanted: readonly string[]): number {
  for (const protocol of wanted) {
    const name = Buffer.from(protocol, "latin1");
    for (let at = 0; at < list.byteLength; at += 1 + (list[at] as number)) {
      const end = at + 1 + (list[at] as number);
      if (end <= list.byteLength && name.equals(list.subarray(at + 1, end))) return at;
    }
  }
  return -1;
}
