import type { UserId } from "../names.ts";
import type { AuditRecord } from "../store/store.ts";
import type { CommandOf } from "./command.ts";
import { beginChange, type AnyRequest, type HeldChange } from "./held-change.ts";
import { DELETED_NAME } from "./history-message.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import { handOver } from "./ownership.ts";
import type { RoomRegistry } from "./room-registry.ts";
import type { SerialChanges } from "./serial-changes.ts";
import type { ServerRules } from "./server-rules.ts";
import type { SignIns } from "./sign-ins.ts";
import { UserFinder } from "./user-finder.ts";
import type { Whispers } from "./whispers.ts";

/** What accounts work with. */
export interface AccountsParts {
  readonly rooms: RoomRegistry;
  readonly signIns: SignIns;
  readonly rules: ServerRules;
  readonly whispers: Whispers;
  /** What is under way to change each account. */
  readonly changes: SerialChanges<UserId>;
}

/** What users do to their own accounts. Guests have none: PERMISSION_DENIED. */
export class Accounts {
  readonly #context: HubContext;
  readonly #parts: AccountsParts;
  readonly #finder: UserFinder;

  constructor(context: HubContext, parts: AccountsParts) {
    this.#context = context;
    this.#parts = parts;
    this.#finder = new UserFinder(context);
  }

  changePassword(session: HubSession, command: CommandOf<"changePassword">): void {
    this.#begin(session, command, (change) => {
      this.setPassword(change, session.user.id, command.passwordHash, session, undefined, () =>
        change.done("changePassword"),
      );
    });
  }

  setDisplayName(session: HubSession, command: CommandOf<"setDisplayName">): void {
    const { displayName } = command;
    this.#begin(session, command, (change) => {
      const { id } = session.user;
      change.ask("updateAccount", { id, displayName }, (isKnown) => {
        if (!isKnown) return refuseUnknown(change);
        this.#parts.rules.changeUser(id, { displayName });
        change.done("setDisplayName");
      });
    });
  }

  deleteAccount(session: HubSession, command: CommandOf<"deleteAccount">): void {
    this.#begin(session, command, (change) => {
      this.delete(change, session.user.id, undefined, () => change.done("deleteAccount"));
    });
  }

  listTokens(session: HubSession, command: CommandOf<"listTokens">): void {
    const { requestId } = command;
    this.#begin(session, command, (change) => {
      const { user, key, tokenId: currentId } = session;
      change.ask("listTokens", { userId: user.id, nowMs: this.#context.now.wallMs }, (tokens) => {
        this.#context.tell(session, { type: "tokens", session: key, requestId, tokens, currentId });
        change.end();
      });
    });
  }

  revokeToken(session: HubSession, command: CommandOf<"revokeToken">): void {
    const { requestId, tokenId } = command;
    this.#begin(session, command, (change) => {
      const { user, key, tokenId: exceptId } = session;
      change.ask("revokeTokens", { userId: user.id, tokenId, exceptId }, (tokenIds) => {
        // One's own may have expired: it is gone as well.
        if (tokenIds.length === 0 && tokenId > 0 && tokenId !== exceptId) {
          change.refuse("TOKEN_INVALID", "you have no such token");
          return;
        }
        this.#parts.rules.rememberRevoked(tokenIds);
        this.#context.tell(session, { type: "revoked", session: key, requestId, count: tokenIds.length });
        const ended = user.sessions.filter((each) => tokenIds.includes(each.tokenId));
        this.#parts.signIns.endAll(ended, "TOKEN_REVOKED", "");
        change.end();
      });
    });
  }

  blockUser(session: HubSession, command: CommandOf<"blockUser">): void {
    const { name, blocked } = command;
    const { id: userId } = session.user;
    this.#begin(session, command, (change) => {
      this.#finder.find(change, name, ({ id: otherId }) => {
        if (otherId === userId) {
          change.refuse("PERMISSION_DENIED", "this is you");
          return;
        }
        const limit = this.#context.options.maxBlocksPerUser;
        change.ask("setBlock", { userId, otherId, blocked, limit }, (result) => {
          if (result === "FULL") {
            change.refuse("LIMIT_REACHED", `you block ${limit} users already`);
            return;
          }
          this.#parts.whispers.blockChanged(userId, otherId, blocked);
          change.done("blockUser");
        });
      });
    });
  }

  listBlocks(session: HubSession, command: CommandOf<"listBlocks">): void {
    const { requestId } = command;
    this.#begin(session, command, (change) => {
      change.ask("listBlocks", { userId: session.user.id }, (names) => {
        this.#context.tell(session, { type: "blocks", session: session.key, requestId, names });
        change.end();
      });
    });
  }

  /**
   * Sets the password, revokes all tokens but that of `except` and ends all the user's other sessions.
   * When the store fails between the two, the sessions are there still and the password is the new one.
   */
  setPassword(
    change: HeldChange,
    id: UserId,
    passwordHash: string,
    except: HubSession | undefined,
    audit: AuditRecord | undefined,
    onDone: () => void,
  ): void {
    const request = audit === undefined ? { id, passwordHash } : { id, passwordHash, audit };
    change.ask("updateAccount", request, (isKnown) => {
      if (!isKnown) return refuseUnknown(change);
      const exceptId = except?.tokenId ?? 0;
      change.ask("revokeTokens", { userId: id, tokenId: 0, exceptId }, (tokenIds) => {
        this.#parts.rules.rememberRevoked(tokenIds);
        const sessions = this.#context.users.byId(id)?.sessions ?? [];
        const others = sessions.filter((session) => session !== except);
        this.#parts.signIns.endAll(others, "TOKEN_REVOKED", "the password was changed");
        onDone();
      });
    });
  }

  /** Deletes an account; `onDone` is called before its sessions end. */
  delete(change: HeldChange, id: UserId, audit: AuditRecord | undefined, onDone: () => void): void {
    const { wallMs: nowMs } = this.#context.now;
    const request = audit === undefined ? { id, nowMs } : { id, nowMs, audit };
    change.ask("deleteAccount", request, ({ deleted, newOwners }) => {
      if (!deleted) return refuseUnknown(change);
      const { rooms, rules, signIns } = this.#parts;
      rules.changeUser(id, { deleted: true });
      for (const room of rooms.memoryRooms()) room.tail?.renameSender(id, DELETED_NAME);
      onDone();
      signIns.endAll(this.#context.users.byId(id)?.sessions ?? [], "ACCOUNT_DELETED", "");
      handOver(this.#context, rooms, id, newOwners);
    });
  }

  #begin(session: HubSession, command: AnyRequest, work: (change: HeldChange) => void): void {
    if (session.user.isGuest) {
      const { requestId, type } = command;
      this.#context.refuse(session.key, requestId, type, "PERMISSION_DENIED", "guests have no account");
      return;
    }
    beginChange(this.#context, this.#parts.changes, session.user.id, session, command, work);
  }
}

function refuseUnknown(change: HeldChange): void {
  change.refuse("USER_NOT_FOUND", "there is no such account any more");
}
