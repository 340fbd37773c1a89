import { ErrorCode, PacketType } from "../../../protocol/codes.ts";
import { responseTypeOf } from "../../../protocol/packets.ts";
import type { GateSession } from "../gate-session.ts";
import { packetTypeOf } from "../refusals.ts";
import { messageKinds } from "../room-state.ts";
import type { EventOf } from "./event-of.ts";

export function published(session: GateSession, event: EventOf<"published">): void {
  session.onAnswered();
  session.context.fanOut.flushRoomsOf(session);
  const { requestId, offset, timeMs } = event;
  const type = responseTypeOf(packetTypeOf[event.request]);
  session.send(type, { requestId, code: ErrorCode.OK, offset, timeMs });
}

export function whispered(session: GateSession, event: EventOf<"whispered">): void {
  session.onAnswered();
  const { requestId, roomId, offset, timeMs } = event;
  session.send(PacketType.WHISPER_RESPONSE, { requestId, code: ErrorCode.OK, roomId, offset, timeMs });
}

export function whisper(session: GateSession, event: EventOf<"whisper">): void {
  const { roomId, from, to, offset, timeMs, text, target, replyTo } = event;
  const kind = messageKinds[event.kind];
  const fields = { roomId, from, to, offset, timeMs, text, kind, target, replyTo };
  session.send(PacketType.WHISPER_NOTICE, fields);
}

export function whisperTyping(session: GateSession, { roomId, name }: EventOf<"whisperTyping">): void {
  session.send(PacketType.TYPING_NOTICE, { roomId, name });
}

export function read(session: GateSession, { roomId, offset }: EventOf<"read">): void {
  session.send(PacketType.READ_NOTICE, { roomId, offset });
}
