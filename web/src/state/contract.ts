/**
 * What the views are given and what they may ask for. Everything here is plain, frozen-in-spirit data:
 * a snapshot that has not changed is the same object, so `===` tells a view whether to render. All texts
 * come from people or from the server as plain text; views never make markup of them.
 *
 * Times: milliseconds since 1970-01-01 UTC by the server's clock, unless the name says otherwise.
 */
export type { ChatErrorCode } from "../../../src/client/chat-error.ts";
export type {
  RoomAccessName,
  RoomKindName,
  RoomRoleName,
  SlowReaderName,
} from "../../../src/client/room-info.ts";
export type * from "./contract/actions.ts";
export type * from "./contract/app-snapshot.ts";
export type * from "./contract/composer.ts";
export type * from "./contract/messages.ts";
export type * from "./contract/page.ts";
export type * from "./contract/people.ts";
export type * from "./contract/places.ts";
export type * from "./contract/search.ts";
export type * from "./contract/session.ts";
