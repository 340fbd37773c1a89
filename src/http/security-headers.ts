/**
 * The headers that keep a browser from doing with our pages, and our answers, what they are not for. CSP:
 * W3C Content Security Policy Level 3; the others: the Fetch and HTML standards.
 */

/** What pages of the web client may do: everything from here, nothing from elsewhere, no inline script. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  // 'self' holds for ws: and wss: of the same host and port, too (CSP3, 6.7.2.8).
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** What is not a page may do nothing, should a browser take it for one. */
export const ANSWER_POLICY =
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** On every answer. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "Content-Security-Policy": ANSWER_POLICY,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
  "X-Frame-Options": "DENY",
};

/** What may be kept by caches: files whose name says what is in them; pages are asked for anew each time. */
export const CacheControl = {
  /** Hashed file names: for a year, without asking. */
  immutable: "public, max-age=31536000, immutable",
  /** Pages and files whose name stays: kept, but asked for each time (ETag). */
  revalidate: "no-cache",
  /** Answers that are about now. */
  never: "no-store",
} as const;
