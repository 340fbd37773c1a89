import { isDeepStrictEqual } from "node:util";
import type { SeededRandom } from "../../../src/base/random.ts";
import type { MemoryDisk } from "../../../src/chat/store/memory-disk.ts";
import type { StoredMessage } from "../../../src/chat/store/store.ts";
import { ChatError, type RoomInfo, type RoomListing, type Transport } from "../../../src/client/index.ts";
import type { SimulatedPort } from "../../../src/engine/simulated/simulated-port.ts";
import { type AnswerCounts } from "../answer-check.ts";
import type { Breach } from "../wiretap.ts";
import { Arrivals } from "./arrivals.ts";
import { ALL_COMMANDS, codesOf } from "./commands.ts";
import { Device } from "./device.ts";
import { FIRST_ACCOUNTS, foundTown } from "./founding.ts";
import { Ledger, markOf, MAYOR, type TownRoom } from "./ledger.ts";
import { LoginWatch } from "./login-watch.ts";
import { newPerson, type Person } from "./person.ts";

export interface TownOptions {
  readonly random: SeededRandom;
  readonly disk: MemoryDisk;
  readonly breach: Breach;
  readonly counts: AnswerCounts;
  readonly isInvitationRequired: boolean;
  /** Server's time. */
  readonly wallMs: () => number;
  /** A machine of its own and a way to the server. */
  readonly newMachine: (name: string) => { port: SimulatedPort; transport: Transport; random: SeededRandom };
  /** Nobody but people of the town needs an account yet. */
  readonly isLockdownHarmless: () => boolean;
}

const WORDS = ["apple", "berry", "cedar", "dahlia", "elder", "fern"];
/** Ids from here on are of rooms in memory (docs/PROTOCOL.md). */
const MEMORY_ROOM_IDS = 1_000_000_000;
const TOTAL_WEIGHT = ALL_COMMANDS.reduce((sum, [, { weight }]) => sum + weight, 0);

/**
 * People who do everything that the protocol has, with each other and with an administrator, in rooms of
 * their own; and a ledger of what must be so after it.
 */
export class Town {
  readonly ledger = new Ledger();
  readonly random: SeededRandom;
  readonly disk: MemoryDisk;
  readonly breach: Breach;
  readonly wallMs: () => number;
  readonly isLockdownHarmless: () => boolean;
  readonly mayor: Person = newPerson(MAYOR);
  readonly people: Person[] = [this.mayor];
  readonly arrivals: Arrivals;
  /** Devices of nobody, and old ones. */
  readonly strangers: Device[] = [];
  /** Messages whose deletion was acknowledged. */
  readonly erased: { readonly roomId: number; readonly offset: number }[] = [];
  /** By the room's name; what somebody may have told the others. */
  readonly roomPasswords = new Map<string, string>();
  readonly #options: TownOptions;
  #count = 0;

  constructor(options: TownOptions) {
    this.#options = options;
    this.random = options.random;
    this.disk = options.disk;
    this.breach = options.breach;
    this.wallMs = options.wallMs;
    this.isLockdownHarmless = options.isLockdownHarmless;
    this.arrivals = new Arrivals(this);
    this.ledger.administrators.add(MAYOR);
    foundTown(this);
    this.arrivals.callBack();
  }

  /** Everything that people of the town connect with. */
  get devices(): readonly Device[] {
    return [...this.people.flatMap(({ devices }) => devices), ...this.strangers];
  }

  get isQuiet(): boolean {
    return this.devices.every((device) => device.isQuiet);
  }

  /** Somebody does something. */
  act(): void {
    // What only administrators may is to be done more than refused.
    const person = this.random.chance(0.25) ? this.mayor : this.pick(this.people);
    const device = person.devices.find((each) => each.isOnline);
    if (device === undefined) {
      this.arrivals.logIn();
      return;
    }
    if (this.random.chance(0.01)) {
      device.crash();
      return;
    }
    let dice = this.random.next() * TOTAL_WEIGHT;
    const chosen = ALL_COMMANDS.find(([, { weight }]) => (dice -= weight) < 0);
    chosen?.[1].act(this, device);
  }

  /** Each command's rule, when all is quiet. */
  async check(): Promise<void> {
    for (const [, command] of ALL_COMMANDS) await command.check(this);
  }

  newDevice(person: Person): Device {
    const { ledger, breach, wallMs } = this;
    const { isInvitationRequired, counts, newMachine } = this.#options;
    const observer = new LoginWatch({ person, ledger, breach, wallMs, isInvitationRequired });
    const device = new Device({
      person,
      ...newMachine(person.name),
      ledger,
      breach,
      answers: { counts, codes: codesOf, observer },
    });
    device.onHeard = (roomId, text, said) => this.#checkHeard(person, roomId, text, said);
    person.devices.push(device);
    return device;
  }

  /** New accounts need an invitation; where they do not, a code that is given is not used up. */
  get isInvitationRequired(): boolean {
    return this.#options.isInvitationRequired;
  }

  // ---- what there is to choose from

  count(): number {
    this.#count += 1;
    return this.#count;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.random.below(items.length)] as Item;
  }

  pickOr<Item>(items: readonly Item[], otherwise: Item): Item {
    return items.length === 0 ? otherwise : this.pick(items);
  }

  anybody(): Person {
    return this.pick(this.people);
  }

  words(): string {
    return `${this.pick(WORDS)} ${this.pick(WORDS)} number ${this.count()}`;
  }

  textFor({ person }: Device, roomId: number): string {
    const mark = markOf(this.ledger.rooms.get(roomId)?.firstName ?? "");
    return `${person.name} says ${this.words()}${mark === "" ? "" : ` of ${mark}`}`;
  }

  say(text: string, { person }: Device): void {
    this.ledger.said.set(text, { by: person.name, begunAt: this.ledger.order.next() });
  }

  /** A room that the device is in, but the lobby. */
  roomOf(device: Device): RoomInfo | undefined {
    return device.rooms.length === 0 ? undefined : this.pick(device.rooms);
  }

  /** One that the device is in, better one that its person has a say in; administrators look after all. */
  roomToManage(device: Device): TownRoom | undefined {
    const { ledger, random } = this;
    if (device.person === this.mayor && random.chance(0.4) && ledger.rooms.size > 0)
      return this.pick([...ledger.rooms.values()]);
    const managed = device.rooms.filter(({ role }) => role === "owner" || role === "moderator");
    const room = managed.length > 0 && random.chance(0.7) ? this.pick(managed) : this.roomOf(device);
    return room === undefined ? undefined : ledger.rooms.get(room.roomId);
  }

  /** A text to change or react to, better one's own, seldom of the lobby. */
  messageFor(
    device: Device,
  ):
    | { readonly roomId: number; readonly offset: number; readonly sender: string; readonly text: string }
    | undefined {
    const lobbyId = device.client.rooms[0]?.roomId;
    const rooms = [...device.texts.keys()].filter((roomId) => roomId !== lobbyId || this.random.chance(0.1));
    if (rooms.length === 0) return undefined;
    const roomId = this.pick(rooms);
    const texts = device.texts.get(roomId)?.slice(-20) ?? [];
    const own = texts.filter(({ sender }) => sender === device.person.name);
    const message = this.pick(own.length > 0 && this.random.chance(0.6) ? own : texts);
    return { roomId, ...message };
  }

  /** The one room that may have this name now. */
  roomNamed(name: string): TownRoom | undefined {
    const found = [...this.ledger.rooms.values()].filter(
      ({ id, firstName }) =>
        this.ledger.setting(id, "name").possible().includes(name) ||
        (firstName === name && this.#isNameUnknown(id)),
    );
    return found.length === 1 ? found[0] : undefined;
  }

  namesOf(roomId: number): readonly string[] {
    const names = this.ledger.setting(roomId, "name").possible();
    return names.filter((name) => typeof name === "string");
  }

  roomPasswordFor(name: string): string {
    return this.random.chance(0.8) ? (this.roomPasswords.get(name) ?? "") : "not the key";
  }

  mayBeDeleted(person: Person): boolean {
    const accounts = this.people.filter(
      ({ name, isGuest }) => !isGuest && this.disk.findAccount(name) !== undefined,
    );
    return person !== this.mayor && !person.isGuest && accounts.length > FIRST_ACCOUNTS;
  }

  // ---- what there is on the disk

  isLogged(roomId: number): boolean {
    return roomId < MEMORY_ROOM_IDS;
  }

  /** The room is deleted, or keeps no more of what was there. */
  isForgotten(roomId: number, offset: number): boolean {
    if (!this.isLogged(roomId)) return true;
    const room = this.disk.ask("findRoomById", { id: roomId });
    return room === undefined || offset < room.firstOffset;
  }

  entryAt(roomId: number, offset: number): StoredMessage | undefined {
    const log = this.disk.log(roomId);
    return log[offset - (log[0]?.offset ?? 0)];
  }

  /** Direct conversations that a device or another of its person's has heard of. */
  conversationsOf({ person }: Device): readonly number[] {
    return [...new Set(person.devices.flatMap(({ conversations }) => [...conversations]))];
  }

  mayorsDevice(): Device | undefined {
    return this.mayor.devices.find(({ isOnline }) => isOnline);
  }

  /** Who is in a room with a device or two. */
  namesIn(roomId: number): readonly string[] {
    const isIn = ({ isOnline, client }: Device): boolean =>
      isOnline && client.rooms.some((room) => room.roomId === roomId);
    return this.people.filter(({ devices }) => devices.some(isIn)).map(({ name }) => name);
  }

  /** Rooms in memory that somebody is in, and who may come in. */
  memoryRooms(): ReadonlyMap<number, string> {
    const infos = this.devices.filter(({ isOnline }) => isOnline).flatMap(({ rooms }) => rooms);
    return new Map(
      infos.filter(({ kind }) => kind === "memory").map(({ roomId, access }) => [roomId, access]),
    );
  }

  async allRooms({ client }: Device, scope: "open" | "mine"): Promise<readonly RoomListing[]> {
    const all: RoomListing[] = [];
    for (let more = true, after = ""; more; after = all.at(-1)?.cursor ?? "") {
      const page = await client.listRooms({ scope, after, limit: 12 });
      all.push(...page.rooms);
      more = page.more;
    }
    return all;
  }

  // ---- rules that several commands have

  /** Calls `look` for a device of everybody who is there, one after the other. */
  async forEachOnline(look: (device: Device) => Promise<void>): Promise<void> {
    for (const { name, devices } of this.people) {
      const device = devices.find(({ isOnline }) => isOnline);
      if (device === undefined) continue;
      try {
        await look(device);
      } catch (error) {
        const why = error instanceof ChatError ? `${error.code} ${error.message}` : String(error);
        this.breach(0, `${name} could not look: ${why} ${error instanceof Error ? error.stack : ""}`);
      }
    }
  }

  mustEqual(rule: number, what: string, shown: readonly unknown[], should: readonly unknown[]): void {
    if (!isDeepStrictEqual(shown, should))
      this.breach(rule, `${what}: ${shown.join("; ")}, and not ${should.join("; ")}`);
  }

  mustBeAdmin(what: string, name: string, begunAt: number): void {
    const [isAdmin] = this.ledger.isAdmin(name).settledSince(begunAt);
    if (isAdmin === false) this.breach(12, `${name} is no administrator and ${what}`);
  }

  /** Whoever did this in a room had one of the roles, or was an administrator. */
  mustHaveRole(
    rule: number,
    what: string,
    roomId: number,
    name: string,
    roles: readonly string[],
    begunAt: number,
  ): void {
    const { ledger } = this;
    const [standing] = ledger.standing(roomId, name).settledSince(begunAt);
    const [isAdmin] = ledger.isAdmin(name).settledSince(begunAt);
    if (!this.isLogged(roomId) || ledger.inherited.has(roomId) || isAdmin !== false) return;
    if (standing === undefined || standing === "joined" || roles.includes(standing)) return;
    this.breach(rule, `${name}, ${standing}, ${what} room ${roomId}`);
  }

  /** Rule 12: everybody is in each room what was acknowledged last. */
  checkStandings(): void {
    const { ledger, disk } = this;
    for (const { id } of ledger.rooms.values()) {
      const room = this.isLogged(id) ? disk.ask("findRoomById", { id }) : undefined;
      if (room === undefined) continue;
      const { members } = disk.ask("listMembers", { roomId: id, afterKey: "", limit: 1000 });
      const present = this.namesIn(id);
      for (const { name, isGuest } of this.people) {
        const account = disk.findAccount(name);
        if (isGuest || account === undefined) continue;
        const role = members.find(({ userId }) => userId === account.id)?.role ?? "none";
        const isInvited = room.roster.some(({ userId, invited }) => userId === account.id && invited);
        if (present.includes(name) && role === "none")
          this.breach(12, `${name} is in room ${id} and no member`);
        if (ledger.inherited.has(id)) continue;
        const is = role === "none" && isInvited ? "invited" : role;
        const possible = ledger.standing(id, name).possible();
        if (!possible.includes(is) && !possible.includes("joined"))
          this.breach(12, `${name} is ${is} in room ${id}, and should be ${possible.join(" or ")}`);
      }
    }
  }

  #checkHeard({ name }: Person, roomId: number, text: string, said: { by: string; begunAt: number }): void {
    const outAt = this.ledger.outs.get(`${roomId} ${name}`);
    if (outAt !== undefined && said.begunAt > outAt)
      this.breach(12, `${name} was taken out of room ${roomId} and heard "${text}"`);
    if (!text.startsWith("dm:") || said.by === name) return;
    const [isBlocked] = this.ledger.block(name, said.by).settledSince(said.begunAt);
    if (isBlocked === true) this.breach(17, `${name} blocks ${said.by} and heard "${text}"`);
  }

  #isNameUnknown(roomId: number): boolean {
    return this.ledger
      .setting(roomId, "name")
      .possible()
      .every((name) => name === undefined);
  }
}
