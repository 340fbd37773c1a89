import type { StoreRequestName, StoreRequests } from "../store.ts";
import type { AuditLog } from "./audit-log.ts";
import type { Sql } from "./lazy-statement.ts";
import type { LogHeads } from "./log-heads.ts";
import type { MemberTable } from "./member-table.ts";
import type { MentionTable } from "./mention-table.ts";
import type { MessageReader } from "./message-reader.ts";
import type { ReactionTable } from "./reaction-table.ts";
import type { RoomTable } from "./room-table.ts";
import type { SanctionTable } from "./sanction-table.ts";
import type { SearchIndex } from "./search-index.ts";

/** What the requests work with. */
export interface Tables {
  readonly sql: Sql;
  readonly audit: AuditLog;
  readonly heads: LogHeads;
  readonly index: SearchIndex;
  readonly members: MemberTable;
  readonly mentions: MentionTable;
  readonly messages: MessageReader;
  readonly reactions: ReactionTable;
  readonly rooms: RoomTable;
  readonly sanctions: SanctionTable;
}

/** How one request is carried out. One that only reads needs no transaction: nobody else can write. */
export interface RequestHandler<Request, Result> {
  readonly access: "reads" | "writes";
  readonly handle: (request: Request) => Result;
}

export type RequestHandlers<Names extends StoreRequestName = StoreRequestName> = {
  readonly [Name in Names]: RequestHandler<StoreRequests[Name]["request"], StoreRequests[Name]["result"]>;
};

export function reads<Request, Result>(
  handle: (request: Request) => Result,
): RequestHandler<Request, Result> {
  return { access: "reads", handle };
}

export function writes<Request, Result>(
  handle: (request: Request) => Result,
): RequestHandler<Request, Result> {
  return { access: "writes", handle };
}
