/**
 * Tells a session where one frame ends and the next begins. Stateless, so one framer serves every
 * session; what a frame means is the handler's business.
 */
export interface Framer {
  /**
   * Length of the frame at bytes[start…end): > 0 once known (it may exceed what is there: more is
   * needed), 0 when more bytes are needed to know, < 0 when it can never become a frame: the negative
   * disconnect code that says why. Must be decided as soon as the bytes allow it.
   */
  frameLength(bytes: Uint8Array, start: number, end: number): number;
  /** Bytes after which `frameLength` is never 0. */
  readonly headerBytes: number;
  /** The longest frame, bytes. */
  readonly frameLimitBytes: number;
}

/** No framing: whatever arrived is a frame. For byte streams such as an echo. */
export const rawFramer: Framer = {
  frameLength: (_bytes, start, end) => end - start,
  headerBytes: 1,
  frameLimitBytes: Number.MAX_SAFE_INTEGER,
};
