import type {
  DeleteMessageRequest,
  EditMessageRequest,
  PublishRequest,
  ReactRequest,
  Typing,
  WhisperRequest,
} from "../../../protocol/generated/portico/v1/portico_pb.js";
import { checkUserName } from "../../../protocol/names.ts";
import { checkClientMessageId, checkReaction, checkText } from "../../../protocol/text.ts";
import { utf8Size } from "../../../protocol/utf8.ts";
import type { RoomId } from "../../names.ts";
import type { GateSession } from "../gate-session.ts";
import type { FilterContext, FilterVerdict } from "../message-filter.ts";
import { isRefused, type Refused } from "../refusals.ts";
import { ask } from "./ask.ts";
import { wholeOf } from "./wire-values.ts";

const noSuchUser: Refused = { code: "USER_NOT_FOUND", detail: "no user has this name" };
const noSuchMessage: Refused = { code: "MESSAGE_NOT_FOUND", detail: "offsets begin at 1" };

/** The hot one: no object but the command itself is made where nothing is wrong. */
export function publish(session: GateSession, body: PublishRequest): Refused | undefined {
  const { requestId, roomId, clientMessageId } = body;
  let { text } = body;
  const fault = messageFault(session, clientMessageId, text);
  if (fault !== undefined) return fault;
  const { messageFilter, fanOutRate } = session.context;
  if (messageFilter !== undefined) {
    const filtered = filter(session, text, { request: "publish", roomId, to: "" });
    if (typeof filtered === "object") return filtered;
    text = filtered;
  }
  if (fanOutRate !== undefined) {
    const refused = charge(session, roomId, text);
    if (refused !== undefined) return refused;
  }
  const replyTo = body.replyTo === 0n ? 0 : wholeOf(body.replyTo);
  session.request({
    type: "publish",
    session: session.key,
    requestId,
    roomId,
    clientMessageId,
    text,
    replyTo,
  });
  return undefined;
}

export function editMessage(session: GateSession, body: EditMessageRequest): Refused | undefined {
  const { requestId, roomId, offset, clientMessageId } = body;
  const fault = messageFault(session, clientMessageId, body.text) ?? targetFault(offset);
  if (fault !== undefined) return fault;
  const text = filter(session, body.text, { request: "editMessage", roomId, to: "" });
  if (typeof text === "object") return text;
  const refused = charge(session, roomId, text);
  if (refused !== undefined) return refused;
  return ask(session, "editMessage", requestId, { roomId, target: wholeOf(offset), clientMessageId, text });
}

export function deleteMessage(session: GateSession, body: DeleteMessageRequest): Refused | undefined {
  const { requestId, roomId, offset, clientMessageId } = body;
  const refused = idFault(clientMessageId) ?? targetFault(offset) ?? charge(session, roomId, "");
  if (refused !== undefined) return refused;
  return ask(session, "deleteMessage", requestId, { roomId, target: wholeOf(offset), clientMessageId });
}

export function react(session: GateSession, body: ReactRequest): Refused | undefined {
  const { requestId, roomId, offset, clientMessageId, reaction, remove } = body;
  const fault = idFault(clientMessageId) ?? targetFault(offset);
  if (fault !== undefined) return fault;
  const check = checkReaction(reaction);
  if (!check.ok) return { code: "TEXT_INVALID", detail: check.reason };
  const refused = charge(session, roomId, reaction);
  if (refused !== undefined) return refused;
  const target = wholeOf(offset);
  return ask(session, "react", requestId, { roomId, target, clientMessageId, reaction, remove });
}

export function whisper(session: GateSession, body: WhisperRequest): Refused | undefined {
  const { requestId, to, clientMessageId } = body;
  const fault = messageFault(session, clientMessageId, body.text);
  if (fault !== undefined) return fault;
  if (!checkUserName(to).ok) return noSuchUser;
  const text = filter(session, body.text, { request: "whisper", roomId: 0, to });
  if (typeof text === "object") return text;
  return ask(session, "whisper", requestId, { to, clientMessageId, text, replyTo: wholeOf(body.replyTo) });
}

export function typing(session: GateSession, { roomId }: Typing): Refused | undefined {
  const refused = charge(session, roomId, "");
  if (refused === undefined) session.tell({ type: "typing", session: session.key, roomId });
  return refused;
}

function idFault(clientMessageId: string): Refused | undefined {
  const id = checkClientMessageId(clientMessageId);
  return id.ok ? undefined : { code: "INVALID_PACKET", detail: id.reason };
}

/** What is wrong with a message, undefined when nothing is. */
function messageFault(session: GateSession, clientMessageId: string, text: string): Refused | undefined {
  const fault = idFault(clientMessageId);
  if (fault !== undefined) return fault;
  const check = checkText(text, session.context.settings.limits.textBytes);
  return check.ok ? undefined : { code: "TEXT_INVALID", detail: check.reason };
}

function targetFault(offset: bigint): Refused | undefined {
  return offset === 0n ? noSuchMessage : undefined;
}

/** Charges what telling the room's members costs. */
function charge(session: GateSession, roomId: RoomId, text: string): Refused | undefined {
  const { fanOutRate, fanOut, clock } = session.context;
  if (fanOutRate === undefined) return undefined;
  const memberCount = fanOut.memberCount(roomId);
  if (memberCount === 0) return undefined;
  const retryAfterMs = fanOutRate.take(session, memberCount, utf8Size(text), clock.monotonicMs());
  if (retryAfterMs === 0) return undefined;
  return { code: "RATE_LIMITED", detail: "too much for so large a room", retryAfterMs };
}

/** The text that is to be said, or why it is not. */
function filter(session: GateSession, text: string, where: Omit<FilterContext, "user">): string | Refused {
  const verdict = verdictOf(session, text, where);
  if (isRefused(verdict)) return verdict;
  switch (verdict.action) {
    case "allow":
      return text;
    case "refuse":
      return { code: "TEXT_REFUSED", detail: verdict.reason };
    case "replace": {
      const check = checkText(verdict.text, session.context.settings.limits.textBytes);
      return check.ok ? verdict.text : { code: "TEXT_REFUSED", detail: check.reason };
    }
  }
}

const ALLOW: FilterVerdict = { action: "allow" };

function verdictOf(
  session: GateSession,
  text: string,
  where: Omit<FilterContext, "user">,
): FilterVerdict | Refused {
  const { messageFilter, log } = session.context;
  if (messageFilter === undefined) return ALLOW;
  try {
    return messageFilter(text, { user: session.userName ?? "", ...where });
  } catch (error) {
    // It is the operator's own code.
    log.error({ err: error }, "the message filter failed");
    return { code: "SERVER_ERROR", detail: "the text could not be checked", retryAfterMs: 1000 };
  }
}
