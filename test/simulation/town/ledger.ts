import type { EntryKind, RoomRoleName } from "../../../src/client/index.ts";
import { type Attempt, Fact, Order } from "../fact.ts";
import type { Device } from "./device.ts";

export type AccountState = "none" | "there" | "deleted";

/** What somebody is in a room. "joined": a member at least, or not when the server crashed at once. */
export type Standing = Exclude<RoomRoleName, "none"> | "none" | "invited" | "joined";

/** A mute or ban; undefined reason: there is none. */
export interface Sanction {
  readonly reason: string | undefined;
  /** It lasts at least until then, server's time. */
  readonly untilMs: number;
  readonly isForever: boolean;
}

export const NO_SANCTION: Sanction = { reason: undefined, untilMs: 0, isForever: true };

export type SettingName =
  | "name"
  | "topic"
  | "access"
  | "password"
  | "archived"
  | "slowModeMs"
  | "slowReader"
  | "retentionAgeMs"
  | "retentionCount";
export type Setting = string | number | boolean;

/** An act that the audit log has when it was done. */
export interface Act {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  /** Is in the entry's detail; with `isUnique` in no other's. */
  readonly detail: string;
  readonly isUnique: boolean;
  /** Acts that change nothing are done without an entry. */
  readonly mayBeNothing: boolean;
  outcome: "open" | "done" | "refused";
}

/** An entry of a log as its author was told. */
export interface Entry {
  readonly by: string;
  readonly roomId: number;
  readonly offset: number;
  readonly kind: EntryKind;
  readonly text: string;
  readonly timeMs: number;
}

export interface TownRoom {
  readonly id: number;
  readonly kind: "logged" | "memory";
  /** The first name; of a room that was private from the beginning it is a secret ("sec-7x"). */
  readonly firstName: string;
}

/** Who was let know of a room that was made private. */
export interface Secret {
  readonly knowers: Set<string>;
  /** It was opened to everybody, or may have been. */
  isOpen: boolean;
}

/** What is known from outside of what the server must have, and who may know what. */
export class Ledger {
  readonly order = new Order();
  readonly lockdown = new Fact<number>(this.order, 0);
  readonly rooms = new Map<number, TownRoom>();
  readonly roomNames: string[] = [];
  readonly secrets = new Map<string, Secret>();
  /** Users who are or may have been administrators: they may know everything but conversations. */
  readonly administrators = new Set<string>();
  /** Rooms whose owner's account may have been deleted, so that another became owner. */
  readonly inherited = new Set<number>();
  readonly acts: Act[] = [];
  readonly entries: Entry[] = [];
  /** Invitation codes, how often they may be used, and who used them or may have. */
  readonly invitations: { readonly code: string; readonly uses: number; readonly users: Set<string> }[] = [];
  /** When a text was first given to a client, and by whom. */
  readonly said = new Map<string, { readonly by: string; readonly begunAt: number }>();
  readonly #facts = new Map<string, unknown>();

  account(name: string): Fact<AccountState> {
    return this.#fact(`account ${name}`, "none");
  }

  password(name: string): Fact<string> {
    return this.#fact(`password ${name}`, firstPassword(name));
  }

  displayName(name: string): Fact<string> {
    return this.#fact(`display ${name}`, "");
  }

  isAdmin(name: string): Fact<boolean> {
    return this.#fact(`admin ${name}`, name === MAYOR);
  }

  block(owner: string, other: string): Fact<boolean> {
    return this.#fact(`block ${owner} ${other}`, false);
  }

  /** Room 0: on the whole server. */
  sanction(kind: "mute" | "ban", roomId: number, name: string): Fact<Sanction> {
    return this.#fact(`${kind} ${roomId} ${name}`, NO_SANCTION);
  }

  /** The reason; undefined: not banned. */
  addressBan(cidr: string): Fact<string | undefined> {
    return this.#fact(`address ${cidr}`, undefined);
  }

  roomState(roomId: number): Fact<"there" | "deleted"> {
    return this.#fact(`room ${roomId}`, "there");
  }

  setting(roomId: number, name: SettingName, initial?: Setting): Fact<Setting | undefined> {
    return this.#fact(`setting ${roomId} ${name}`, initial);
  }

  standing(roomId: number, name: string): Fact<Standing> {
    return this.#fact(`standing ${roomId} ${name}`, "none");
  }

  token(token: string): Fact<"good" | "revoked"> {
    return this.#fact(`token ${token}`, "good");
  }

  /** When a user last began to come into a room. */
  readonly lastJoins = new Map<string, number>();
  /** Who was taken out of a room for certain, and when, and has not begun to come in again. */
  readonly outs = new Map<string, number>();

  noteJoin(roomId: number, name: string, order: number): void {
    this.lastJoins.set(`${roomId} ${name}`, order);
    this.outs.delete(`${roomId} ${name}`);
  }

  /** The user was taken out by a command that was sent at `begunAt`: from now on it hears nothing of the room. */
  noteOut(roomId: number, name: string, begunAt: number): void {
    const key = `${roomId} ${name}`;
    if ((this.lastJoins.get(key) ?? 0) < begunAt) this.outs.set(key, this.order.next());
  }

  /** Sessions that a command has ended: they may not be there still. */
  readonly endings: { readonly device: Device; readonly begunAt: number; readonly why: string }[] = [];

  /** The furthest offset acknowledged as read, since the user is in the room. */
  readonly readUpTo = new Map<string, number>();

  /** The user's standing in the room may end: what was read before counts no more. */
  forgetReading(roomId: number, name: string): void {
    const key = `${roomId} ${name}`;
    this.readUpTo.delete(key);
    this.readingEnds.set(key, this.order.next());
  }

  /** When a user's standing in a room last may have ended. */
  readonly readingEnds = new Map<string, number>();

  /** The server is gone, with the rooms that it had in memory; their ids will be others'. */
  noteCrash(): void {
    this.order.noteEnd();
    for (const { id, kind } of this.rooms.values()) {
      if (kind !== "memory") continue;
      this.rooms.delete(id);
      for (const table of [this.#facts, this.outs, this.lastJoins, this.readUpTo, this.readingEnds]) {
        for (const key of table.keys()) if (key.split(" ").includes(String(id))) table.delete(key);
      }
    }
  }

  /** The account may be deleted. */
  noteDeletion(name: string): void {
    for (const roomId of this.rooms.keys()) this.inherited.add(roomId);
    for (const key of this.readUpTo.keys()) if (key.endsWith(` ${name}`)) this.readUpTo.delete(key);
  }

  /** An act that should be in the audit log if it is done. */
  beginAct(act: Omit<Act, "outcome">): Attempt {
    const noted: Act = { ...act, outcome: "open" };
    this.acts.push(noted);
    return {
      done: () => {
        noted.outcome = "done";
      },
      refused: () => {
        noted.outcome = "refused";
      },
    };
  }

  addRoom(room: TownRoom): void {
    if (!this.rooms.has(room.id)) this.rooms.set(room.id, room);
  }

  /** What a new room was made with. */
  noteSettings(
    roomId: number,
    made: Pick<Record<SettingName, Setting>, "name" | "topic" | "access" | "password" | "slowReader">,
  ): void {
    const rest = { archived: false, slowModeMs: 0, retentionAgeMs: 0, retentionCount: 0 };
    const initial: Record<SettingName, Setting> = { ...made, ...rest };
    for (const name of Object.keys(initial) as SettingName[]) this.setting(roomId, name, initial[name]);
  }

  addName(name: string): void {
    if (!this.roomNames.includes(name)) this.roomNames.push(name);
  }

  /** Somebody may tell this user of the room from now on. */
  letKnow(roomId: number, name: string): void {
    this.secretOf(this.rooms.get(roomId)?.firstName ?? "")?.knowers.add(name);
  }

  mayKnow(name: string, mark: string): boolean {
    const secret = this.secrets.get(mark);
    if (secret === undefined || secret.isOpen || this.administrators.has(name)) return true;
    return secret.knowers.has(name);
  }

  /** The secret that a name or text gives away. */
  secretOf(name: string): Secret | undefined {
    const mark = markOf(name);
    return mark === "" ? undefined : this.secrets.get(mark);
  }

  #fact<Value>(key: string, initial: Value): Fact<Value> {
    const known = this.#facts.get(key);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each kind of key has facts of one type
    if (known !== undefined) return known as Fact<Value>;
    const fact = new Fact<Value>(this.order, initial);
    this.#facts.set(key, fact);
    return fact;
  }
}

/** An administrator from the beginning, and to the end. */
export const MAYOR = "mayor";

export function firstPassword(name: string): string {
  return `password of ${name}`;
}

/** What is in the names of rooms that were private from the beginning, and in everything said there. It ends with a letter: what follows in a packet may look like a digit. */
export const MARK: RegExp = /sec-\d+x/g;

export function markOf(text: string): string {
  return text.match(MARK)?.[0] ?? "";
}
