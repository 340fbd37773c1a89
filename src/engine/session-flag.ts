/** What may be said of a session beside its state: bits, because each field costs every session eight bytes. */
export const Flag = {
  /** Our half was ended: only the peer's FIN is awaited. */
  SHUT_DOWN: 1,
  /** The program paused receiving. */
  PAUSED: 2,
  /** Receiving was stopped, or is being stopped, on purpose: it can be started again. */
  STOPPED: 4,
  /** The peer has finished sending. */
  PEER_ENDED: 8,
  /** The handler has `onDrained`. Kept here, so that it need not be looked at for a method that few have. */
  TELLS_DRAINED: 16,
  /** The peer has connected to us. */
  INBOUND: 32,
} as const;
