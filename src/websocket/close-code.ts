/** The status codes of close frames that have a name (RFC 6455, section 7.4.1, and its registry at IANA). */
export const CloseCode = {
  NORMAL: 1000,
  /** The server is going down, or the page is being left. */
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  /** Never sent: the peer's close frame had no code. */
  NO_CODE: 1005,
  /** Never sent: the connection ended without a close frame. */
  NO_CLOSE_FRAME: 1006,
  /** A text that is not UTF-8, or a message that does not decompress. */
  INVALID_PAYLOAD: 1007,
  POLICY_VIOLATION: 1008,
  MESSAGE_TOO_BIG: 1009,
  EXTENSION_REQUIRED: 1010,
  INTERNAL_ERROR: 1011,
  SERVICE_RESTART: 1012,
  TRY_AGAIN_LATER: 1013,
  BAD_GATEWAY: 1014,
} as const;

/**
 * Whether a close frame may say this code: 1000–1003, 1007–1014 and 3000–4999 (sections 7.4.1, 7.4.2).
 * The rest is reserved, or is for telling a program what no frame said.
 */
export function isCloseCode(code: number): boolean {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/**
 * What a peer can do wrong. These are the engine's details of PACKET_ERROR; a hundredth of the number
 * is the code of the close frame that answers it.
 */
export const WebSocketFault = {
  /** RSV2 or RSV3, or RSV1 where no extension gave it a meaning (5.2; RFC 7692, 6.1). */
  RESERVED_BITS: 100_201,
  RESERVED_OPCODE: 100_202,
  /** A client's frame without a mask (5.1). */
  NOT_MASKED: 100_203,
  /** A control frame with FIN clear (5.5). */
  CONTROL_FRAGMENTED: 100_204,
  /** A control frame of more than 125 bytes (5.5). */
  CONTROL_TOO_LONG: 100_205,
  /** A length written in more bytes than it needs (5.2). */
  LENGTH_NOT_MINIMAL: 100_206,
  /** A continuation frame, and nothing to continue (5.4). */
  NOTHING_TO_CONTINUE: 100_207,
  /** A new message inside a fragmented one (5.4). */
  MESSAGE_NOT_FINISHED: 100_208,
  /** A close frame with one byte of payload (5.5.1). */
  CLOSE_TOO_SHORT: 100_209,
  /** A close frame with a code that none may have (7.4). */
  CLOSE_CODE: 100_210,
  /** A text that is not UTF-8 (8.1). */
  TEXT_NOT_UTF8: 100_701,
  /** The reason in a close frame is not UTF-8 (5.5.1). */
  REASON_NOT_UTF8: 100_702,
  /** A compressed message that does not decompress (RFC 7692, 7.2.2). */
  NOT_DEFLATED: 100_703,
  /** Too many pings and pongs in a short time. */
  CONTROL_RATE: 100_801,
  /** A message in too many pieces. */
  TOO_MANY_FRAGMENTS: 100_802,
  /** A frame or a message above the limit, compressed or not (10.4). */
  MESSAGE_TOO_BIG: 100_901,
} as const;

export type WebSocketFault = (typeof WebSocketFault)[keyof typeof WebSocketFault];

const textByFault: Readonly<Record<WebSocketFault, string>> = {
  [WebSocketFault.RESERVED_BITS]: "a reserved bit is set",
  [WebSocketFault.RESERVED_OPCODE]: "a reserved opcode",
  [WebSocketFault.NOT_MASKED]: "a frame is not masked",
  [WebSocketFault.CONTROL_FRAGMENTED]: "a control frame is fragmented",
  [WebSocketFault.CONTROL_TOO_LONG]: "a control frame has more than 125 bytes",
  [WebSocketFault.LENGTH_NOT_MINIMAL]: "a length takes more bytes than it needs",
  [WebSocketFault.NOTHING_TO_CONTINUE]: "there is no message to continue",
  [WebSocketFault.MESSAGE_NOT_FINISHED]: "the message before is not finished",
  [WebSocketFault.CLOSE_TOO_SHORT]: "a close frame of one byte",
  [WebSocketFault.CLOSE_CODE]: "a close code that may not be sent",
  [WebSocketFault.TEXT_NOT_UTF8]: "a text is not UTF-8",
  [WebSocketFault.REASON_NOT_UTF8]: "the reason for closing is not UTF-8",
  [WebSocketFault.NOT_DEFLATED]: "a message does not decompress",
  [WebSocketFault.CONTROL_RATE]: "too many pings and pongs",
  [WebSocketFault.TOO_MANY_FRAGMENTS]: "a message has too many fragments",
  [WebSocketFault.MESSAGE_TOO_BIG]: "a message is too big",
};

/** The close code that answers this fault: 1002, 1007, 1008 or 1009. */
export function closeCodeOf(fault: number): number {
  return Math.trunc(fault / 100);
}

/** What was wrong, in plain words; the reason in the close frame that answers it. */
export function describeFault(fault: number): string {
  return textByFault[fault as WebSocketFault] ?? "";
}
