import type { LockdownLevel, StoredSanction } from "../store.ts";
import { reads, type RequestHandlers, type Tables, writes } from "./request-handlers.ts";
import { sanctionOfRow, SERVER_ID } from "./sanction-table.ts";

type ModerationRequestName =
  | "readServerRules"
  | "setLockdown"
  | "setAddressBan"
  | "setUserSanction"
  | "findUserSanction"
  | "findSanctionedGuest"
  | "listSanctions"
  | "writeAudit"
  | "listAudit";

export function moderationRequests({
  sql,
  audit,
  sanctions,
}: Tables): RequestHandlers<ModerationRequestName> {
  const readSetting = sql("SELECT value FROM settings WHERE name = ?");
  const writeSetting = sql("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)");
  const addressBans = sql(`
    SELECT cidr AS subject, 'ban' AS kind, until_ms, reason, imposed_by FROM address_bans
    WHERE until_ms > ? ORDER BY cidr LIMIT ?`);
  const setAddressBan = sql(
    "INSERT OR REPLACE INTO address_bans (cidr, until_ms, reason, imposed_by) VALUES (?, ?, ?, ?)",
  );
  const liftAddressBan = sql("DELETE FROM address_bans WHERE cidr = ?");

  const listAddressBans = (nowMs: number, limit: number): StoredSanction[] =>
    addressBans.all(nowMs, limit).map(sanctionOfRow);

  return {
    readServerRules: reads(({ nowMs }) => ({
      lockdown: lockdownOf(readSetting.get("lockdown")?.value),
      addressBans: listAddressBans(nowMs, Number.MAX_SAFE_INTEGER).map(({ subject, untilMs, reason }) => ({
        cidr: subject,
        untilMs,
        reason,
      })),
    })),
    setLockdown: writes(({ level, audit: record }) => {
      writeSetting.run("lockdown", String(level));
      audit.write(record);
      return undefined;
    }),
    setAddressBan: writes(({ cidr, untilMs, reason, by, audit: record }) => {
      if (untilMs === 0) liftAddressBan.run(cidr);
      else setAddressBan.run(cidr, untilMs, reason, by);
      audit.write(record);
      return undefined;
    }),
    setUserSanction: writes(({ audit: record, ...sanction }) => {
      sanctions.set({ ...sanction, roomId: SERVER_ID });
      audit.write(record);
      return undefined;
    }),
    findUserSanction: reads(({ userId }) => sanctions.ofUser(SERVER_ID, userId)),
    findSanctionedGuest: reads(({ roomId, nameKey }) => sanctions.findGuest(roomId, nameKey)),
    listSanctions: reads(({ roomId, nowMs, limit }) => {
      const ofUsers = sanctions.list(roomId, nowMs, limit);
      const left = limit - ofUsers.length;
      return roomId === SERVER_ID && left > 0 ? [...ofUsers, ...listAddressBans(nowMs, left)] : ofUsers;
    }),
    writeAudit: writes((record) => {
      audit.write(record);
      return undefined;
    }),
    listAudit: reads(({ before, limit }) => audit.list(before, limit)),
  };
}

function lockdownOf(value: unknown): LockdownLevel {
  if (value === "1") return 1;
  if (value === "2") return 2;
  return value === "3" ? 3 : 0;
}
