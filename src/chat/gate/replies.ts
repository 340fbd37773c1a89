import type { SessionEvent } from "../hub/event.ts";
import type { GateSession } from "./gate-session.ts";
import type { EventOf } from "./replies/event-of.ts";
import * as lists from "./replies/lists.ts";
import * as messages from "./replies/messages.ts";
import * as rooms from "./replies/rooms.ts";
import * as sessions from "./replies/session.ts";

/** What is done with each event for one session. */
const replies: {
  readonly [Type in SessionEvent["type"]]: (session: GateSession, event: EventOf<Type>) => void;
} = {
  signedIn: sessions.signedIn,
  done: sessions.done,
  revoked: sessions.revoked,
  invitation: sessions.invitation,
  refused: sessions.refused,
  ended: sessions.ended,

  joined: rooms.joined,
  passwordNeeded: rooms.passwordNeeded,
  left: rooms.left,
  removed: rooms.removed,
  updated: rooms.updated,
  roleChanged: rooms.roleChanged,
  invited: rooms.invited,
  muted: rooms.muted,

  published: messages.published,
  whispered: messages.whispered,
  whisper: messages.whisper,
  whisperTyping: messages.whisperTyping,
  read: messages.read,

  history: lists.history,
  hits: lists.hits,
  users: lists.users,
  members: lists.members,
  rooms: lists.rooms,
  tokens: lists.tokens,
  blocks: lists.blocks,
  audit: lists.audit,
  sanctions: lists.sanctions,
};

/** Turns what the hub says to one session into packets, and keeps the fan-out's lists with it. */
export function reply(session: GateSession, event: SessionEvent): void {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table has for each type what takes its event
  (replies[event.type] as (session: GateSession, event: SessionEvent) => void)(session, event);
}
