import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { HubWitness } from "../../../test/support/hub-witness.ts";
import { request } from "../../../test/support/hub-requests.ts";
import { HubWorld, session, signIn, type StoreFailure, user } from "../../../test/support/hub-world.ts";
import { CONSOLE_GATE_ID, LOBBY_NAME, MEMORY_ROOM_ID_BASE, type SessionKey } from "../names.ts";
import type { Command, Request, RequestName, Requests, RoomChange, UserIdentity } from "./command.ts";
import type { DuplicatePolicy, HubSettings } from "./hub-options.ts";

const SESSIONS = [
  session(1, 1),
  session(1, 2),
  session(1, 3),
  session(2, 1),
  session(2, 2),
  session(3, 1),
] as const;
const CONSOLE = session(CONSOLE_GATE_ID, 1);
const USERS = [
  user(1, "Ann"),
  user(2, "Bob"),
  user(3, "Cy"),
  user(-1, "Dora"),
  user(-2, "bob"),
  user(-1, "Dorothy"),
  user(9, "Root", true),
] as const;
/** What gates take for the hash of the right password. */
const PASSWORD = "right";
const ROOM_NAMES = ["red", "blue", "green", LOBBY_NAME, "@1:2"] as const;
const ROOM_IDS = [
  1,
  1,
  2,
  2,
  3,
  4,
  MEMORY_ROOM_ID_BASE,
  MEMORY_ROOM_ID_BASE,
  MEMORY_ROOM_ID_BASE + 1,
] as const;

type Step =
  | { readonly type: "command"; readonly command: Command }
  | { readonly type: "advance" | "deliver"; readonly pick: number; readonly failure: StoreFailure }
  | { readonly type: "tick" };

const anySession = fc.constantFrom(...SESSIONS);
/** Requests that mostly administrators make. */
const anyChief = fc.oneof(
  { weight: 1, arbitrary: anySession },
  { weight: 2, arbitrary: fc.constant(CONSOLE) },
);
const anyRoomId = fc.constantFrom(...ROOM_IDS);
const anyMessageId = fc.constantFrom("m1", "m2", "m3", "m4", "m5", "m6");
const anyName = fc.constantFrom("ann", "bob", "cy", "dora", "root", "nobody");
const anyOffset = fc.integer({ min: 0, max: 9 });
const anyTime = fc.constantFrom(0, 0, 40);
const anyAccess = fc.constantFrom("public", "private", "password");
const anyAfter = fc.constantFrom("", "", "bob");

/** Requests of a type, their fields drawn; each gets its own id when it is given to the hub. */
function requests<Name extends RequestName>(
  type: Name,
  fields: { readonly [Field in keyof Requests[Name]]: fc.Arbitrary<Requests[Name][Field]> },
  from: fc.Arbitrary<SessionKey> = anySession,
): fc.Arbitrary<Step> {
  return fc.record({ session: from, ...fields }).map((drawn) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a type and its fields make a request
    return { type: "command", command: { type, requestId: 0, ...drawn } as unknown as Command };
  });
}

const constant = <const T>(value: T): fc.Arbitrary<T> => fc.constant(value);
const message = { roomId: anyRoomId, clientMessageId: anyMessageId };
/** Clients do not use one id for entries of two kinds. */
const amendment = (letter: string) => ({
  roomId: anyRoomId,
  clientMessageId: fc.constantFrom(`${letter}1`, `${letter}2`, `${letter}3`),
  target: anyOffset,
});
const page = { after: anyAfter, limit: constant(2) };
const reason = constant("");
const signIns = requests("signIn", {
  user: fc.constantFrom(...USERS),
  address: fc.constantFrom("192.0.2.1", "2001:db8::1"),
  tokenId: fc.constantFrom(0, 1, 2, 3),
});
const publishes = requests("publish", { ...message, text: constant(""), replyTo: constant(0) });
const entries = fc.oneof(
  requests("editMessage", { ...amendment("e"), text: constant("") }),
  requests("deleteMessage", amendment("d")),
  requests("react", { ...amendment("r"), reaction: constant("+1"), remove: fc.boolean() }),
);
const whispers = requests("whisper", {
  to: fc.constantFrom("ANN", "bob", "cy", "dora", "nobody"),
  clientMessageId: anyMessageId,
  text: constant(""),
  replyTo: constant(0),
});
const joins = requests("joinRoom", {
  name: fc.constantFrom(...ROOM_NAMES),
  create: fc.constantFrom("none", "none", "logged", "memory"),
  hasPassword: fc.boolean(),
  provenHash: constant(""),
});
const creations = requests("createRoom", {
  name: fc.constantFrom(...ROOM_NAMES),
  kind: fc.constantFrom("logged", "memory"),
  access: anyAccess,
  passwordHash: fc.constantFrom("", PASSWORD, PASSWORD),
  topic: constant(""),
  slowReader: constant("disconnect"),
});
const leaves = requests("leaveRoom", { roomId: anyRoomId, giveUp: fc.boolean() });
const reads = fc.oneof(
  requests("markRead", { roomId: anyRoomId, offset: anyOffset }),
  requests("listUsers", { roomId: anyRoomId, ...page }),
  requests("listMembers", { roomId: anyRoomId, ...page }),
  requests("listRooms", { scope: fc.constantFrom("open", "mine", "direct"), prefix: constant(""), ...page }),
  requests("history", {
    roomId: anyRoomId,
    mode: fc.constantFrom("after", "before", "around", "time"),
    offset: anyOffset,
    timeMs: constant(1_100),
    limit: constant(3),
    replay: fc.boolean(),
  }),
  requests("search", { query: constant("1"), roomId: anyRoomId, before: constant(0), limit: constant(2) }),
);
const changes: fc.Arbitrary<RoomChange> = fc.record(
  {
    name: fc.constantFrom("red", "black", "@x"),
    topic: constant("news"),
    access: anyAccess,
    passwordHash: constant(PASSWORD),
    archived: fc.boolean(),
    slowModeMs: fc.constantFrom(0, 5),
    retentionCount: constant(100),
  },
  { requiredKeys: [] },
);
const roomWork = (from: fc.Arbitrary<SessionKey>): fc.Arbitrary<Step> =>
  fc.oneof(
    requests("updateRoom", { roomId: anyRoomId, change: changes }, from),
    requests("deleteRoom", { roomId: fc.constantFrom(1, 2, 3, MEMORY_ROOM_ID_BASE) }, from),
    requests("invite", { roomId: anyRoomId, name: anyName }, from),
    requests(
      "setRole",
      { roomId: anyRoomId, name: anyName, role: fc.constantFrom("none", "member", "moderator", "owner") },
      from,
    ),
    requests(
      "moderate",
      {
        roomId: anyRoomId,
        name: anyName,
        action: fc.constantFrom("kick", "mute", "mute", "unmute", "ban", "unban"),
        durationMs: anyTime,
        reason,
      },
      from,
    ),
  );
const accountWork = fc.oneof(
  requests("changePassword", { passwordHash: constant("new") }),
  requests("setDisplayName", { displayName: fc.constantFrom("", "A.") }),
  requests("listTokens", {}),
  requests("revokeToken", { tokenId: fc.constantFrom(0, 1, 2) }),
  requests("blockUser", { name: anyName, blocked: fc.boolean() }),
  requests("listBlocks", {}),
);
const administration = fc.oneof(
  requests(
    "adminUser",
    {
      name: anyName,
      action: fc.constantFrom(
        "kick",
        "mute",
        "unmute",
        "ban",
        "unban",
        "promote",
        "demote",
        "delete",
        "setPassword",
      ),
      durationMs: anyTime,
      reason,
      passwordHash: constant("new"),
    },
    anyChief,
  ),
  requests(
    "adminAddress",
    { cidr: constant("2001:db8::/32"), lift: fc.boolean(), durationMs: anyTime, reason },
    anyChief,
  ),
  requests("adminLockdown", { level: fc.constantFrom(0, 0, 1, 2, 3) }, anyChief),
  requests(
    "adminInvitation",
    { invitationCode: constant("code"), hash: constant("h"), uses: constant(1), durationMs: constant(0) },
    anyChief,
  ),
  requests("listAudit", { before: constant(0), limit: constant(3) }, anyChief),
  requests("listSanctions", { roomId: fc.constantFrom(0, 1, 2, MEMORY_ROOM_ID_BASE) }, anyChief),
);
const goings: fc.Arbitrary<Step> = fc.oneof(
  anySession.map((key): Step => ({ type: "command", command: { type: "signOut", session: key } })),
  fc.constantFrom(1, 2).map((gateId): Step => ({ type: "command", command: { type: "gateReset", gateId } })),
  fc
    .tuple(anySession, anyRoomId)
    .map(([key, roomId]): Step => ({ type: "command", command: { type: "typing", session: key, roomId } })),
  fc.constant<Step>({ type: "tick" }),
);
const storeSteps: fc.Arbitrary<Step> = fc.record({
  type: fc.constantFrom("advance", "deliver"),
  pick: fc.nat({ max: 20 }),
  failure: fc.oneof(
    { weight: 8, arbitrary: fc.constant<StoreFailure>("none") },
    { weight: 2, arbitrary: fc.constantFrom<StoreFailure>("busy", "lost", "kept") },
  ),
});
const anySequence = fc.array(
  fc.oneof(
    { weight: 18, arbitrary: signIns },
    { weight: 30, arbitrary: publishes },
    { weight: 12, arbitrary: entries },
    { weight: 12, arbitrary: whispers },
    { weight: 24, arbitrary: joins },
    { weight: 12, arbitrary: creations },
    { weight: 9, arbitrary: leaves },
    { weight: 12, arbitrary: reads },
    { weight: 15, arbitrary: roomWork(anySession) },
    { weight: 15, arbitrary: roomWork(fc.constant(CONSOLE)) },
    { weight: 6, arbitrary: accountWork },
    { weight: 1, arbitrary: requests("deleteAccount", {}) },
    { weight: 9, arbitrary: administration },
    { weight: 3, arbitrary: goings },
    { weight: 120, arbitrary: storeSteps },
  ),
  { minLength: 20, maxLength: 300, size: "max" },
);

interface Story {
  /** Whether there are people in rooms at first, and whether some are muted and banned. */
  readonly start: "cold" | "warm" | "strict";
  readonly sequence: readonly Step[];
}

const stories: fc.Arbitrary<Story> = fc.record({
  start: fc.constantFrom("cold", "warm", "strict"),
  sequence: anySequence,
});

const settingsOf = (duplicates: DuplicatePolicy, lobbyKind: "logged" | "memory"): Partial<HubSettings> => ({
  duplicates,
  lobbyKind,
  maxSessionsPerUser: 3,
  maxUsers: 6,
  maxRooms: 4,
  maxRoomsPerSession: 3,
  maxPendingPerSession: 4,
  maxPending: 12,
  maxRosterEntries: 4,
  maxRoomsOwnedPerUser: 2,
  maxAddressBans: 1,
  maxWaitingPerRoom: 3,
  maxDirectConversations: 2,
  memoryTailMessages: 4,
  memoryTailTextUnits: 30,
});

/** Lets the store do, or the hub be told of, one task: appends in their order, the others in any. */
function storeStep(world: HubWorld, step: Extract<Step, { readonly pick: number }>): void {
  const isDone = step.type === "deliver";
  const firstAppend = world.tasks.find((task) => {
    return task.type === "append" && (isDone || task.reply === undefined);
  });
  const ready = world.tasks.filter((task) => {
    return (task.reply !== undefined) === isDone && (task.type !== "append" || task === firstAppend);
  });
  const task = ready[step.pick % ready.length];
  if (task === undefined) return;
  if (isDone) world.finish(task);
  else task.reply = task.run(step.failure);
}

function numbered(command: Request, id: number): Command {
  const isMessage = command.type === "publish" || command.type === "whisper";
  return isMessage ? { ...command, requestId: id, text: `text ${id}` } : { ...command, requestId: id };
}

/** People in rooms, so that not every run begins with strangers before an empty server. */
function prologue(): Command[] {
  const here = ([0, 1, 3, 4, 5] as const).map((index): [SessionKey, UserIdentity] => {
    return [SESSIONS[index], [USERS[0], USERS[1], USERS[1], USERS[3], USERS[6], USERS[2]][index] ?? USERS[0]];
  });
  const [ann, bob, cy] = [SESSIONS[0], SESSIONS[1], SESSIONS[5]];
  const made = { topic: "", slowReader: "disconnect" } as const;
  const shut = { kind: "logged", access: "private", passwordHash: "" } as const;
  const behindPassword = { kind: "memory", access: "password", passwordHash: PASSWORD } as const;
  return [
    ...here.map(([key, identity], index) => signIn(key, identity, index + 1)),
    request("createRoom", ann, { name: "red", ...shut, ...made }, 11),
    request("createRoom", bob, { name: "blue", ...behindPassword, ...made }, 12),
    request("invite", ann, { roomId: 2, name: "cy" }, 13),
    request("joinRoom", cy, { name: "red" }, 14),
    request("setRole", ann, { roomId: 2, name: "cy", role: "moderator" }, 15),
  ];
}

function sanctions(): Command[] {
  const bob = SESSIONS[1];
  const open = { kind: "logged", access: "public", passwordHash: "", topic: "" } as const;
  const server = { durationMs: 0, reason: "", passwordHash: "" } as const;
  return [
    request("createRoom", bob, { name: "green", slowReader: "disconnect", ...open }, 16),
    request("moderate", bob, { roomId: 3, name: "ann", action: "ban" }, 17),
    request("adminUser", CONSOLE, { name: "cy", action: "ban", ...server }, 18),
    request("moderate", CONSOLE, { roomId: 1, name: "ann", action: "mute" }, 19),
  ];
}

/** Runs the steps, checked by a witness, until everybody has gone. */
function run(settings: Partial<HubSettings>, { start, sequence }: Story): HubWorld {
  const world = new HubWorld(settings);
  for (const { id, name, nameKey, isAdmin } of USERS) {
    if (id > 0) world.store.addAccount(id, name, nameKey, isAdmin);
  }
  for (const tokenId of [1, 2, 3]) world.store.addToken(1 + (tokenId % 2), tokenId);
  const witness = new HubWitness(world, settings.duplicates ?? "allow", settings.maxSessionsPerUser ?? 8);
  const give = (command: Command): void => {
    witness.beforeCommand(command);
    world.command(command);
    witness.check();
  };
  if (start !== "cold") {
    world.start();
    for (const command of [...prologue(), ...(start === "strict" ? sanctions() : [])]) {
      give(command);
      world.settle();
    }
  }
  let lastRequestId = 100;
  for (const step of sequence) {
    world.nowMs += 1;
    if (step.type === "command") {
      lastRequestId += 1;
      const { command } = step;
      give("requestId" in command ? numbered(command, lastRequestId) : command);
    } else if (step.type === "tick") {
      world.tick();
      witness.check();
    } else {
      storeStep(world, step);
      witness.check();
    }
    for (const command of witness.takeProven(PASSWORD)) give(command);
  }
  settleAll(world, witness, give);
  witness.checkAllAnswered();
  for (const key of SESSIONS.slice(3)) give({ type: "signOut", session: key });
  give({ type: "gateReset", gateId: 1 });
  settleAll(world, witness, give);
  return world;
}

function settleAll(world: HubWorld, witness: HubWitness, give: (command: Command) => void): void {
  do {
    world.settle();
    witness.check();
    for (const command of witness.takeProven(PASSWORD)) give(command);
  } while (world.tasks.length > 0);
}

for (const duplicates of ["allow", "reject", "replace"] as const) {
  for (const lobbyKind of ["logged", "memory"] as const) {
    test(`whatever is asked and however the store answers, the rules hold: ${duplicates}, lobby ${lobbyKind}`, () => {
      const settings = settingsOf(duplicates, lobbyKind);
      fc.assert(
        fc.property(stories, (story) => {
          const { counts, isReady } = run(settings, story).hub;
          assert.equal(counts.users, 0, "no user is left");
          assert.equal(counts.sessions, 0, "no session is left");
          // The lobby can be open before the rules are known.
          assert.ok(isReady ? counts.rooms === 1 : counts.rooms <= 1, "only the lobby is left");
          assert.equal(counts.waitingSignIns, 0, "no sign-in waits");
          assert.equal(counts.waitingRequests, 0, "no request waits");
          assert.equal(counts.pendingStoreRequests, 0, "the store owes nothing");
          assert.ok(counts.directConversations <= 2, "direct conversations stay within their limit");
        }),
        { numRuns: 150 },
      );
    });
  }
}

test("the same inputs give the same effects", () => {
  fc.assert(
    fc.property(stories, (story) => {
      const settings = settingsOf("allow", "logged");
      assert.deepEqual(run(settings, story).effects, run(settings, story).effects);
    }),
    { numRuns: 30 },
  );
});
