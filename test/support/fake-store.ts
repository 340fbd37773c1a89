import assert from "node:assert/strict";
import type { RoomId, UserId } from "../../src/chat/names.ts";
import { OPEN_ROOM_SETTINGS } from "../../src/chat/store/open-room-settings.ts";
import type {
  Account,
  AddressBan,
  Appended,
  AuditRecord,
  LockdownLevel,
  NewMember,
  NewMessage,
  RoomSettings,
  RoomSummary,
  RosterEntry,
  StoredMember,
  StoredMessage,
  StoredRoom,
  StoredRoomKind,
  StoredSanction,
  StoreRequestName,
  StoreRequests,
} from "../../src/chat/store/store.ts";

interface FakeMember {
  readonly userId: UserId;
  readonly userName: string;
  readonly role: RosterEntry["role"];
  readonly invited: boolean;
  readonly mutedUntilMs: number;
  readonly bannedUntilMs: number;
  readonly readOffset: number;
  readonly reason: string;
  readonly by: string;
}

interface FakeRoom {
  readonly id: RoomId;
  name: string;
  readonly kind: StoredRoomKind;
  readonly epoch: string;
  settings: RoomSettings;
  readonly log: NewMessage[];
  firstOffset: number;
  readonly members: Map<UserId, FakeMember>;
}

interface FakeToken {
  readonly id: number;
  readonly userId: UserId;
  readonly label: string;
}

/** What a hub needs of a store, done at once and in plain tables: for tests of the hub alone. */
export class FakeStore {
  readonly accounts = new Map<UserId, Account>();
  readonly tokens: FakeToken[] = [];
  readonly blocks = new Map<UserId, Set<UserId>>();
  readonly audit: AuditRecord[] = [];
  readonly serverSanctions = new Map<UserId, FakeMember>();
  readonly addressBans = new Map<string, AddressBan>();
  lockdown: LockdownLevel = 0;
  /** What the next `maintain` says was trimmed. */
  trimmed: { roomId: RoomId; firstOffset: number }[] = [];
  readonly #rooms = new Map<RoomId, FakeRoom>();
  #lastRoomId = 0;

  addAccount(id: UserId, name: string, nameKey: string, isAdmin = false): void {
    const rest = { displayName: "", passwordHash: "hash", isAdmin, createdMs: 0 };
    const sanction = { mutedUntilMs: 0, bannedUntilMs: 0, reason: "" };
    this.accounts.set(id, { id, name, nameKey, ...rest, ...sanction });
  }

  addToken(userId: UserId, id: number): void {
    this.tokens.push({ id, userId, label: `device ${id}` });
  }

  log(roomId: RoomId): readonly NewMessage[] {
    return this.#rooms.get(roomId)?.log ?? [];
  }

  room(roomId: RoomId): StoredRoom | undefined {
    const room = this.#rooms.get(roomId);
    return room === undefined ? undefined : this.#shown(room);
  }

  roomNamed(name: string): StoredRoom | undefined {
    const room = this.#named(name);
    return room === undefined ? undefined : this.#shown(room);
  }

  member(roomId: RoomId, userId: UserId): FakeMember | undefined {
    return this.#rooms.get(roomId)?.members.get(userId);
  }

  /** An entry of a log as history shows it. */
  entry(roomId: RoomId, offset: number): StoredMessage | undefined {
    return this.#entries(roomId, 0).find((entry) => entry.offset === offset);
  }

  append(message: NewMessage): Appended {
    const room = this.#rooms.get(message.roomId);
    // A room that was deleted meanwhile takes what was asked for earlier no more.
    if (room === undefined) return { offset: 0, timeMs: 0, duplicate: false, refused: "NO_TARGET" };
    const { log } = room;
    const index = log.findIndex(
      (kept) => kept.senderId === message.senderId && kept.clientMessageId === message.clientMessageId,
    );
    const first = log[index];
    if (first !== undefined) return { offset: index + 1, timeMs: first.timeMs, duplicate: true };
    const refused = this.#refusal(room, message);
    if (refused !== undefined) return { offset: 0, timeMs: 0, duplicate: false, refused };
    const offset = log.push(message);
    if (room.firstOffset === 0) room.firstOffset = 1;
    return { offset, timeMs: message.timeMs, duplicate: false };
  }

  ask<Name extends StoreRequestName>(
    name: Name,
    request: StoreRequests[Name]["request"],
  ): StoreRequests[Name]["result"] {
    const answer = this.#answers[name];
    return answer(request);
  }

  readonly #answers: {
    [Name in StoreRequestName]: (request: StoreRequests[Name]["request"]) => StoreRequests[Name]["result"];
  } = {
    createAccount: () => assert.fail("the gate makes accounts"),
    findAccount: ({ nameKey }) => [...this.accounts.values()].find((account) => account.nameKey === nameKey),
    findAccountById: ({ id }) => this.accounts.get(id),
    findExternalAccount: () => assert.fail("the gate looks for these"),
    updateAccount: ({ id, audit, ...change }) => {
      const account = this.accounts.get(id);
      if (account === undefined) return false;
      this.accounts.set(id, { ...account, ...change });
      this.#note(audit);
      return true;
    },
    deleteAccount: ({ id, audit }) => this.#deleteAccount(id, audit),
    listAccounts: () => assert.fail("the hub lists no accounts"),
    createToken: () => assert.fail("the gate makes tokens"),
    useToken: () => assert.fail("the gate uses tokens"),
    listTokens: ({ userId }) =>
      this.tokens
        .filter((token) => token.userId === userId)
        .map(({ id, label }) => ({ id, label, address: "", createdMs: 0, lastUsedMs: 0, expiresMs: 1 })),
    revokeTokens: ({ userId, tokenId, exceptId }) => {
      const gone = this.tokens.filter((token) => {
        return token.userId === userId && (tokenId === 0 ? token.id !== exceptId : token.id === tokenId);
      });
      for (const token of gone) this.tokens.splice(this.tokens.indexOf(token), 1);
      return gone.map(({ id }) => id);
    },
    createInvitation: ({ audit }) => this.#note(audit),
    setBlock: ({ userId, otherId, blocked, limit }) => {
      const set = this.blocks.get(userId) ?? new Set();
      this.blocks.set(userId, set);
      if (!blocked) set.delete(otherId);
      else if (set.size >= limit && !set.has(otherId)) return "FULL";
      else set.add(otherId);
      return "DONE";
    },
    listBlocks: ({ userId }) =>
      [...(this.blocks.get(userId) ?? [])].map((id) => this.accounts.get(id)?.name ?? "").sort(),
    openRoom: ({ name, kind, epoch, members }) =>
      this.#shown(this.#named(name) ?? this.#make(name, kind, OPEN_ROOM_SETTINGS, members, epoch)),
    createRoom: ({ name, settings, ownerId, maxOwned, audit }) => {
      if (this.#named(name) !== undefined) return { created: false, why: "NAME_TAKEN" };
      const owned = [...this.#rooms.values()].filter(({ members }) => members.get(ownerId)?.role === "owner");
      if (owned.length >= maxOwned) return { created: false, why: "TOO_MANY" };
      this.#note(audit);
      const owner: NewMember = { userId: ownerId, role: "owner", userName: "" };
      return { created: true, room: this.#shown(this.#make(name, "logged", settings, [owner])) };
    },
    findRoom: ({ name }) => this.roomNamed(name),
    findRoomById: ({ id }) => this.room(id),
    updateRoom: ({ id, change: { name, ...settings }, audit }) => {
      const room = this.#rooms.get(id);
      if (room === undefined) return "NO_ROOM";
      if (name !== undefined && (this.#named(name) ?? room) !== room) return "NAME_TAKEN";
      room.name = name ?? room.name;
      room.settings = { ...room.settings, ...settings };
      this.#note(audit);
      return "DONE";
    },
    deleteRoom: ({ id, audit }) => {
      if (!this.#rooms.delete(id)) return false;
      this.#note(audit);
      return true;
    },
    listOpenRooms: ({ prefix, after, limit }) =>
      this.#listed(
        (room) =>
          room.kind === "logged" && room.settings.access !== "private" && room.name.startsWith(prefix),
        after,
        limit,
        0,
      ),
    listRoomsOf: ({ userId, after, limit }) =>
      this.#listed(
        (room) => room.kind === "logged" && (room.members.get(userId)?.role ?? "none") !== "none",
        after,
        limit,
        userId,
      ),
    listConversations: ({ userId, after, limit }) =>
      this.#listed(
        (room) => room.kind === "direct" && room.members.has(userId) && room.log.length > 0,
        after,
        limit,
        userId,
      ).map((summary) => ({ ...summary, name: this.#otherName(summary.id, userId) })),
    setMember: ({ roomId, userId, audit, userName = "", ...change }) => {
      const room = this.#rooms.get(roomId);
      if (room === undefined) return undefined;
      const before = room.members.get(userId) ?? newMember(userId, "none", userName);
      room.members.set(userId, { ...before, ...change });
      return this.#note(audit);
    },
    listMembers: ({ roomId, afterKey, limit }) => {
      const members = this.#storedMembers(roomId);
      const page = members.filter(({ nameKey }) => nameKey > afterKey).slice(0, limit);
      return { members: page, total: members.length };
    },
    markRead: ({ roomId, userId, offset }) => {
      const member = this.member(roomId, userId);
      if (member === undefined) return 0;
      const readOffset = Math.max(member.readOffset, offset);
      this.#rooms.get(roomId)?.members.set(userId, { ...member, readOffset });
      return readOffset;
    },
    historyAfter: ({ roomId, after, limit, userId }) =>
      this.#entries(roomId, userId)
        .filter(({ offset }) => offset > after)
        .slice(0, limit),
    historyBefore: ({ roomId, before, limit, userId }) =>
      this.#entries(roomId, userId)
        .filter(({ offset }) => before === 0 || offset < before)
        .slice(-limit),
    offsetAtTime: ({ roomId, timeMs }) => {
      const log = this.log(roomId);
      const index = log.findIndex((message) => message.timeMs >= timeMs);
      return (index < 0 ? log.length : index) + 1;
    },
    search: ({ userId, roomIds, roomId, query, before, limit }) => {
      const readable = [...this.#rooms.values()].filter((room) => {
        return roomIds.includes(room.id) || (room.members.get(userId)?.role ?? "none") !== "none";
      });
      const rooms = roomId === 0 ? readable : readable.filter((room) => room.id === roomId);
      if (roomId !== 0 && rooms.length === 0) return undefined;
      return rooms
        .flatMap((room) =>
          this.#entries(room.id, userId).map((message) => ({ roomId: room.id, room: room.name, message })),
        )
        .filter(({ message }) => message.kind === "text" && message.text.includes(query))
        .filter(({ message }) => before === 0 || message.offset < before)
        .toReversed()
        .slice(0, limit);
    },
    readServerRules: () => ({ lockdown: this.lockdown, addressBans: [...this.addressBans.values()] }),
    setLockdown: ({ level, audit }) => {
      this.lockdown = level;
      return this.#note(audit);
    },
    setAddressBan: ({ cidr, untilMs, reason, audit }) => {
      if (untilMs === 0) this.addressBans.delete(cidr);
      else this.addressBans.set(cidr, { cidr, untilMs, reason });
      return this.#note(audit);
    },
    setUserSanction: ({ userId, userName, audit, ...change }) => {
      const before = this.serverSanctions.get(userId) ?? newMember(userId, "none", userName);
      this.serverSanctions.set(userId, { ...before, ...change });
      return this.#note(audit);
    },
    findUserSanction: ({ userId }) =>
      this.serverSanctions.get(userId) ?? { mutedUntilMs: 0, bannedUntilMs: 0, reason: "" },
    findSanctionedGuest: ({ roomId, nameKey }) => {
      const members = roomId === 0 ? this.serverSanctions : this.#rooms.get(roomId)?.members;
      const guests = [...(members?.values() ?? [])].filter(
        ({ userId, mutedUntilMs, bannedUntilMs }) => userId < 0 && mutedUntilMs + bannedUntilMs > 0,
      );
      const guest = guests.find(({ userName }) => userName.toLowerCase() === nameKey);
      return guest && { userId: guest.userId, userName: guest.userName };
    },
    listSanctions: ({ roomId, nowMs, limit }) => {
      const members = roomId === 0 ? this.serverSanctions : this.#rooms.get(roomId)?.members;
      return [...(members?.values() ?? [])]
        .flatMap((member) => sanctionsOf(member, nowMs, this.#nameOf(member)))
        .slice(0, limit);
    },
    writeAudit: (record) => this.#note(record),
    listAudit: ({ before, limit }) =>
      this.audit
        .map((record, index) => ({ ...record, id: index + 1 }))
        .filter(({ id }) => before === 0 || id < before)
        .toReversed()
        .slice(0, limit),
    maintain: () => ({ trimmed: this.trimmed.splice(0), more: false }),
  };

  #note(record: AuditRecord | undefined): undefined {
    if (record !== undefined) this.audit.push(record);
  }

  #named(name: string): FakeRoom | undefined {
    return [...this.#rooms.values()].find((room) => room.name === name);
  }

  #make(
    name: string,
    kind: StoredRoomKind,
    settings: RoomSettings,
    members: readonly NewMember[],
    epoch?: string,
  ): FakeRoom {
    const id = ++this.#lastRoomId;
    const entries = members.map(({ userId, role, userName }) => newMember(userId, role, userName));
    const room: FakeRoom = {
      id,
      name,
      kind,
      epoch: epoch ?? `epoch-${id}`,
      settings,
      log: [],
      firstOffset: 0,
      members: new Map(entries.map((entry) => [entry.userId, entry])),
    };
    this.#rooms.set(id, room);
    return room;
  }

  #shown(room: FakeRoom): StoredRoom {
    const { id, name, kind, epoch, settings, firstOffset, log, members } = room;
    const holdsMembers = kind === "direct" || settings.access !== "public";
    const roster = [...members.values()].filter((member) => {
      const { role, invited, mutedUntilMs, bannedUntilMs } = member;
      const isMore = role === "owner" || role === "moderator" || invited;
      return isMore || mutedUntilMs > 0 || bannedUntilMs > 0 || (holdsMembers && role === "member");
    });
    const blockedBy =
      kind === "logged"
        ? []
        : [...members.keys()].filter((one) =>
            [...members.keys()].some((other) => this.blocks.get(one)?.has(other)),
          );
    const offsets = { firstOffset, lastOffset: log.length };
    const entries = roster.map(({ userId, role, invited, mutedUntilMs, bannedUntilMs }) => {
      return { userId, role, invited, mutedUntilMs, bannedUntilMs };
    });
    return { id, name, kind, epoch, settings, ...offsets, roster: entries, blockedBy };
  }

  #refusal(room: FakeRoom, message: NewMessage): "NO_TARGET" | "NOT_AUTHOR" | undefined {
    if (message.kind === "text") return undefined;
    const target = room.log[message.target - 1];
    const isDeleted = room.log.some((entry) => entry.kind === "delete" && entry.target === message.target);
    if (target?.kind !== "text" || isDeleted) return "NO_TARGET";
    const changes = message.kind === "edit" || message.kind === "delete";
    const isOwn = target.senderId === message.senderId || message.asModerator;
    return changes && !isOwn ? "NOT_AUTHOR" : undefined;
  }

  /** The log as history shows it. */
  #entries(roomId: RoomId, userId: UserId): StoredMessage[] {
    const room = this.#rooms.get(roomId);
    if (room === undefined) return [];
    const { log } = room;
    const deleted = new Set(log.filter(({ kind }) => kind === "delete").map(({ target }) => target));
    return log
      .map((entry, index): StoredMessage => {
        const offset = index + 1;
        const edit = log.findLast(({ kind, target }) => kind === "edit" && target === offset);
        const about = entry.kind === "text" ? offset : entry.kind === "edit" ? entry.target : 0;
        return {
          offset,
          senderId: entry.senderId,
          senderName: this.#isDeletedUser(entry.senderId) ? "(deleted)" : entry.senderName,
          text: deleted.has(about) ? "" : (edit?.text ?? entry.text),
          timeMs: entry.timeMs,
          kind: entry.kind,
          target: entry.target,
          replyTo: entry.replyTo,
          editedMs: edit?.timeMs ?? 0,
          deleted: entry.kind === "text" && deleted.has(offset),
          reactions: reactionsTo(log, offset, userId),
          changedOffset: log.findLastIndex(({ kind, target }) => kind !== "text" && target === offset) + 1,
        };
      })
      .filter(({ offset }) => offset >= room.firstOffset);
  }

  #isDeletedUser(userId: UserId): boolean {
    return this.deletedUsers.has(userId);
  }

  readonly deletedUsers = new Set<UserId>();

  #deleteAccount(id: UserId, audit: AuditRecord | undefined): StoreRequests["deleteAccount"]["result"] {
    if (!this.accounts.delete(id)) return { deleted: false, newOwners: [] };
    this.deletedUsers.add(id);
    this.#note(audit);
    const newOwners: { roomId: RoomId; userId: UserId }[] = [];
    for (const room of this.#rooms.values()) {
      const wasOwner = room.members.get(id)?.role === "owner";
      room.members.delete(id);
      const left = [...room.members.values()];
      if (!wasOwner || left.some(({ role }) => role === "owner")) continue;
      const heir =
        left.find(({ role }) => role === "moderator") ?? left.find(({ role }) => role === "member");
      if (heir === undefined) continue;
      room.members.set(heir.userId, { ...heir, role: "owner" });
      newOwners.push({ roomId: room.id, userId: heir.userId });
    }
    return { deleted: true, newOwners };
  }

  #nameOf({ userId, userName }: FakeMember): string {
    return this.accounts.get(userId)?.name ?? userName;
  }

  #storedMembers(roomId: RoomId): StoredMember[] {
    const members = [...(this.#rooms.get(roomId)?.members.values() ?? [])];
    return members
      .filter(({ role }) => role !== "none")
      .map((member): StoredMember => {
        const { userId, role, mutedUntilMs } = member;
        const { name, nameKey, displayName } = this.accounts.get(userId) ?? {
          name: member.userName,
          nameKey: member.userName.toLowerCase(),
          displayName: "",
        };
        return { userId, name, nameKey, displayName, role, mutedUntilMs };
      })
      .sort((left, right) => (left.nameKey < right.nameKey ? -1 : 1));
  }

  #otherName(roomId: RoomId, userId: UserId): string {
    const members = [...(this.#rooms.get(roomId)?.members.values() ?? [])];
    const other = members.find((member) => member.userId !== userId);
    return other === undefined ? "" : this.#nameOf(other);
  }

  #listed(belongs: (room: FakeRoom) => boolean, after: string, limit: number, userId: UserId): RoomSummary[] {
    return [...this.#rooms.values()]
      .filter((room) => belongs(room) && compareBytes(room.name, after) > 0)
      .sort((left, right) => compareBytes(left.name, right.name))
      .slice(0, limit)
      .map(({ id, name, kind, epoch, settings, log, members }): RoomSummary => {
        const { access, topic, archived } = settings;
        const { role = "none", readOffset = 0 } = members.get(userId) ?? {};
        const unread = log.slice(readOffset).filter((message) => message.senderId !== userId);
        const counts = { unreadCount: unread.length, mentionCount: 0 };
        const last = { lastOffset: log.length, lastTimeMs: log.at(-1)?.timeMs ?? 0 };
        const identity = { id, name, kind, access, topic, archived, epoch, role };
        return { ...identity, ...last, readOffset, ...counts, cursor: name };
      });
  }
}

/** As a database orders names. */
function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function newMember(userId: UserId, role: FakeMember["role"], userName: string): FakeMember {
  const times = { mutedUntilMs: 0, bannedUntilMs: 0, readOffset: 0 };
  return { userId, userName, role, invited: false, ...times, reason: "", by: "" };
}

function sanctionsOf(member: FakeMember, nowMs: number, subject: string): StoredSanction[] {
  const { mutedUntilMs, bannedUntilMs, reason, by } = member;
  const found: StoredSanction[] = [];
  if (bannedUntilMs > nowMs) found.push({ subject, kind: "ban", untilMs: bannedUntilMs, reason, by });
  if (mutedUntilMs > nowMs) found.push({ subject, kind: "mute", untilMs: mutedUntilMs, reason, by });
  return found;
}

function reactionsTo(
  log: readonly NewMessage[],
  offset: number,
  userId: UserId,
): { reaction: string; count: number; mine: boolean }[] {
  const given = new Map<string, Set<UserId>>();
  for (const entry of log) {
    if (entry.target !== offset) continue;
    const users = given.get(entry.text) ?? new Set();
    if (entry.kind === "reaction") given.set(entry.text, users.add(entry.senderId));
    else if (entry.kind === "reactionRemoved" && users.delete(entry.senderId) && users.size === 0) {
      given.delete(entry.text);
    }
  }
  return [...given].map(([reaction, users]) => ({ reaction, count: users.size, mine: users.has(userId) }));
}
