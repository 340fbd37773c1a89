import type { CommandOf, RequestName, RequestOf, Requests } from "../../src/chat/hub/command.ts";
import type { SessionEvent } from "../../src/chat/hub/event.ts";
import type { RoomId, SessionKey } from "../../src/chat/names.ts";
import { type Effect, repliesTo } from "./hub-world.ts";

/** What is usual of each request, for tests that care about something else. */
const USUAL = {
  publish: { replyTo: 0 },
  whisper: { replyTo: 0 },
  joinRoom: { create: "none", hasPassword: false, provenHash: "" },
  leaveRoom: { giveUp: false },
  history: { mode: "after", offset: 0, timeMs: 0, limit: 100, replay: false },
  search: { roomId: 0, before: 0, limit: 10 },
  react: { reaction: "+1", remove: false },
  moderate: { durationMs: 0, reason: "" },
} as const;

type Usual<Name> = Name extends keyof typeof USUAL ? keyof (typeof USUAL)[Name] : never;
type Given<Name extends RequestName> = Omit<Requests[Name], Usual<Name>> & Partial<Requests[Name]>;

/** A request with what is usual filled in. */
export function request<Name extends RequestName>(
  type: Name,
  session: SessionKey,
  given: Given<Name>,
  requestId = 7,
): RequestOf<Name> {
  const usual = type in USUAL ? USUAL[type as keyof typeof USUAL] : {};
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of the two make a request
  return { type, session, requestId, ...usual, ...given } as unknown as RequestOf<Name>;
}

/** A message whose client message id is its text. */
export function say(session: SessionKey, roomId: RoomId, text: string): CommandOf<"publish"> {
  return request("publish", session, { roomId, text, clientMessageId: text });
}

/** The only event of this type that the session got. */
export function replyOf<Type extends SessionEvent["type"]>(
  effects: readonly Effect[],
  session: SessionKey,
  type: Type,
): Extract<SessionEvent, { readonly type: Type }> {
  const found = repliesTo(effects, session).filter((event) => event.type === type);
  const [event] = found;
  if (found.length !== 1 || event === undefined) {
    throw new Error(`one ${type} for ${session}, got ${JSON.stringify(repliesTo(effects, session))}`);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of this type
  return event as Extract<SessionEvent, { readonly type: Type }>;
}
