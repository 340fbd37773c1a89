/** The door of the WebSocket layer. */
export { CloseCode, closeCodeOf, describeFault, isCloseCode, WebSocketFault } from "./close-code.ts";
export { deflateFrame, type FramedRange, releaseRanges } from "./deflate-frame.ts";
export { type NegotiatedDeflate, negotiateDeflate } from "./deflate-negotiation.ts";
export { defaultDeflateSettings, deflateSettings, type DeflateSettings } from "./deflate-settings.ts";
export {
  FRAME_HEADER_ROOM_BYTES,
  type FrameFlags,
  frameHeaderBytes,
  Opcode,
  writeFrameHeader,
} from "./frame-header.ts";
export {
  acceptKey,
  checkUpgrade,
  type UpgradeAnswer,
  type UpgradeRequest,
  type UpgradeRules,
} from "./handshake.ts";
export { applyMask } from "./mask.ts";
export { OriginError, originRule, type OriginRule } from "./origin-rule.ts";
export { WebSocketConnection } from "./websocket-connection.ts";
export {
  checkMessageLimit,
  DEFAULT_MESSAGE_LIMIT_BYTES,
  MESSAGE_LIMIT_CEILING_BYTES,
  WebSocketFramer,
} from "./websocket-framer.ts";
export type { WebSocketHandler, WebSocketOptions } from "./websocket-handler.ts";
