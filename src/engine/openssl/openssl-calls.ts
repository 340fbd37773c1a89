import { createRequire } from "node:module";
import type * as Koffi from "koffi";

/** The address of something of OpenSSL's; 0 is NULL. */
export type Address = number;

/**
 * The functions of the OpenSSL inside Node that are called here, reached through koffi. No structure of
 * OpenSSL's is read or written: functions alone, and the numbers that ssl.h gives to the macros over
 * `…_ctrl`, which are part of OpenSSL 3's stable ABI (openssl.org/policies, "Versioning").
 */
export interface OpensslCalls {
  /** Where `bytes` begins. It must lie outside V8's heap, as everything made with a Buffer of some size does. */
  addressOf(bytes: Uint8Array): Address;
  /** Copies `byteCount` bytes from or to a fixed address. */
  copyFrom(target: Uint8Array, source: Address, byteCount: number): void;
  copyTo(target: Address, source: Uint8Array, byteCount: number): void;
  /** A C function that calls `call`, which must not throw. It lives as long as the thread. */
  serverNameCallback(call: (ssl: Address) => number): unknown;
  protocolCallback(
    call: (ssl: Address, out: Address, outLength: Address, offered: Address, offeredBytes: number) => number,
  ): unknown;

  ERR_clear_error(): void;
  ERR_get_error(): number;
  ERR_reason_error_string(code: number): string | null;

  BIO_new(method: Address): Address;
  BIO_s_mem(): Address;
  BIO_new_mem_buf(bytes: Uint8Array, byteCount: number): Address;
  BIO_up_ref(bio: Address): number;
  BIO_free(bio: Address): number;
  BIO_read(bio: Address, target: Address, byteCount: number): number;
  BIO_write(bio: Address, source: Uint8Array, byteCount: number): number;
  BIO_ctrl_pending(bio: Address): number;
  BIO_ctrl(bio: Address, command: number, number: number, pointer: Address): number;

  PEM_read_bio_X509(bio: Address, target: Address, callback: Address, userData: Address): Address;
  PEM_read_bio_PrivateKey(bio: Address, target: Address, callback: Address, userData: Address): Address;
  X509_free(certificate: Address): void;
  EVP_PKEY_free(key: Address): void;

  TLS_server_method(): Address;
  SSL_CTX_new(method: Address): Address;
  SSL_CTX_free(context: Address): void;
  SSL_CTX_ctrl(context: Address, command: number, number: number, pointer: Address): number;
  /** SSL_CTX_ctrl, for commands that take a string. */
  SSL_CTX_ctrl_text(context: Address, command: number, number: number, text: string): number;
  SSL_CTX_callback_ctrl(context: Address, command: number, callback: unknown): number;
  SSL_CTX_set_options(context: Address, options: number): number;
  SSL_CTX_set_cipher_list(context: Address, ciphers: string): number;
  SSL_CTX_set_ciphersuites(context: Address, suites: string): number;
  SSL_CTX_use_certificate(context: Address, certificate: Address): number;
  SSL_CTX_use_PrivateKey(context: Address, key: Address): number;
  SSL_CTX_check_private_key(context: Address): number;
  SSL_CTX_set_session_id_context(context: Address, id: Uint8Array, byteCount: number): number;
  SSL_CTX_set_timeout(context: Address, seconds: number): number;
  SSL_CTX_set_alpn_select_cb(context: Address, callback: unknown, argument: Address): void;

  SSL_new(context: Address): Address;
  SSL_free(ssl: Address): void;
  SSL_set0_rbio(ssl: Address, bio: Address): void;
  SSL_set0_wbio(ssl: Address, bio: Address): void;
  SSL_set_accept_state(ssl: Address): void;
  SSL_set_SSL_CTX(ssl: Address, context: Address): Address;
  SSL_do_handshake(ssl: Address): number;
  SSL_read(ssl: Address, target: Address, byteCount: number): number;
  SSL_write(ssl: Address, source: Address, byteCount: number): number;
  SSL_shutdown(ssl: Address): number;
  SSL_get_error(ssl: Address, result: number): number;
  SSL_get_version(ssl: Address): string;
  SSL_get_current_cipher(ssl: Address): Address;
  SSL_CIPHER_standard_name(cipher: Address): string;
  SSL_get_servername(ssl: Address, type: number): string | null;
  SSL_get0_alpn_selected(ssl: Address, data: Uint8Array, length: Uint8Array): void;
  SSL_session_reused(ssl: Address): number;
}

let loaded: OpensslCalls | Error | undefined;

/**
 * Binds the functions, once. Throws an Error that says why they are not to be called here: another
 * system, no koffi, or an OpenSSL that is not the one that Node says it has, or not of version 3.
 */
export function loadOpenssl(): OpensslCalls {
  if (loaded === undefined) {
    try {
      loaded = bind();
    } catch (error) {
      loaded = error instanceof Error ? error : new Error(String(error));
    }
  }
  if (loaded instanceof Error) throw loaded;
  return loaded;
}

/** Version 3, `0xMNN00PP0` (OpenSSL_version_num(3)). */
const MAJOR = 3;

function bind(): OpensslCalls {
  if (process.platform !== "linux") throw new Error("tried on Linux alone");
  const koffi: typeof Koffi = createRequire(import.meta.url)("koffi");
  const program = koffi.load(null);
  // intptr_t for every pointer: koffi then takes a number as the address and allocates nothing.
  const p = "intptr_t";
  const bound = (name: string, result: string, parameters: string[]) =>
    program.func(name, result, parameters);
  checkVersion(bound("OpenSSL_version_num", "ulong", []), bound("OpenSSL_version", "str", ["int"]));

  const memmove = bound("memmove", p, ["void *", p, "size_t"]);
  // It gives back its first argument, which koffi has made an address of.
  const memmoveSelf = bound("memmove", p, ["void *", "void *", "size_t"]);
  const memmoveTo = bound("memmove", p, [p, "void *", "size_t"]);
  const serverName = koffi.pointer(
    koffi.proto("int PorticoServerName(intptr_t ssl, intptr_t alert, intptr_t arg)"),
  );
  const protocol = koffi.pointer(
    koffi.proto(
      "int PorticoProtocol(intptr_t ssl, intptr_t out, intptr_t outLength, intptr_t in, uint inLength, intptr_t arg)",
    ),
  );
  return {
    addressOf: (bytes) => memmoveSelf(bytes, bytes, 0),
    copyFrom: (target, source, byteCount) => void memmove(target, source, byteCount),
    copyTo: (target, source, byteCount) => void memmoveTo(target, source, byteCount),
    serverNameCallback: (call) => koffi.register(call, serverName),
    protocolCallback: (call) => koffi.register(call, protocol),

    ERR_clear_error: bound("ERR_clear_error", "void", []),
    ERR_get_error: bound("ERR_get_error", "ulong", []),
    ERR_reason_error_string: bound("ERR_reason_error_string", "str", ["ulong"]),

    BIO_new: bound("BIO_new", p, [p]),
    BIO_s_mem: bound("BIO_s_mem", p, []),
    BIO_new_mem_buf: bound("BIO_new_mem_buf", p, ["void *", "int"]),
    BIO_up_ref: bound("BIO_up_ref", "int", [p]),
    BIO_free: bound("BIO_free", "int", [p]),
    BIO_read: bound("BIO_read", "int", [p, p, "int"]),
    BIO_write: bound("BIO_write", "int", [p, "void *", "int"]),
    BIO_ctrl_pending: bound("BIO_ctrl_pending", "size_t", [p]),
    BIO_ctrl: bound("BIO_ctrl", "long", [p, "int", "long", p]),

    PEM_read_bio_X509: bound("PEM_read_bio_X509", p, [p, p, p, p]),
    PEM_read_bio_PrivateKey: bound("PEM_read_bio_PrivateKey", p, [p, p, p, p]),
    X509_free: bound("X509_free", "void", [p]),
    EVP_PKEY_free: bound("EVP_PKEY_free", "void", [p]),

    TLS_server_method: bound("TLS_server_method", p, []),
    SSL_CTX_new: bound("SSL_CTX_new", p, [p]),
    SSL_CTX_free: bound("SSL_CTX_free", "void", [p]),
    SSL_CTX_ctrl: bound("SSL_CTX_ctrl", "long", [p, "int", "long", p]),
    SSL_CTX_ctrl_text: bound("SSL_CTX_ctrl", "long", [p, "int", "long", "str"]),
    SSL_CTX_callback_ctrl: program.func("SSL_CTX_callback_ctrl", "long", [p, "int", serverName]),
    SSL_CTX_set_options: bound("SSL_CTX_set_options", "uint64", [p, "uint64"]),
    SSL_CTX_set_cipher_list: bound("SSL_CTX_set_cipher_list", "int", [p, "str"]),
    SSL_CTX_set_ciphersuites: bound("SSL_CTX_set_ciphersuites", "int", [p, "str"]),
    SSL_CTX_use_certificate: bound("SSL_CTX_use_certificate", "int", [p, p]),
    SSL_CTX_use_PrivateKey: bound("SSL_CTX_use_PrivateKey", "int", [p, p]),
    SSL_CTX_check_private_key: bound("SSL_CTX_check_private_key", "int", [p]),
    SSL_CTX_set_session_id_context: bound("SSL_CTX_set_session_id_context", "int", [p, "void *", "uint"]),
    SSL_CTX_set_timeout: bound("SSL_CTX_set_timeout", "long", [p, "long"]),
    SSL_CTX_set_alpn_select_cb: program.func("SSL_CTX_set_alpn_select_cb", "void", [p, protocol, p]),

    SSL_new: bound("SSL_new", p, [p]),
    SSL_free: bound("SSL_free", "void", [p]),
    SSL_set0_rbio: bound("SSL_set0_rbio", "void", [p, p]),
    SSL_set0_wbio: bound("SSL_set0_wbio", "void", [p, p]),
    SSL_set_accept_state: bound("SSL_set_accept_state", "void", [p]),
    SSL_set_SSL_CTX: bound("SSL_set_SSL_CTX", p, [p, p]),
    SSL_do_handshake: bound("SSL_do_handshake", "int", [p]),
    SSL_read: bound("SSL_read", "int", [p, p, "int"]),
    SSL_write: bound("SSL_write", "int", [p, p, "int"]),
    SSL_shutdown: bound("SSL_shutdown", "int", [p]),
    SSL_get_error: bound("SSL_get_error", "int", [p, "int"]),
    SSL_get_version: bound("SSL_get_version", "str", [p]),
    SSL_get_current_cipher: bound("SSL_get_current_cipher", p, [p]),
    SSL_CIPHER_standard_name: bound("SSL_CIPHER_standard_name", "str", [p]),
    SSL_get_servername: bound("SSL_get_servername", "str", [p, "int"]),
    SSL_get0_alpn_selected: bound("SSL_get0_alpn_selected", "void", [p, "void *", "void *"]),
    SSL_session_reused: bound("SSL_session_reused", "int", [p]),
  };
}

/** What the symbols lead to must be the OpenSSL that Node itself was built for. */
function checkVersion(version: () => number, text: (which: number) => string): void {
  const ours = process.versions.openssl ?? "";
  const [, theirs = ""] = /^OpenSSL (\S+)/.exec(text(0)) ?? [];
  if (version() >>> 28 !== MAJOR) throw new Error(`OpenSSL ${theirs} is not of version ${MAJOR}`);
  if (theirs !== ours.replace(/\+.*$/, "")) {
    throw new Error(`the OpenSSL that is found (${theirs}) is not Node's (${ours})`);
  }
}
