import type { RoomId } from "../names.ts";
import type { MessageKind, NewMessage } from "../store/store.ts";
import type { HubSession } from "./hub-session.ts";

/** An entry for the store. Made here alone, so that all have one shape. */
export function newEntry(
  session: HubSession,
  roomId: RoomId,
  clientMessageId: string,
  timeMs: number,
  kind: MessageKind,
  text: string,
  target: number,
  replyTo: number,
  asModerator: boolean,
): NewMessage {
  const { id, name } = session.user;
  return {
    roomId,
    senderId: id,
    senderName: name,
    clientMessageId,
    text,
    timeMs,
    kind,
    target,
    replyTo,
    asModerator,
  };
}
