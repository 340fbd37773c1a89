import { accountFinder } from "./account-requests.ts";
import { reads, type RequestHandlers, type Tables, writes } from "./request-handlers.ts";

type TokenRequestName = "createToken" | "useToken" | "listTokens" | "revokeTokens" | "createInvitation";

/** A token that was used from the same address less than this ago is not written again. */
const USE_NOTE_INTERVAL_MS = 60_000;

export function tokenRequests({ sql, audit }: Tables): RequestHandlers<TokenRequestName> {
  const findAccount = accountFinder(sql);
  const insert = sql(`
    INSERT INTO tokens (user_id, hash, label, address, created_ms, last_used_ms, expires_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)`);
  const dropExpired = sql("DELETE FROM tokens WHERE user_id = ? AND expires_ms <= ?");
  const dropUnused = sql(`
    DELETE FROM tokens WHERE id IN (
      SELECT id FROM tokens WHERE user_id = ?1 AND id <> ?2
      ORDER BY last_used_ms DESC, id DESC LIMIT -1 OFFSET ?3)`);
  const find = sql("SELECT * FROM tokens WHERE hash = ? AND expires_ms > ?");
  const noteUse = sql("UPDATE tokens SET last_used_ms = max(last_used_ms, ?), address = ? WHERE id = ?");
  const list = sql(`
    SELECT * FROM tokens WHERE user_id = ? AND expires_ms > ? ORDER BY last_used_ms DESC, id DESC`);
  const revokeOne = sql("DELETE FROM tokens WHERE id = ? AND user_id = ? RETURNING id");
  const revokeAll = sql("DELETE FROM tokens WHERE user_id = ? AND id <> ? RETURNING id");
  const invite = sql(`
    INSERT OR REPLACE INTO invitations (hash, uses, created_ms, expires_ms) VALUES (?, ?, ?, ?)`);

  return {
    createToken: writes(({ userId, hash, label, address, nowMs, expiresMs, keep }) => {
      if (findAccount(userId) === undefined) return 0;
      dropExpired.run(userId, nowMs);
      const id = insert.insert(userId, hash, label, address, nowMs, expiresMs);
      dropUnused.run(userId, id, Math.max(0, keep - 1));
      return id;
    }),
    useToken: writes(({ hash, address, nowMs }) => {
      const row = find.get(hash, nowMs);
      const account = row === undefined ? undefined : findAccount(Number(row.user_id));
      if (row === undefined || account === undefined) return undefined;
      const isNoted = row.address === address && nowMs - Number(row.last_used_ms) < USE_NOTE_INTERVAL_MS;
      if (!isNoted) noteUse.run(nowMs, address, row.id ?? null);
      return { tokenId: Number(row.id), expiresMs: Number(row.expires_ms), account };
    }),
    listTokens: reads(({ userId, nowMs }) =>
      list.all(userId, nowMs).map((row) => ({
        id: Number(row.id),
        label: String(row.label),
        address: String(row.address),
        createdMs: Number(row.created_ms),
        lastUsedMs: Number(row.last_used_ms),
        expiresMs: Number(row.expires_ms),
      })),
    ),
    revokeTokens: writes(({ userId, tokenId, exceptId }) => {
      const rows = tokenId === 0 ? revokeAll.all(userId, exceptId) : revokeOne.all(tokenId, userId);
      return rows.map(({ id }) => Number(id)).sort((one, other) => one - other);
    }),
    createInvitation: writes(({ hash, uses, nowMs, expiresMs, audit: record }) => {
      invite.run(hash, uses, nowMs, expiresMs);
      audit.write(record);
      return undefined;
    }),
  };
}
