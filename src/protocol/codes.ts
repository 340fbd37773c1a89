import { DisconnectCode, ErrorCode, PacketType } from "./generated/portico/v1/portico_pb.js";

export { DisconnectCode, ErrorCode, PacketType };

/** "OK", "AUTH_FAILED", … : the names docs/PROTOCOL.md uses. */
export type ErrorCodeName = keyof typeof ErrorCode;
export type DisconnectCodeName = keyof typeof DisconnectCode;

/** 3000–3499: the client should connect again; 3500–3999: it should not. */
export function mayReconnect(code: DisconnectCode): boolean {
  const number: number = code;
  return number < 3500;
}
