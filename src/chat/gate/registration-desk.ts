import { ErrorCode, PacketType } from "../../protocol/codes.ts";
import type { RegisterRequest } from "../../protocol/generated/portico/v1/portico_pb.js";
import { checkUserName } from "../../protocol/names.ts";
import { checkPassword } from "../../protocol/text.ts";
import { AddressRate } from "./address-rate.ts";
import { attemptObstacle } from "./attempt-obstacle.ts";
import type { DeskContext } from "./desk-context.ts";
import type { GateSession } from "./gate-session.ts";
import type { GateSettings } from "./gate-settings.ts";
import { invitationHash } from "./invitation.ts";
import { isRefused, refuseRequest, type Refused } from "./refusals.ts";

const HOUR_MS = 3_600_000;
/** Units of a code that is worth looking at; ours have 19. */
const CODE_LONGEST = 64;

const nameTaken: Refused = { code: "NAME_TAKEN", detail: "the name is taken" };
const invitationInvalid: Refused = {
  code: "INVITATION_INVALID",
  detail: "the invitation code is wrong, used up or expired",
};

/** What was checked of a registration. */
interface Applicant {
  readonly name: string;
  readonly nameKey: string;
  readonly password: string;
  readonly invitationHash: string | undefined;
}

/** Makes accounts: so many an hour for each address, with an invitation where one is needed. */
export class RegistrationDesk {
  readonly #desk: DeskContext;
  readonly #registrations: AddressRate;

  constructor(desk: DeskContext) {
    this.#desk = desk;
    this.#registrations = new AddressRate(desk.settings.rates.registrationsPerHourPerAddress, HOUR_MS);
  }

  /** Takes over changed settings. */
  reload({ rates }: GateSettings): void {
    this.#registrations.setCount(rates.registrationsPerHourPerAddress);
  }

  register(session: GateSession, body: RegisterRequest): Refused | undefined {
    const obstacle = attemptObstacle(session, this.#desk);
    if (obstacle !== undefined) return obstacle;
    const applicant = this.#check(body);
    if (isRefused(applicant)) return applicant;
    const retryAfterMs = this.#registrations.take(session.address, this.#desk.clock.monotonicMs());
    if (retryAfterMs > 0) return { code: "RATE_LIMITED", detail: "too many registrations", retryAfterMs };
    session.beginAttempt();
    this.#desk.attempts.start(
      () => this.#create(applicant),
      (outcome) => {
        if (!isRefused(outcome)) this.#desk.counters.registrations++;
        if (session.state !== "authenticating") return;
        session.endAttempt();
        if (isRefused(outcome)) refuseRequest(session, { type: PacketType.REGISTER_REQUEST, body }, outcome);
        else session.send(PacketType.REGISTER_RESPONSE, { requestId: body.requestId, code: ErrorCode.OK });
      },
    );
    return undefined;
  }

  #check(body: RegisterRequest): Applicant | Refused {
    const { settings, rules } = this.#desk;
    const { registration, invitationRequired } = settings.login;
    if (!registration) return { code: "REGISTRATION_CLOSED", detail: "new accounts are not allowed here" };
    if (rules.lockdown >= 1) return { code: "LOCKDOWN", detail: "no new accounts are made for now" };
    const name = checkUserName(body.name);
    if (!name.ok) return { code: "NAME_INVALID", detail: name.reason };
    const password = checkPassword(body.password);
    if (!password.ok) return { code: "PASSWORD_INVALID", detail: password.reason };
    const code = body.invitationCode;
    if (invitationRequired && (code === "" || code.length > CODE_LONGEST)) return invitationInvalid;
    return {
      name: body.name,
      nameKey: name.key,
      password: password.password,
      // Where none is needed, a code that was given is not used up.
      invitationHash: invitationRequired ? invitationHash(code) : undefined,
    };
  }

  async #create(applicant: Applicant): Promise<Refused | undefined> {
    const { store, hasher, clock } = this.#desk;
    const { name, nameKey } = applicant;
    // Hashing is dear: a name that is taken already need not cost it.
    if ((await store.ask("findAccount", { nameKey })) !== undefined) return nameTaken;
    const passwordHash = await hasher.hash(applicant.password);
    const answer = await store.ask("createAccount", {
      name,
      nameKey,
      passwordHash,
      nowMs: clock.wallMs(),
      ...(applicant.invitationHash === undefined ? {} : { invitationHash: applicant.invitationHash }),
    });
    if (answer.created) return undefined;
    return answer.why === "NAME_TAKEN" ? nameTaken : invitationInvalid;
  }
}
