import { ErrorCode, PacketType } from "../../../src/protocol/codes.ts";
import type { LoginRequest, LoginResponse } from "../../../src/protocol/generated/portico/v1/portico_pb.js";
import type { ClientPacket, ServerPacket } from "../../../src/protocol/packet-decoder.ts";
import type { AnswerObserver } from "../answer-check.ts";
import type { Attempt } from "../fact.ts";
import type { Breach } from "../wiretap.ts";
import { firstPassword, type Ledger, MARK } from "./ledger.ts";
import type { Person } from "./person.ts";

export interface LoginWatchOptions {
  readonly person: Person;
  readonly ledger: Ledger;
  readonly breach: Breach;
  readonly wallMs: () => number;
  /** New accounts need an invitation. */
  readonly isInvitationRequired: boolean;
}

const SECRET = Buffer.from("sec-");
/** What every whisper begins with: whose it is. */
const WHISPERED = /dm:(\w+):(\w+):/g;
const CONVERSATION = Buffer.from("dm:");

/** Rules 10 and 18 at every login and registration, and rule 16 in every packet, of a person's device. */
export class LoginWatch implements AnswerObserver {
  readonly #options: LoginWatchOptions;
  readonly #changes = new Map<number, Attempt>();
  /** Of the session that there is, or was last. */
  #token = "";

  constructor(options: LoginWatchOptions) {
    this.#options = options;
  }

  onRequest(packet: ClientPacket): number {
    const { ledger } = this.#options;
    if (packet.type === PacketType.REGISTER_REQUEST) {
      const { requestId, name, password, invitationCode } = packet.body;
      if (password === firstPassword(name)) {
        this.#changes.set(requestId, ledger.account(name).begin("there"));
        ledger.invitations.find(({ code }) => code === invitationCode)?.users.add(name);
      }
    } else if (packet.type === PacketType.LOGOUT_REQUEST && packet.body.forget && this.#token !== "") {
      this.#changes.set(packet.body.requestId, ledger.token(this.#token).begin("revoked"));
    }
    return ledger.order.next();
  }

  onAnswer(request: ClientPacket, answer: ServerPacket, code: ErrorCode, begunAt: number): void {
    if (request.type === PacketType.UNSPECIFIED) return;
    if (!("requestId" in request.body)) return;
    const change = this.#changes.get(request.body.requestId);
    this.#changes.delete(request.body.requestId);
    if (code === ErrorCode.OK) change?.done();
    else if (code !== ErrorCode.SERVER_ERROR) change?.refused();
    if (request.type === PacketType.REGISTER_REQUEST) {
      this.#registered(request.body.name, request.body.password, request.body.invitationCode, code, begunAt);
    } else if (request.type === PacketType.LOGIN_REQUEST && answer.type === PacketType.LOGIN_RESPONSE) {
      if (code === ErrorCode.OK) this.#loggedIn(request.body, answer.body, begunAt);
      else this.#turnedAway(request.body, code, begunAt);
    }
  }

  /** Rule 16: what is private is told to nobody who may not know of it, in whatever packet. */
  onServerBytes(bytes: Uint8Array): void {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { ledger, person, breach } = this.#options;
    if (buffer.includes(SECRET)) {
      for (const [mark] of buffer.toString("latin1").matchAll(MARK)) {
        if (!ledger.mayKnow(person.name, mark)) breach(16, `${person.name} heard of ${mark}`);
      }
    }
    if (buffer.includes(CONVERSATION)) {
      for (const [, ...names] of buffer.toString("latin1").matchAll(WHISPERED)) {
        if (!names.includes(person.name))
          breach(16, `${person.name} read what ${names.join(" and ")} whispered`);
      }
    }
  }

  #registered(
    name: string,
    password: string,
    invitationCode: string,
    code: ErrorCode,
    begunAt: number,
  ): void {
    const { ledger, breach, isInvitationRequired } = this.#options;
    const [level] = ledger.lockdown.settledSince(begunAt);
    const invitation = ledger.invitations.find((each) => each.code === invitationCode);
    if (code === ErrorCode.OK) {
      if (password !== firstPassword(name)) breach(10, `an account ${name} was made in another's name`);
      if (level !== undefined && level > 0)
        breach(12, `${name} was registered in a lockdown of level ${level}`);
      if (isInvitationRequired && invitation === undefined)
        breach(18, `${name} was registered without an invitation`);
    } else if (code === ErrorCode.LOCKDOWN && level === 0) {
      breach(12, `${name} was refused for a lockdown that there is not`);
    } else if (code === ErrorCode.INVITATION_INVALID && invitation !== undefined) {
      if (invitation.users.size <= invitation.uses) breach(18, `${name}'s invitation was refused`);
    }
  }

  #loggedIn({ name, credential }: LoginRequest, answer: LoginResponse, begunAt: number): void {
    const { ledger, breach, person, wallMs } = this.#options;
    if (answer.resumeToken.byteLength > 0) this.#token = Buffer.from(answer.resumeToken).toString("hex");
    else if (credential.case === "resumeToken") this.#token = Buffer.from(credential.value).toString("hex");
    const who = answer.user?.name ?? "";
    if (who !== person.name) breach(10, `${person.name} is logged in as ${who}`);
    const [ban] = ledger.sanction("ban", 0, who).settledSince(begunAt);
    if (ban?.reason !== undefined && wallMs() < ban.untilMs) breach(12, `${who} is banned and logged in`);
    const [state] = ledger.account(who).settledSince(begunAt);
    if (!person.isGuest && state !== undefined && state !== "there")
      breach(10, `${who}, ${state}, logged in`);
    const [level] = ledger.lockdown.settledSince(begunAt);
    if (person.isGuest && level !== undefined && level >= 2)
      breach(12, `${who}, a guest, logged in in a lockdown`);
    if (credential.case === "resumeToken") {
      const token = Buffer.from(credential.value).toString("hex");
      const [isGood] = ledger.token(token).settledSince(begunAt);
      if (isGood === "revoked") breach(10, `${who} logged in with a token that was revoked`);
    } else if (credential.case === "password") {
      const [password] = ledger.password(name).settledSince(begunAt);
      if (password !== undefined && password !== credential.value)
        breach(10, `${who} logged in with "${credential.value}", the password being "${password}"`);
    }
    const [isAdmin] = ledger.isAdmin(who).settledSince(begunAt);
    if (isAdmin !== undefined && !person.isGuest && answer.user?.isAdmin !== isAdmin)
      breach(10, `${who} was told that it is ${isAdmin ? "no " : ""}administrator`);
    const [shown] = ledger.displayName(who).settledSince(begunAt);
    if (shown !== undefined && answer.user?.displayName !== shown)
      breach(10, `${who} was told to be shown as "${answer.user?.displayName}", not "${shown}"`);
  }

  #turnedAway({ name, credential }: LoginRequest, code: ErrorCode, begunAt: number): void {
    const { ledger, breach, person } = this.#options;
    const [state] = ledger.account(name).settledSince(begunAt);
    const [password] = ledger.password(name).settledSince(begunAt);
    if (code === ErrorCode.AUTH_FAILED && state === "there" && credential.case === "password") {
      if (password === credential.value) breach(10, `${name} was refused with the right password`);
    }
    const [ban] = ledger.sanction("ban", 0, person.name).settledSince(begunAt);
    if (code === ErrorCode.BANNED && ban !== undefined && ban.reason === undefined)
      breach(12, `${person.name} was refused for a ban that there is not`);
    const [level] = ledger.lockdown.settledSince(begunAt);
    if (code === ErrorCode.LOCKDOWN && level !== undefined && level < 2)
      breach(12, `${person.name} was refused for a lockdown that there is not`);
  }
}
