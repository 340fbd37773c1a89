/** Numbers of OpenSSL 3's headers (ssl.h, tls1.h, bio.h); node:crypto gives the SSL_OP_… ones. */
export const SSL_CTRL_EXTRA_CHAIN_CERT = 14;
export const SSL_CTRL_MODE = 33;
export const SSL_CTRL_SET_SESS_CACHE_MODE = 44;
export const SSL_CTRL_SET_TLSEXT_SERVERNAME_CB = 53;
export const SSL_CTRL_SET_GROUPS_LIST = 92;
export const SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
export const SSL_CTRL_SET_MAX_PROTO_VERSION = 124;

/** An idle connection holds no record buffers. */
export const SSL_MODE_RELEASE_BUFFERS = 0x10;

/** Tickets alone: no session is kept here (SSL_CTX_set_session_cache_mode(3)). */
export const SSL_SESS_CACHE_SERVER = 0x2;
export const SSL_SESS_CACHE_NO_AUTO_CLEAR = 0x80;
export const SSL_SESS_CACHE_NO_INTERNAL = 0x300;

export const TLS1_2_VERSION = 0x303;
export const TLS1_3_VERSION = 0x304;

/** What the callbacks answer (tls1.h). */
export const SSL_TLSEXT_ERR_OK = 0;
export const SSL_TLSEXT_ERR_ALERT_FATAL = 2;
export const SSL_TLSEXT_ERR_NOACK = 3;
export const TLSEXT_NAMETYPE_host_name = 0;

/** SSL_get_error(3). */
export const SSL_ERROR_WANT_READ = 2;
export const SSL_ERROR_ZERO_RETURN = 6;

export const BIO_CTRL_RESET = 1;
export const BIO_C_SET_BUF_MEM_EOF_RETURN = 130;

/** The longest record (RFC 8446, 5.1), and the most that one is longer than what it carries (5.2; RFC 5246, 6.2.3). */
export const RECORD_BYTES = 16_384;
export const RECORD_OVERHEAD_BYTES = 325;
