import {
  type HistoryRequest,
  type MarkReadRequest,
  type RoomListRequest,
  RoomListRequest_Scope as Scope,
  type SearchRequest,
} from "../../../protocol/generated/portico/v1/portico_pb.js";
import { checkQuery } from "../../../protocol/text.ts";
import type { Requests } from "../../hub/command.ts";
import type { GateSession } from "../gate-session.ts";
import type { Refused } from "../refusals.ts";
import { ask } from "./ask.ts";
import { afterKey, invalid, nameOf, pageLimit, wholeOf } from "./wire-values.ts";

const HISTORY_USUAL = 50;
const HISTORY_MOST = 200;
const SEARCH_USUAL = 20;
const SEARCH_MOST = 100;
const ROOMS_USUAL = 50;
const ROOMS_MOST = 100;
/** Units of a cursor; the server's own are shorter. */
const CURSOR_LONGEST = 256;

const scopes: Readonly<Record<Requests["listRooms"]["scope"], Scope>> = {
  open: Scope.OPEN,
  mine: Scope.MINE,
  direct: Scope.DIRECT,
};

export function history(session: GateSession, body: HistoryRequest): undefined {
  const { requestId, roomId } = body;
  const limit = pageLimit(body.limit, HISTORY_USUAL, HISTORY_MOST);
  const timeMs = wholeOf(body.fromTimeMs);
  const place = placeOf(body);
  // Where it is not kept, because too many are open, a page that must be cut is cut at its end.
  if (place.mode === "around") session.holdAround(requestId, place.offset);
  return ask(session, "history", requestId, { roomId, ...place, timeMs, limit, replay: false });
}

/** Where a page lies. Of several ways to say it, the first of these counts. */
function placeOf(body: HistoryRequest): Pick<Requests["history"], "mode" | "offset"> {
  if (body.around > 0n) return { mode: "around", offset: wholeOf(body.around) };
  if (body.fromTimeMs > 0n) return { mode: "time", offset: 0 };
  if (body.before > 0n) return { mode: "before", offset: wholeOf(body.before) };
  return { mode: "after", offset: wholeOf(body.after) };
}

export function search(session: GateSession, body: SearchRequest): Refused | undefined {
  const { requestId, roomId, query } = body;
  const check = checkQuery(query);
  if (!check.ok) return invalid(check.reason);
  if (body.before > 0n && roomId === 0) return invalid("`before` needs a room");
  const limit = pageLimit(body.limit, SEARCH_USUAL, SEARCH_MOST);
  return ask(session, "search", requestId, { query, roomId, before: wholeOf(body.before), limit });
}

export function markRead(session: GateSession, { requestId, roomId, offset }: MarkReadRequest): undefined {
  return ask(session, "markRead", requestId, { roomId, offset: wholeOf(offset) });
}

export function listRooms(session: GateSession, body: RoomListRequest): Refused | undefined {
  const { requestId, after } = body;
  const scope = nameOf(scopes, body.scope);
  if (scope === undefined) return invalid(`there is no scope ${body.scope}`);
  if (after.length > CURSOR_LONGEST) return invalid("`after` is no cursor of this server");
  const prefix = afterKey(body.prefix);
  if (prefix === undefined) return invalid("no name is as long as `prefix`");
  if (prefix !== "" && scope !== "open") return invalid("`prefix` is for open rooms only");
  const limit = pageLimit(body.limit, ROOMS_USUAL, ROOMS_MOST);
  return ask(session, "listRooms", requestId, { scope, after, limit, prefix });
}
