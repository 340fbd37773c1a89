import { CloseCode, isCloseCode, WebSocketFault } from "./close-code.ts";
import { CONTROL_PAYLOAD_LIMIT_BYTES } from "./frame-header.ts";
import { isUtf8Range } from "./utf8-check.ts";

/** The longest reason that a close frame can give, bytes of UTF-8: 125 less two for the code. */
export const REASON_LIMIT_BYTES = CONTROL_PAYLOAD_LIMIT_BYTES - 2;

/**
 * The code of the close frame whose payload is bytes [start, end): 1005 (NO_CODE) when it is empty, the
 * negative {@link WebSocketFault} when no close frame may be like this (RFC 6455, 5.5.1, 7.4).
 */
export function readCloseCode(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return CloseCode.NO_CODE;
  if (end - start === 1) return -WebSocketFault.CLOSE_TOO_SHORT;
  const code = ((bytes[start] as number) << 8) | (bytes[start + 1] as number);
  if (!isCloseCode(code)) return -WebSocketFault.CLOSE_CODE;
  return isUtf8Range(bytes, start + 2, end) ? code : -WebSocketFault.REASON_NOT_UTF8;
}

/**
 * The payload of a close frame. A reason of more than 123 bytes is cut behind its last character that
 * fits. Throws RangeError when no close frame may say this code.
 */
export function closePayload(code: number, reason = ""): Uint8Array {
  if (!isCloseCode(code)) throw new RangeError(`no close frame may say the code ${code}`);
  const text = Buffer.from(reason, "utf8");
  let length = text.length;
  if (length > REASON_LIMIT_BYTES) {
    length = REASON_LIMIT_BYTES;
    // A byte 10xxxxxx goes on with the character before: the cut would be inside it.
    while (((text[length] as number) & 0xc0) === 0x80) length--;
  }
  const payload = Buffer.allocUnsafe(2 + length);
  payload.writeUInt16BE(code, 0);
  payload.set(text.subarray(0, length), 2);
  return payload;
}
