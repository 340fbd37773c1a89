import { firstPassword, MAYOR } from "./ledger.ts";
import { newPerson } from "./person.ts";
import type { Town } from "./town.ts";

/** Accounts besides the mayor's that are there from the beginning. */
export const FIRST_ACCOUNTS = 3;
const GUESTS = 2;

/** The accounts and rooms that a town begins with. */
export function foundTown(town: Town): void {
  makeAccount(town, MAYOR, true);
  for (let index = 0; index < FIRST_ACCOUNTS; index++) {
    const person = newPerson(`citizen${index}x`);
    const ownerId = makeAccount(town, person.name, false);
    town.people.push(person);
    if (index === 0) makeRoom(town, "plaza-0", "public", person.name, ownerId);
    if (index === 1) makeRoom(town, "sec-0x", "private", person.name, ownerId);
  }
  for (let index = 0; index < GUESTS; index++) town.people.push(newPerson(`guest${index}x`, true));
}

function makeAccount({ disk, ledger, wallMs }: Town, name: string, isAdmin: boolean): number {
  const passwordHash = `quick:${firstPassword(name)}`;
  const made = disk.ask("createAccount", { name, nameKey: name, passwordHash, nowMs: wallMs(), isAdmin });
  ledger.account(name).begin("there").done();
  return made.created ? made.id : 0;
}

function makeRoom(
  { disk, ledger, wallMs }: Town,
  name: string,
  access: "public" | "private",
  owner: string,
  ownerId: number,
): void {
  const slowReader = "disconnect";
  const rest = { archived: false, slowModeMs: 0, retentionAgeMs: 0, retentionCount: 0 };
  const settings = { access, passwordHash: "", topic: "", slowReader, ...rest } as const;
  const made = disk.ask("createRoom", { name, settings, ownerId, maxOwned: 1, epoch: name, nowMs: wallMs() });
  if (!made.created) throw new Error(`there is a ${name} already`);
  const { id } = made.room;
  ledger.addRoom({ id, kind: "logged", firstName: name });
  ledger.addName(name);
  ledger.noteSettings(id, { name, topic: "", access, password: "", slowReader });
  ledger.standing(id, owner).begin("owner").done();
  if (access === "private") ledger.secrets.set(name, { knowers: new Set([owner]), isOpen: false });
}
