import type { ClientEventOf, ClientEventType } from "../../../src/client/client-events.ts";
import type { RoomInfo } from "../../../src/client/room-info.ts";
import { nameKey } from "../../../src/protocol/names.ts";
import { excerptOf } from "./reply-lookup.ts";
import type { Place } from "./place.ts";
import type { UserSession } from "./user-session.ts";

/** Invitations that are shown; above, the oldest goes. */
const INVITATION_LIMIT = 20;

/** The kinds of events that the state takes. */
export const SERVER_EVENTS = [
  "message",
  "whisper",
  "edited",
  "deleted",
  "reaction",
  "typing",
  "read",
  "userJoined",
  "userLeft",
  "memberCount",
  "roomUpdated",
  "roomClosed",
  "roomLost",
  "invited",
  "muted",
  "resumed",
  "gap",
  "warning",
] as const satisfies readonly ClientEventType[];

export type ServerEvent = ClientEventOf<(typeof SERVER_EVENTS)[number]>;

/** Brings what the client tells to the place that it is about. A room that this page knows nothing of is none of its. */
export function takeServerEvent(session: UserSession, event: ServerEvent): void {
  const { book } = session;
  if (event.type === "warning") {
    session.notice("error", "serverWarning", { detail: event.error.message });
    return;
  }
  const place =
    event.type === "whisper" ? book.conversation(event.peer, event.roomId) : book.byRoomId(event.roomId);
  switch (event.type) {
    case "message":
    case "whisper":
      if (place !== undefined) onMessage(session, place, event);
      break;
    case "edited":
    case "deleted":
    case "reaction":
      if (place === undefined) break;
      place.lastOffset = Math.max(place.lastOffset, event.offset);
      place.parts.timeline.applyLive(event);
      break;
    case "typing":
      place?.parts.typing.add(event.name);
      break;
    case "read":
      if (place?.markRead(event.offset) === true) session.staleTimeline(place);
      break;
    case "userJoined":
      place?.parts.members.onJoined(event.name);
      if (place === session.lobby) session.presence.onJoined(event.name);
      onPeople(session, place);
      break;
    case "userLeft":
      place?.parts.members.onLeft(event.name);
      place?.parts.typing.remove(event.name);
      if (place === session.lobby) session.presence.onLeft(event.name);
      onPeople(session, place);
      break;
    case "memberCount":
      place?.parts.members.onPresentCount(event.memberCount);
      if (place === session.lobby) session.presence.forget();
      onPeople(session, place);
      break;
    case "roomUpdated":
      onRoomUpdated(session, event);
      break;
    case "roomClosed":
      onRoomClosed(session, place, event);
      break;
    case "roomLost":
      onRoomLost(session, place, event);
      break;
    case "invited":
      onInvited(session, event);
      break;
    case "muted":
      onMuted(session, place, event);
      break;
    case "resumed":
      onResumed(session, event);
      break;
    case "gap":
      place?.parts.timeline.onMissed();
      break;
  }
}

function onMessage(
  session: UserSession,
  place: Place,
  event: ClientEventOf<"message"> | ClientEventOf<"whisper">,
): void {
  const { sender, isOwn, isMissed } = event;
  const isForMe = event.type === "whisper" || event.mentionsMe;
  place.onMessage(event);
  place.parts.typing.remove(sender);
  place.parts.timeline.applyLive(event);
  if (sender === session.userName) {
    // Who answers has read what was said before.
    session.markRead(place, event.offset);
    if (isOwn) onOwnMessage(session, place);
  } else if (isForMe && !isMissed) {
    notify(session, place, event);
  }
  session.staleTimeline(place);
  // With the first whisper a conversation gets its id.
  if (event.type === "whisper" && place === session.current) session.stale.place();
}

/** In slow mode the next one must wait. */
function onOwnMessage(session: UserSession, place: Place): void {
  const { info } = place;
  if (info === undefined || !isHeldBack(info)) return;
  const { slowModeMs } = info;
  place.waitUntilMs = session.nowMs + slowModeMs;
  if (place !== session.current) return;
  session.stale.composer();
  session.host.environment.startTimer(slowModeMs, session.stale.composer);
}

/** Slow mode is for ordinary members. */
function isHeldBack({ slowModeMs, role }: RoomInfo): boolean {
  return slowModeMs > 0 && role !== "owner" && role !== "moderator";
}

/** Said to this user, or about, while nobody looks. */
function notify(
  session: UserSession,
  place: Place,
  { sender, text }: ClientEventOf<"message"> | ClientEventOf<"whisper">,
): void {
  const { host } = session;
  if (!session.areNotificationsOn() || host.isAttended() || session.blocked.has(nameKey(sender))) return;
  host.notify({
    title: place.kind === "direct" ? sender : `${sender} · ${place.name}`,
    body: excerptOf(text),
    tag: `portico:${place.key}`,
    onClick: () => session.open(place.key),
  });
}

function onPeople(session: UserSession, place: Place | undefined): void {
  if (place === undefined) return;
  syncInfo(session, place);
  session.stale.sideList();
  if (place === session.current || session.current?.kind === "direct") session.stale.place();
}

/** What the client knows of the room now: how many are in it, its epoch, its offsets. */
function syncInfo(session: UserSession, place: Place): void {
  const info = session.client.rooms.find(({ roomId }) => roomId === place.roomId);
  if (info !== undefined && place.info !== undefined) place.info = info;
}

function onRoomUpdated(
  session: UserSession,
  { roomId, info, hasNewRole }: ClientEventOf<"roomUpdated">,
): void {
  const place = session.book.byRoomId(roomId);
  if (place === undefined) return;
  const before = place.info;
  place.onJoined(info);
  if (hasNewRole && before !== undefined && before.role !== info.role) {
    session.notice("info", "roleChanged", { room: info.name, role: info.role });
  }
  // Nobody waits for longer than the room asks for now.
  if (!isHeldBack(info)) place.waitUntilMs = 0;
  else place.waitUntilMs = Math.min(place.waitUntilMs, session.nowMs + info.slowModeMs);
  if (place.parts.members.isRead && place === session.current) void place.parts.members.load();
  session.stale.sideList();
  if (place !== session.current) return;
  session.stale.place();
  session.stale.composer();
  session.stale.members();
}

const closedCodes = {
  deleted: "roomDeleted",
  kicked: "roomKicked",
  banned: "roomBanned",
  left: "roomLeft",
} as const;

function onRoomClosed(
  session: UserSession,
  place: Place | undefined,
  { room, cause, detail }: ClientEventOf<"roomClosed">,
): void {
  session.notice(cause === "left" ? "info" : "error", closedCodes[cause], { room, detail });
  if (place !== undefined) {
    if (cause === "kicked") onLeft(session, place);
    else session.remove(place);
  }
  session.entrance.keepRooms();
}

function onRoomLost(
  session: UserSession,
  place: Place | undefined,
  { roomId, room, error }: ClientEventOf<"roomLost">,
): void {
  session.catchingUp.delete(roomId);
  session.stale.connection();
  session.notice("error", "roomLost", { room }, session.toFailure(error));
  if (place !== undefined) onLeft(session, place);
  session.entrance.keepRooms();
}

function onInvited(session: UserSession, { roomId, room, by }: ClientEventOf<"invited">): void {
  const others = session.invitations.filter((invitation) => invitation.roomId !== roomId);
  session.invitations = [...others, { roomId, room, by }].slice(-INVITATION_LIMIT);
  session.notice("info", "invited", { room, by });
  session.stale.sideList();
}

/** In one room, or (roomId 0) everywhere. */
function onMuted(
  session: UserSession,
  place: Place | undefined,
  { roomId, room, isMuted, untilMs, reason, by }: ClientEventOf<"muted">,
): void {
  const { nowMs, host, stale } = session;
  for (const each of roomId === 0 ? session.book.all : [place]) {
    if (each === undefined) continue;
    if (isMuted) each.block = { reason: "muted", untilMs, mayTry: true };
    else if (each.block?.reason === "muted") each.block = undefined;
  }
  if (untilMs > nowMs) host.environment.startTimer(untilMs - nowMs, stale.composer);
  stale.composer();
  if (isMuted) session.notice("error", "muted", { room, by, detail: reason });
  else session.notice("info", "unmuted", { room });
}

/** This session is in the room no more; a member may open it again. */
function onLeft(session: UserSession, place: Place): void {
  const isCurrent = place === session.current;
  place.info = undefined;
  place.parts.timeline.release();
  place.parts.members.forget();
  if (place.listing === undefined || place.listing.role === "none") session.remove(place);
  else if (isCurrent) session.open(session.lobby.key);
  session.stale.sideList();
}

function onResumed(session: UserSession, event: ClientEventOf<"resumed">): void {
  const { roomId, previousRoomId, room, recovered } = event;
  const { book, catchingUp, client } = session;
  catchingUp.delete(previousRoomId);
  catchingUp.delete(roomId);
  session.stale.connection();
  const place = book.byRoomId(previousRoomId) ?? book.byRoomId(roomId);
  if (place === undefined) return;
  const info = client.rooms.find((known) => known.roomId === roomId);
  const isMadeAnew = place.kind === "room" && info !== undefined && info.epoch !== place.info?.epoch;
  place.roomId = roomId;
  if (isMadeAnew) {
    place.onMadeAnew(info);
    place.parts.timeline.onMadeAnew();
    session.notice("info", "roomMadeAnew", { room });
  } else {
    if (info !== undefined) place.info = info;
    if (!recovered) place.parts.timeline.onMissed();
  }
  place.parts.members.forget();
  if (place === session.current && place.kind === "room") void place.parts.members.load();
  session.staleTimeline(place);
  session.stale.place();
}
