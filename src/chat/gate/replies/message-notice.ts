import type { MessageNotice } from "../../../protocol/generated/portico/v1/portico_pb.js";
import type { PlainMessage } from "../../../protocol/packets.ts";
import type { HistoryMessage } from "../../hub/event.ts";
import type { RoomId } from "../../names.ts";
import { messageKinds } from "../room-state.ts";

/** An entry of a log as history shows it. */
export function historyNotice(roomId: RoomId, message: HistoryMessage): PlainMessage<MessageNotice> {
  return {
    roomId,
    offset: message.offset,
    timeMs: message.timeMs,
    sender: message.sender,
    text: message.text,
    kind: messageKinds[message.kind],
    target: message.target,
    replyTo: message.replyTo,
    editedMs: message.editedMs,
    deleted: message.deleted,
    reactions: message.reactions,
    changedOffset: message.changedOffset,
  };
}
