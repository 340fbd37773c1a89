import { LogTrimmer } from "./log-trimmer.ts";
import { type RequestHandlers, type Tables, writes } from "./request-handlers.ts";

/** What one call does at most, so that publishing waits some milliseconds only. */
const EXPIRED_PER_CALL = 200;
const TRIMMED_PER_CALL = 100;
const PURGED_PER_CALL = 100;
const INDEXED_PER_CALL = 100;

export function maintenanceRequests(tables: Tables): RequestHandlers<"maintain"> {
  const { sql, audit, index, sanctions } = tables;
  const trimmer = new LogTrimmer(tables);
  const expired = [
    sql("DELETE FROM tokens WHERE id IN (SELECT id FROM tokens WHERE expires_ms <= ? LIMIT ?)"),
    sql(`DELETE FROM invitations WHERE hash IN (
      SELECT hash FROM invitations WHERE expires_ms <= ? LIMIT ?)`),
    sql(`DELETE FROM address_bans WHERE cidr IN (
      SELECT cidr FROM address_bans WHERE until_ms <= ? LIMIT ?)`),
  ];

  const dropExpired = (nowMs: number): boolean => {
    const hasMore = expired.map((statement) => statement.run(nowMs, EXPIRED_PER_CALL) === EXPIRED_PER_CALL);
    hasMore.push(sanctions.removeEnded(nowMs, EXPIRED_PER_CALL), audit.trim(EXPIRED_PER_CALL));
    return hasMore.includes(true);
  };

  return {
    maintain: writes(({ nowMs }) => {
      const hasMoreExpired = dropExpired(nowMs);
      const { trimmed, more } = trimmer.trim(nowMs, TRIMMED_PER_CALL);
      const hasMoreToPurge = trimmer.purge(PURGED_PER_CALL);
      const hasMoreToIndex = index.work(INDEXED_PER_CALL);
      index.merge();
      return { trimmed, more: hasMoreExpired || more || hasMoreToPurge || hasMoreToIndex };
    }),
  };
}
