import type { Appended, MessageKind } from "../store/store.ts";
import type { RequestOf } from "./command.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";

/** A request that changes a message which is there already. */
export type AmendRequest = RequestOf<"editMessage" | "deleteMessage" | "react">;

/** A request that adds an entry to a log. */
export type EntryRequestName = "publish" | AmendRequest["type"];

/** What kind of entry the request makes. */
export function kindOf(request: AmendRequest): MessageKind {
  if (request.type === "editMessage") return "edit";
  if (request.type === "deleteMessage") return "delete";
  return request.remove ? "reactionRemoved" : "reaction";
}

/** The text of that entry. */
export function textOf(request: AmendRequest): string {
  if (request.type === "editMessage") return request.text;
  return request.type === "react" ? request.reaction : "";
}

/** Says why nothing was appended, if the session is still there. */
export function refuseEntry(
  context: HubContext,
  session: HubSession,
  requestId: number,
  request: EntryRequestName,
  why: NonNullable<Appended["refused"]>,
): void {
  if (session.isGone) return;
  if (why === "NO_CHANGE" && request !== "publish") {
    // What was asked for is so already.
    const { wallMs: timeMs } = context.now;
    context.tell(session, { type: "published", session: session.key, requestId, request, offset: 0, timeMs });
  } else if (request === "publish") {
    // A message is refused only where the room was deleted while it was on its way.
    context.refuse(session.key, requestId, request, "ROOM_NOT_FOUND", "no such room");
  } else if (why === "NO_TARGET") {
    context.refuse(session.key, requestId, request, "MESSAGE_NOT_FOUND", "there is no such message");
  } else {
    context.refuse(session.key, requestId, request, "PERMISSION_DENIED", "the message is somebody else's");
  }
}
