import type { ChatError } from "../../../src/client/chat-error.ts";
import type { RoomMember } from "../../../src/client/rooms-api.ts";
import { nameKey } from "../../../src/protocol/names.ts";
import { reuse, reuseRows } from "./cell.ts";
import type { Failure, MemberItem, MembersSnapshot, RoomRoleName } from "./contract.ts";

/** Names in one page; the most that the protocol allows. */
const PAGE_NAMES = 200;

/** Names that are kept. */
const MEMBER_LIMIT = 5000;

export interface MemberListOptions {
  readonly readMembers: (
    after: string,
    limit: number,
  ) => Promise<{ readonly members: readonly RoomMember[]; readonly total: number; readonly more: boolean }>;
  readonly readPresent: (
    after: string,
    limit: number,
  ) => Promise<{ readonly names: readonly string[]; readonly total: number; readonly more: boolean }>;
  readonly toError: (error: unknown) => ChatError;
  readonly onChange: () => void;
}

/** What decides what a user may do to another. */
export interface Onlooker {
  readonly name: string;
  readonly role: RoomRoleName;
  readonly isAdmin: boolean;
}

const ROLE_RANKS: Readonly<Record<RoomRoleName, number>> = { none: 0, member: 1, moderator: 2, owner: 3 };

/**
 * The people of one room: its members, present or not, and those who are there without being members
 * (guests). Read when somebody looks; after that, joins and leaves keep it true.
 */
export class MemberList {
  readonly #options: MemberListOptions;
  readonly #members = new Map<string, RoomMember>();
  #phase: "unread" | "loading" | "read" = "unread";
  #total = 0;
  #presentTotal = 0;
  #after = "";
  #hasMore = false;
  #failure: ChatError | undefined;
  #generation = 0;

  constructor(options: MemberListOptions) {
    this.#options = options;
  }

  get isRead(): boolean {
    return this.#phase !== "unread";
  }

  get hasMore(): boolean {
    return this.#hasMore;
  }

  find(name: string): RoomMember | undefined {
    return this.#members.get(nameKey(name));
  }

  displayNameOf(name: string): string {
    return this.#members.get(nameKey(name))?.displayName ?? "";
  }

  get names(): readonly string[] {
    return Array.from(this.#members.values(), ({ name }) => name);
  }

  /** Reads the first pages, anew. */
  async load(): Promise<void> {
    const generation = ++this.#generation;
    this.#phase = "loading";
    this.#failure = undefined;
    this.#options.onChange();
    try {
      const present = await this.#options.readPresent("", PAGE_NAMES);
      const page = await this.#options.readMembers("", PAGE_NAMES);
      if (generation !== this.#generation) return;
      this.#members.clear();
      this.#presentTotal = present.total;
      for (const name of present.names) this.#put({ ...nobody(name), isPresent: true });
      this.#take(page);
    } catch (error) {
      this.#fail(generation, error);
    }
  }

  async loadMore(): Promise<void> {
    if (this.#phase !== "read" || !this.#hasMore) return;
    const generation = this.#generation;
    this.#phase = "loading";
    this.#failure = undefined;
    this.#options.onChange();
    try {
      const page = await this.#options.readMembers(this.#after, PAGE_NAMES);
      if (generation === this.#generation) this.#take(page);
    } catch (error) {
      this.#fail(generation, error);
    }
  }

  onJoined(name: string): void {
    if (this.#phase === "unread") return;
    const known = this.find(name);
    if (known?.isPresent !== true) this.#presentTotal++;
    this.#put({ ...(known ?? nobody(name)), isPresent: true });
    this.#options.onChange();
  }

  onLeft(name: string): void {
    const known = this.find(name);
    if (known === undefined) return;
    if (known.isPresent) this.#presentTotal = Math.max(this.#presentTotal - 1, 0);
    // Who was only passing by is nobody here any more.
    if (known.role === "none") this.#members.delete(nameKey(name));
    else this.#put({ ...known, isPresent: false });
    this.#options.onChange();
  }

  onPresentCount(count: number): void {
    this.#presentTotal = count;
    this.#options.onChange();
  }

  forget(): void {
    this.#generation++;
    this.#members.clear();
    this.#phase = "unread";
    this.#hasMore = false;
  }

  snapshot(
    place: string,
    before: MembersSnapshot | undefined,
    onlooker: Onlooker,
    toFailure: (error: ChatError) => Failure,
  ): MembersSnapshot {
    const earlier = before?.place === place ? before : undefined;
    const members = [...this.#members.values()]
      .map((member): MemberItem => itemOf(member, onlooker))
      .sort(byPresenceRoleAndName);
    return reuse(earlier, {
      place,
      members: reuseRows(earlier?.members, members, ({ name }) => name),
      total: Math.max(this.#total, members.length),
      presentCount: this.#presentTotal,
      isLoading: this.#phase === "loading",
      failure: this.#failure === undefined ? undefined : reuse(earlier?.failure, toFailure(this.#failure)),
    });
  }

  #take(page: Awaited<ReturnType<MemberListOptions["readMembers"]>>): void {
    for (const member of page.members) this.#put(member);
    this.#total = page.total;
    this.#after = page.members.at(-1)?.name ?? this.#after;
    this.#hasMore = page.more && page.members.length > 0 && this.#members.size < MEMBER_LIMIT;
    this.#phase = "read";
    this.#options.onChange();
  }

  #put(member: RoomMember): void {
    const key = nameKey(member.name);
    if (this.#members.size < MEMBER_LIMIT || this.#members.has(key)) this.#members.set(key, member);
  }

  #fail(generation: number, error: unknown): void {
    const failure = this.#options.toError(error);
    if (generation !== this.#generation) return;
    this.#failure = failure;
    this.#phase = this.#members.size > 0 ? "read" : "unread";
    this.#options.onChange();
  }
}

/** Somebody of whom no more than the name is known: not a member. */
function nobody(name: string): RoomMember {
  return { name, displayName: "", role: "none", isPresent: false, mutedUntilMs: 0 };
}

function itemOf(member: RoomMember, onlooker: Onlooker): MemberItem {
  const isMe = member.name === onlooker.name;
  const isModerator = ROLE_RANKS[onlooker.role] >= ROLE_RANKS.moderator;
  const isBelow = ROLE_RANKS[member.role] < ROLE_RANKS[onlooker.role];
  const mayModerate = !isMe && (onlooker.isAdmin || (isModerator && isBelow));
  return { ...member, isMe, mayModerate };
}

function byPresenceRoleAndName(one: MemberItem, other: MemberItem): number {
  return (
    Number(other.isPresent) - Number(one.isPresent) ||
    ROLE_RANKS[other.role] - ROLE_RANKS[one.role] ||
    compareNames(one.name, other.name)
  );
}

const collator = new Intl.Collator(undefined, { numeric: true });

function compareNames(one: string, other: string): number {
  return collator.compare(one, other);
}
