import { assert } from "../../base/assert.ts";
import { CONSOLE_GATE_ID, gateOf, LOBBY_NAME, type SessionKey } from "../names.ts";
import type { CommandOf, UserIdentity } from "./command.ts";
import type { HubEndCode, Refusal } from "./event.ts";
import type { HubContext } from "./hub-context.ts";
import { HubSession } from "./hub-session.ts";
import type { RoomRegistry } from "./room-registry.ts";
import type { Room } from "./room.ts";
import type { ServerRules, SignInBan } from "./server-rules.ts";
import { waitOf } from "./speech.ts";
import type { OnlineUser } from "./user-directory.ts";

type SignIn = CommandOf<"signIn">;

/**
 * Who comes and goes. Whether a user may sign in once more is decided here in one step, so two sign-ins
 * can never both find the user absent.
 *
 * A replaced user (policy "replace") stays in the lobby without a notice: the new session comes in
 * before the old ones go out. The other rooms see the user leave, because they are what the new session
 * has to join again.
 *
 * An account takes its name back from a guest who uses it (the guest came before the account was made):
 * the guest's sessions end with REPLACED. A guest never takes a name that is signed in.
 */
export class SignIns {
  readonly #context: HubContext;
  readonly #rooms: RoomRegistry;
  readonly #rules: ServerRules;
  /** Until the lobby is open and the rules are known, in the order they came. */
  readonly #waiting = new Map<SessionKey, SignIn>();
  #isOpeningLobby = false;

  constructor(context: HubContext, rooms: RoomRegistry, rules: ServerRules) {
    this.#context = context;
    this.#rooms = rooms;
    this.#rules = rules;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Asks the store for the lobby and the server's rules, unless that is done or under way. */
  openLobby(): void {
    this.#rules.load(() => this.#settled());
    if (this.#rooms.lobby !== undefined || this.#isOpeningLobby) return;
    if (this.#context.options.lobbyKind === "memory") {
      this.#rooms.openLobby(undefined);
      return;
    }
    this.#isOpeningLobby = true;
    const { wallMs: nowMs } = this.#context.now;
    this.#context.ask(
      "openRoom",
      { name: LOBBY_NAME, kind: "logged", members: [], nowMs },
      (stored) => {
        this.#isOpeningLobby = false;
        this.#rooms.openLobby(stored);
        this.#settled();
      },
      () => {
        this.#isOpeningLobby = false;
        this.#settled();
      },
    );
  }

  /** The store has answered: those who wait are admitted, or refused when it failed. */
  #settled(): void {
    if (this.#isOpeningLobby || this.#rules.isLoading) return;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    const isReady = this.#rooms.lobby !== undefined && this.#rules.isLoaded;
    for (const command of waiting) {
      if (isReady) this.signIn(command);
      else
        this.#context.refuseBusy(command.session, command.requestId, "signIn", "the server cannot start now");
    }
  }

  signIn(command: SignIn): void {
    const { session, requestId } = command;
    if (gateOf(session) === CONSOLE_GATE_ID) {
      this.#refuse(command, "ALREADY_LOGGED_IN", "the console is known");
      return;
    }
    if (this.#context.sessions.has(session) || this.#waiting.has(session)) {
      this.#refuse(command, "ALREADY_LOGGED_IN", "this session has logged in before");
      return;
    }
    this.openLobby();
    const { lobby } = this.#rooms;
    if (lobby !== undefined && this.#rules.isLoaded) {
      if (this.#isWelcome(command)) this.#admit(lobby, command);
    } else if (this.#waiting.size < this.#context.options.maxWaitingSignIns) {
      this.#waiting.set(session, command);
    } else {
      this.#context.refuseBusy(session, requestId, "signIn", "the server is starting");
    }
  }

  /** Nothing happens for a session that is not signed in. */
  signOut(key: SessionKey): void {
    if (this.#waiting.delete(key)) return;
    const session = this.#context.sessions.get(key);
    if (session !== undefined) this.#remove(session);
  }

  resetGate(gateId: number): void {
    for (const key of this.#waiting.keys()) {
      if (gateOf(key) === gateId) this.#waiting.delete(key);
    }
    const lost = [...this.#context.sessions.values()].filter((session) => session.gateId === gateId);
    // First nothing more goes to the gate, so that it does not hear its own sessions leave.
    for (const session of lost) {
      for (const room of session.rooms) {
        if (room.forgetGate(gateId)) this.#context.effects.unsubscribe(gateId, room.id);
      }
    }
    for (const session of lost) this.#remove(session);
  }

  #admit(lobby: Room, command: SignIn): void {
    const { session: key, requestId, tokenId, address } = command;
    const identity = this.#rules.upToDate(command.user);
    const known = this.#context.users.byId(identity.id);
    const namesake = this.#context.users.byNameKey(identity.nameKey);
    const isNameTaken = namesake !== undefined && namesake.id !== identity.id;
    if (isNameTaken && !mayTakeNameFrom(identity, namesake)) {
      this.#refuse(command, "NAME_TAKEN", "another user of this name is here");
      return;
    }
    if (known !== undefined && !this.#mayHaveAnother(known, identity)) {
      this.#refuse(command, "LOGIN_USER_ALREADY", "this user is logged in already");
      return;
    }
    if (known === undefined && !isNameTaken && this.#context.users.count >= this.#context.options.maxUsers) {
      this.#refuse(command, "USER_FULL", "the server has as many users as it may have");
      return;
    }
    if (isNameTaken) this.endAll(namesake.sessions, "REPLACED", "");
    const replaces = known !== undefined && this.#context.options.duplicates === "replace";
    const replaced = replaces ? [...known.sessions] : [];
    // A guest may come back under another name: then it is another user to everybody else.
    if (replaces && known.nameKey !== identity.nameKey) this.endAll(replaced.splice(0), "REPLACED", "");
    for (const old of replaced) this.#end(old, "REPLACED", "");

    const user = this.#context.users.enter(identity);
    const session = new HubSession(key, user, tokenId, address);
    this.#context.sessions.set(key, session);
    user.addSession(session);
    const isFirst = this.#rooms.add(lobby, session);
    const info = lobby.infoFor(user);
    this.#context.effects.reply({ type: "signedIn", session: key, requestId, lobby: info });
    if (isFirst) this.#rooms.announce(lobby, session);
    for (const old of replaced) this.#remove(old);
  }

  #mayHaveAnother(known: OnlineUser, identity: UserIdentity): boolean {
    const { duplicates, maxSessionsPerUser } = this.#context.options;
    if (duplicates === "replace") return true;
    if (duplicates === "reject") return false;
    return known.sessions.length < maxSessionsPerUser && known.nameKey === identity.nameKey;
  }

  /** Tells the sessions that they end, and why, and signs them out. */
  endAll(sessions: readonly HubSession[], code: HubEndCode, detail: string): void {
    for (const session of sessions) this.#end(session, code, detail);
    for (const session of sessions) this.#remove(session);
  }

  /** Whether rules keep the user out; then the sign-in is refused. */
  #isWelcome(command: SignIn): boolean {
    const { user, tokenId, address } = command;
    const rules = this.#rules;
    const ban = rules.addressBan(address) ?? rules.userBan(user.id);
    if (ban !== undefined) this.#refuseBanned(command, ban);
    else if (rules.isDeleted(user.id))
      this.#refuse(command, "AUTH_FAILED", "there is no such account any more");
    else if (rules.isRevoked(tokenId)) this.#refuse(command, "TOKEN_INVALID", "the token was revoked");
    else if (user.id < 0 && rules.lockdown >= 2) this.#refuse(command, "LOCKDOWN", "no guests for now");
    else return true;
    return false;
  }

  #refuseBanned({ session, requestId }: SignIn, { forMs, reason }: SignInBan): void {
    const detail = reason === "" ? "you are banned" : reason;
    this.#context.refuse(session, requestId, "signIn", "BANNED", detail, waitOf(forMs));
  }

  #end(session: HubSession, code: HubEndCode, detail: string): void {
    this.#context.effects.reply({ type: "ended", session: session.key, code, detail });
  }

  #remove(session: HubSession): void {
    assert(!session.isGone, "a session is removed once");
    session.isGone = true;
    this.#context.sessions.delete(session.key);
    for (const room of session.rooms) this.#rooms.remove(room, session);
    const { user } = session;
    user.removeSession(session);
    if (user.sessions.length === 0) this.#context.users.leave(user);
  }

  #refuse(command: SignIn, code: Refusal["code"], detail: string): void {
    this.#context.refuse(command.session, command.requestId, "signIn", code, detail);
  }
}

/** Two accounts of one name do not exist; were there any, the first would stay. */
function mayTakeNameFrom(identity: UserIdentity, holder: OnlineUser): boolean {
  return identity.id > 0 && holder.isGuest;
}
