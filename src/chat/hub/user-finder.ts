import type { RoomId, UserId } from "../names.ts";
import type { RequestName } from "./command.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import type { OnlineUser } from "./user-directory.ts";

/** A user somebody names, signed in or not. */
export interface FoundUser {
  readonly id: UserId;
  readonly name: string;
  readonly nameKey: string;
  readonly displayName: string;
  readonly isAdmin: boolean;
  readonly isGuest: boolean;
}

/** Who asks for a user, to be refused when there is none. */
export interface FindingRequest {
  readonly session: HubSession;
  readonly requestId: number;
  readonly request: RequestName;
  /** Called after the refusal. */
  end(): void;
}

/**
 * Finds users by name: those who are signed in first, guests among them, then accounts. Nobody of this
 * name: the request is refused with USER_NOT_FOUND.
 */
export class UserFinder {
  readonly #context: HubContext;

  constructor(context: HubContext) {
    this.#context = context;
  }

  /** `sanctionedIn`: guests who are muted or banned there (0: everywhere) are found though they are not here. */
  find(asked: FindingRequest, name: string, onFound: (user: FoundUser) => void, sanctionedIn?: RoomId): void {
    const { session, requestId, request } = asked;
    const nameKey = this.#context.options.normalizeName(name);
    const online = this.#context.users.byNameKey(nameKey);
    if (online !== undefined) {
      onFound(snapshot(online));
      return;
    }
    this.#context.ask(
      "findAccount",
      { nameKey },
      (account) => {
        if (account !== undefined) {
          const { id, displayName, isAdmin } = account;
          onFound({ id, name: account.name, nameKey, displayName, isAdmin, isGuest: false });
          return;
        }
        // A guest may have signed in meanwhile.
        const arrived = this.#context.users.byNameKey(nameKey);
        if (arrived !== undefined) {
          onFound(snapshot(arrived));
          return;
        }
        if (sanctionedIn === undefined) this.#refuse(asked);
        else this.#findSanctioned(asked, nameKey, onFound, sanctionedIn);
      },
      (busy) => {
        this.#context.refuseFailed(session, requestId, request, busy);
        asked.end();
      },
    );
  }

  #findSanctioned(
    asked: FindingRequest,
    nameKey: string,
    onFound: (user: FoundUser) => void,
    roomId: RoomId,
  ): void {
    this.#context.ask(
      "findSanctionedGuest",
      { roomId, nameKey },
      (guest) => {
        if (guest === undefined) {
          this.#refuse(asked);
          return;
        }
        const { userId: id, userName: name } = guest;
        onFound({ id, name, nameKey, displayName: "", isAdmin: false, isGuest: true });
      },
      (busy) => {
        this.#context.refuseFailed(asked.session, asked.requestId, asked.request, busy);
        asked.end();
      },
    );
  }

  #refuse(asked: FindingRequest): void {
    const { session, requestId, request } = asked;
    if (!session.isGone) {
      this.#context.refuse(session.key, requestId, request, "USER_NOT_FOUND", "no user has this name");
    }
    asked.end();
  }
}

function snapshot(user: OnlineUser): FoundUser {
  const { id, name, nameKey, displayName, isAdmin, isGuest } = user;
  return { id, name, nameKey, displayName, isAdmin, isGuest };
}
