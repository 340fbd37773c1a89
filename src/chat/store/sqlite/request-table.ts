import { accountRequests } from "./account-requests.ts";
import { AuditLog } from "./audit-log.ts";
import { blockRequests } from "./block-requests.ts";
import { historyRequests } from "./history-requests.ts";
import type { Sql } from "./lazy-statement.ts";
import { LogHeads } from "./log-heads.ts";
import { maintenanceRequests } from "./maintenance-requests.ts";
import { memberRequests } from "./member-requests.ts";
import { MemberTable } from "./member-table.ts";
import { MentionTable } from "./mention-table.ts";
import { MessageChanges } from "./message-changes.ts";
import { MessageReader } from "./message-reader.ts";
import { moderationRequests } from "./moderation-requests.ts";
import { ReactionTable } from "./reaction-table.ts";
import type { RequestHandlers, Tables } from "./request-handlers.ts";
import { roomListRequests } from "./room-list-requests.ts";
import { roomRequests } from "./room-requests.ts";
import { RoomTable } from "./room-table.ts";
import { SanctionTable } from "./sanction-table.ts";
import { SearchIndex } from "./search-index.ts";
import { searchRequests } from "./search-requests.ts";
import { tokenRequests } from "./token-requests.ts";

/** What requests and appends work with. */
export function makeTables(sql: Sql): Tables & { readonly changes: MessageChanges } {
  const heads = new LogHeads(sql);
  const index = new SearchIndex(sql);
  const mentions = new MentionTable(sql);
  const reactions = new ReactionTable(sql);
  const sanctions = new SanctionTable(sql);
  return {
    sql,
    heads,
    index,
    mentions,
    reactions,
    sanctions,
    audit: new AuditLog(sql),
    members: new MemberTable(sql, heads),
    messages: new MessageReader(sql, reactions),
    rooms: new RoomTable(sql, sanctions),
    changes: new MessageChanges({ sql, mentions, reactions, index }),
  };
}

/** Every request of store-requests.ts: a new one is an entry in its area's file. */
export function makeHandlers(tables: Tables): RequestHandlers {
  return {
    ...accountRequests(tables),
    ...tokenRequests(tables),
    ...blockRequests(tables),
    ...roomRequests(tables),
    ...roomListRequests(tables),
    ...memberRequests(tables),
    ...historyRequests(tables),
    ...searchRequests(tables),
    ...moderationRequests(tables),
    ...maintenanceRequests(tables),
  };
}
