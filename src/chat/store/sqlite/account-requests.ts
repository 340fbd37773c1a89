import type { UserId } from "../../names.ts";
import type { Account, NewAccount, StoreRequests } from "../store.ts";
import { deleteAccountRequest } from "./account-deletion.ts";
import type { Row, Sql } from "./lazy-statement.ts";
import { reads, type RequestHandlers, type Tables, writes } from "./request-handlers.ts";

type AccountRequestName =
  | "createAccount"
  | "findAccount"
  | "findAccountById"
  | "findExternalAccount"
  | "updateAccount"
  | "deleteAccount"
  | "listAccounts";

const ACCOUNTS = `
  SELECT accounts.*, ifnull(mutes.until_ms, 0) AS muted_until_ms, ifnull(bans.until_ms, 0) AS banned_until_ms,
    coalesce(bans.reason, mutes.reason, '') AS reason
  FROM accounts
  LEFT JOIN sanctions AS mutes ON mutes.room_id = 0 AND mutes.user_id = accounts.id AND mutes.kind = 'mute'
  LEFT JOIN sanctions AS bans ON bans.room_id = 0 AND bans.user_id = accounts.id AND bans.kind = 'ban'`;

export function accountRequests(tables: Tables): RequestHandlers<AccountRequestName> {
  const { sql, audit } = tables;
  const byKey = sql(`${ACCOUNTS} WHERE name_key = ?`);
  const byExternalId = sql(`${ACCOUNTS} WHERE external_id = ?`);
  const list = sql(`${ACCOUNTS} WHERE name_key > ? ORDER BY name_key LIMIT ?`);
  const findById = accountFinder(sql);
  const update = sql(`
    UPDATE accounts SET password_hash = ifnull(?, password_hash), display_name = ifnull(?, display_name),
      is_admin = ifnull(?, is_admin)
    WHERE id = ?`);

  return {
    createAccount: writes(accountMaker(tables)),
    findAccount: reads(({ nameKey }) => accountOfRow(byKey.get(nameKey))),
    findAccountById: reads(({ id }) => findById(id)),
    findExternalAccount: reads(({ externalId }) => accountOfRow(byExternalId.get(externalId))),
    updateAccount: writes((request) => {
      const { id, passwordHash = null, displayName = null, isAdmin } = request;
      const isAdminNumber = isAdmin === undefined ? null : Number(isAdmin);
      if (update.run(passwordHash, displayName, isAdminNumber, id) === 0) return false;
      audit.write(request.audit);
      return true;
    }),
    deleteAccount: writes(deleteAccountRequest(tables)),
    listAccounts: reads(({ afterKey, limit }) =>
      list.all(afterKey, limit).flatMap((row) => accountOfRow(row) ?? []),
    ),
  };
}

/** Finds an account by its id. */
export function accountFinder(sql: Sql): (id: UserId) => Account | undefined {
  const byId = sql(`${ACCOUNTS} WHERE accounts.id = ?`);
  return (id) => accountOfRow(byId.get(id));
}

function accountMaker({
  sql,
  audit,
}: Tables): (account: NewAccount) => StoreRequests["createAccount"]["result"] {
  const isTaken = sql("SELECT 1 FROM accounts WHERE name_key = ?1 OR external_id = ?2");
  const insert = sql(`
    INSERT INTO accounts (name, name_key, password_hash, created_ms, external_id, is_admin)
    VALUES (?, ?, ?, ?, ?, ?)`);
  const useInvitation = sql(
    "UPDATE invitations SET uses = uses - 1 WHERE hash = ? AND uses > 0 AND expires_ms > ?",
  );
  const dropUsedUp = sql("DELETE FROM invitations WHERE hash = ? AND uses = 0");

  return (account) => {
    const {
      name,
      nameKey,
      passwordHash,
      nowMs,
      externalId = null,
      isAdmin = false,
      invitationHash,
    } = account;
    if (isTaken.get(nameKey, externalId) !== undefined) return { created: false, why: "NAME_TAKEN" };
    if (invitationHash !== undefined) {
      if (useInvitation.run(invitationHash, nowMs) === 0)
        return { created: false, why: "INVITATION_INVALID" };
      dropUsedUp.run(invitationHash);
    }
    const id = insert.insert(name, nameKey, passwordHash, nowMs, externalId, Number(isAdmin));
    audit.write(account.audit);
    return { created: true, id };
  };
}

function accountOfRow(row: Row | undefined): Account | undefined {
  if (row === undefined) return undefined;
  return {
    id: Number(row.id),
    name: String(row.name),
    nameKey: String(row.name_key),
    displayName: String(row.display_name),
    passwordHash: String(row.password_hash),
    isAdmin: row.is_admin === 1,
    createdMs: Number(row.created_ms),
    mutedUntilMs: Number(row.muted_until_ms),
    bannedUntilMs: Number(row.banned_until_ms),
    reason: String(row.reason),
  };
}
