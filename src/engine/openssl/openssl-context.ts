import { constants, createPrivateKey } from "node:crypto";
import { assert } from "../../base/assert.ts";
import * as k from "./constants.ts";
import type { Address, OpensslCalls } from "./openssl-calls.ts";
import { notNull, takeError } from "./openssl-error.ts";
import { type OpensslChoices, OpensslWorkshop } from "./openssl-workshop.ts";

/** What an {@link OpensslContext} is made of; what is in it has been found good by Node before. */
export interface OpensslContextOptions {
  /** PEM: the certificate, then those between it and the authority. */
  readonly certificate: string;
  readonly key: string;
  readonly passphrase?: string;
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  /** SSL_OP_… bits. */
  readonly secureOptions: number;
  readonly sessionIdContext: string;
  readonly ticketSeconds: number;
  /** As OpenSSL writes lists of them: colons between, TLS 1.3's begin with `TLS_`. */
  readonly ciphers: string;
  /** Groups for key exchange, as OpenSSL writes lists of them; undefined: its own. */
  readonly groups?: string;
}

/**
 * An SSL_CTX for servers: a certificate with its key and what Node sets for tls.createServer. It is
 * OpenSSL's until every connection that was made of it is freed, and it is freed after this object.
 */
export class OpensslContext implements OpensslChoices {
  readonly address: Address;
  contextFor: OpensslChoices["contextFor"] = () => undefined;
  applicationProtocols: readonly string[] = [];
  readonly #shop = OpensslWorkshop.get();
  readonly #calls: OpensslCalls = this.#shop.calls;

  /** Throws OpensslError; another Error where OpenSSL is not called from here. */
  constructor(options: OpensslContextOptions) {
    const calls = this.#calls;
    calls.ERR_clear_error();
    this.address = notNull(calls, "SSL_CTX_new", calls.SSL_CTX_new(calls.TLS_server_method()));
    freed.register(this, { calls, address: this.address });
    const { address } = this;
    this.#setVersion(
      k.SSL_CTRL_SET_MIN_PROTO_VERSION,
      options.minVersion === "TLSv1.3" ? k.TLS1_3_VERSION : k.TLS1_2_VERSION,
    );
    calls.SSL_CTX_set_options(
      address,
      options.secureOptions | constants.SSL_OP_CIPHER_SERVER_PREFERENCE | constants.SSL_OP_NO_COMPRESSION,
    );
    calls.SSL_CTX_ctrl(address, k.SSL_CTRL_MODE, k.SSL_MODE_RELEASE_BUFFERS, 0);
    calls.SSL_CTX_ctrl(
      address,
      k.SSL_CTRL_SET_SESS_CACHE_MODE,
      k.SSL_SESS_CACHE_SERVER | k.SSL_SESS_CACHE_NO_INTERNAL | k.SSL_SESS_CACHE_NO_AUTO_CLEAR,
      0,
    );
    const id = Buffer.from(options.sessionIdContext);
    this.#must(
      "SSL_CTX_set_session_id_context",
      calls.SSL_CTX_set_session_id_context(address, id, id.byteLength),
    );
    calls.SSL_CTX_set_timeout(address, options.ticketSeconds);
    this.#setCiphers(options.ciphers);
    if (options.groups !== undefined) {
      this.#must(
        "SSL_CTX_set1_groups_list",
        calls.SSL_CTX_ctrl_text(address, k.SSL_CTRL_SET_GROUPS_LIST, 0, options.groups),
      );
    }
    this.#useCertificates(options.certificate);
    this.#useKey(options);
  }

  /** Once, before a connection is begun with it: what is asked for names and protocols. */
  setChoices(contextFor: OpensslChoices["contextFor"], applicationProtocols: readonly string[]): void {
    const { calls, onServerName, onProtocol } = this.#shop;
    this.contextFor = contextFor;
    this.applicationProtocols = applicationProtocols;
    calls.SSL_CTX_callback_ctrl(this.address, k.SSL_CTRL_SET_TLSEXT_SERVERNAME_CB, onServerName);
    if (applicationProtocols.length > 0) calls.SSL_CTX_set_alpn_select_cb(this.address, onProtocol, 0);
  }

  /** As Node: a version that has no cipher in the list is not spoken. */
  #setCiphers(ciphers: string): void {
    const calls = this.#calls;
    const names = ciphers.split(":");
    const suites = names.filter((name) => name.startsWith("TLS_"));
    const older = names.filter((name) => !name.startsWith("TLS_") && name !== "");
    this.#must("SSL_CTX_set_ciphersuites", calls.SSL_CTX_set_ciphersuites(this.address, suites.join(":")));
    if (suites.length === 0) this.#setVersion(k.SSL_CTRL_SET_MAX_PROTO_VERSION, k.TLS1_2_VERSION);
    if (older.length === 0) this.#setVersion(k.SSL_CTRL_SET_MIN_PROTO_VERSION, k.TLS1_3_VERSION);
    else this.#must("SSL_CTX_set_cipher_list", calls.SSL_CTX_set_cipher_list(this.address, older.join(":")));
  }

  #setVersion(command: number, version: number): void {
    this.#must("SSL_CTX_ctrl", this.#calls.SSL_CTX_ctrl(this.address, command, version, 0));
  }

  #useCertificates(pem: string): void {
    const calls = this.#calls;
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
    assert(blocks.length > 0, "Node has read a certificate in it");
    for (const [index, block] of blocks.entries()) {
      const certificate = this.#read(`${block}\n`, (bio) => calls.PEM_read_bio_X509(bio, 0, 0, 0));
      if (index === 0) {
        const result = calls.SSL_CTX_use_certificate(this.address, certificate);
        calls.X509_free(certificate);
        this.#must("SSL_CTX_use_certificate", result);
      } else {
        // The context's own from now on.
        const result = calls.SSL_CTX_ctrl(this.address, k.SSL_CTRL_EXTRA_CHAIN_CERT, 0, certificate);
        if (result !== 1) calls.X509_free(certificate);
        this.#must("SSL_CTX_add_extra_chain_cert", result);
      }
    }
  }

  /** Node decrypts it: OpenSSL would ask for a passphrase at the terminal. */
  #useKey({ key, passphrase }: OpensslContextOptions): void {
    const calls = this.#calls;
    const pem = createPrivateKey({ key, ...(passphrase === undefined ? {} : { passphrase }) }).export({
      type: "pkcs8",
      format: "pem",
    });
    const address = this.#read(pem, (bio) => calls.PEM_read_bio_PrivateKey(bio, 0, 0, 0));
    const result = calls.SSL_CTX_use_PrivateKey(this.address, address);
    calls.EVP_PKEY_free(address);
    this.#must("SSL_CTX_use_PrivateKey", result);
    this.#must("SSL_CTX_check_private_key", calls.SSL_CTX_check_private_key(this.address));
  }

  #read(pem: string | Buffer, read: (bio: Address) => Address): Address {
    const bytes = Buffer.from(pem);
    const bio = notNull(this.#calls, "BIO_new_mem_buf", this.#calls.BIO_new_mem_buf(bytes, bytes.byteLength));
    const address = read(bio);
    this.#calls.BIO_free(bio);
    bytes.fill(0);
    return notNull(this.#calls, "PEM_read_bio", address);
  }

  #must(operation: string, result: number): void {
    if (result !== 1) throw takeError(this.#calls, operation);
  }
}

const freed = new FinalizationRegistry<{ calls: OpensslCalls; address: Address }>(({ calls, address }) => {
  calls.SSL_CTX_free(address);
});
