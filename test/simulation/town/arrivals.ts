import { ErrorCode } from "../../../src/protocol/codes.ts";
import type { Device } from "./device.ts";
import { firstPassword } from "./ledger.ts";
import { guestCredentials, newPerson, type Person } from "./person.ts";
import type { Town } from "./town.ts";

/** Devices that one person has at once. */
const DEVICE_LIMIT = 2;
/** Accounts of the town; who is deleted makes room for another. */
const PEOPLE_LIMIT = 7;

/** How people come into the town: they register, log in, and try to get in where they may not. */
export class Arrivals {
  readonly #town: Town;

  constructor(town: Town) {
    this.#town = town;
  }

  /** A newcomer, or somebody who would take the mayor's name. */
  register(): void {
    const { random, ledger, people, mayor } = this.#town;
    if (random.chance(0.15)) {
      const thief = newPerson(mayor.name);
      const device = this.#town.newDevice(thief);
      device.connect({ name: mayor.name, password: "I am the mayor" }, { register: true });
      this.#town.strangers.push(device);
      return;
    }
    if (people.filter(({ isGuest }) => !isGuest).length >= PEOPLE_LIMIT) return;
    const person = newPerson(`user${this.#town.count()}x`);
    const dice = random.next();
    const known = ledger.invitations[random.below(Math.max(1, ledger.invitations.length))];
    const invitationCode = random.chance(0.8) ? (known?.code ?? "") : "not-a-code";
    const password = dice < 0.85 ? firstPassword(person.name) : "short";
    const device = this.#town.newDevice(person);
    // Who was refused is nobody; who does not know it may be somebody.
    if (dice < 0.85) people.push(person);
    else this.#town.strangers.push(device);
    device.connect({ name: person.name, password }, { register: true, invitationCode }, (code) => {
      if (!(code in ErrorCode) || dice >= 0.85) return;
      const isMade = ledger
        .account(person.name)
        .possible()
        .some((state) => state !== "none");
      if (!isMade) people.splice(people.indexOf(person), 1);
    });
  }

  /** Somebody comes with another device, or comes back; by password or token, with the right one or not. */
  logIn(): void {
    const { random, people } = this.#town;
    const person = this.#town.pickOr(people, this.#town.mayor);
    this.dropOld(person);
    if (person.devices.filter((device) => !device.isOver).length >= DEVICE_LIMIT) return;
    const before = person.devices.find((device) => device.isOver && !device.isCrashed);
    const device = before !== undefined && random.chance(0.6) ? before : this.#town.newDevice(person);
    this.#connect(person, device, random.chance(0.1));
  }

  /** Sends one device of everybody who has none. */
  callBack(): void {
    for (const person of this.#town.people) {
      if (person.devices.some((device) => !device.isOver)) continue;
      this.#connect(person, this.#town.newDevice(person), false);
    }
  }

  /** Rule 10 at the end: who may log in is there, and who may not is not. */
  async checkLogins(): Promise<void> {
    const { ledger, disk, people, breach } = this.#town;
    for (const person of people) {
      const isIn = person.devices.some((device) => device.isOnline);
      const bans = ledger.sanction("ban", 0, person.name).possible();
      const isFree = bans.every(({ reason }) => reason === undefined);
      const states = ledger.account(person.name).possible();
      const level = Math.max(...ledger.lockdown.possible());
      if (person.isGuest) {
        if (!isIn && isFree && level < 2) breach(10, `${person.name}, a guest, could not log in`);
        continue;
      }
      const account = disk.findAccount(person.name);
      const mayBeIn = account !== undefined && states.includes("there");
      if (isIn && !mayBeIn) breach(10, `${person.name} is logged in and has no account`);
      if (!isIn && isFree && account !== undefined && states.every((state) => state === "there")) {
        const possible = ledger.password(person.name).possible();
        if (possible.length === 1) breach(10, `${person.name} could not log in`);
      }
    }
  }

  /** Forgets devices that are over, but the last few: what they heard is looked at in the end. */
  dropOld(person: Person): void {
    const over = person.devices.filter((device) => device.isOver);
    for (const device of over.slice(0, -2)) {
      person.devices.splice(person.devices.indexOf(device), 1);
      this.#town.strangers.push(device);
    }
  }

  #connect(person: Person, device: Device, isWrong: boolean): void {
    const { random, ledger } = this.#town;
    const { name, tokens } = person;
    const label = random.chance(0.5) ? "a telephone" : "";
    if (person.isGuest) {
      device.connect(guestCredentials(name), { label });
      return;
    }
    const password = isWrong ? "some other password" : this.#town.pick(ledger.password(name).possible());
    const token = random.chance(0.4) ? this.#town.pickOr(tokens, "") : "";
    device.connect({ name, password, ...(token === "" ? {} : { token }) }, { label });
  }
}
