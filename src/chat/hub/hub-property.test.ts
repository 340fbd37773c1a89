import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { HubWitness } from "../../../test/support/hub-witness.ts";
import { HubWorld, session, user } from "../../../test/support/hub-world.ts";
import { LOBBY_NAME, MEMORY_ROOM_ID_BASE } from "../names.ts";
import type { Command } from "./command.ts";
import type { DuplicatePolicy, HubSettings } from "./hub-options.ts";

const SESSIONS = [
  session(1, 1),
  session(1, 2),
  session(1, 3),
  session(2, 1),
  session(2, 2),
  session(3, 1),
] as const;
const USERS = [
  user(1, "Ann"),
  user(2, "Bob"),
  user(3, "Cy"),
  user(-1, "Dora"),
  user(-2, "bob"),
  user(-1, "Dorothy"),
] as const;
const ROOM_NAMES = ["red", "blue", "green", LOBBY_NAME, "@1:2"] as const;
const ROOM_IDS = [
  1,
  1,
  1,
  2,
  3,
  4,
  MEMORY_ROOM_ID_BASE,
  MEMORY_ROOM_ID_BASE,
  MEMORY_ROOM_ID_BASE + 1,
] as const;

type Step =
  | { readonly type: "command"; readonly command: Command }
  | { readonly type: "advance" | "deliver"; readonly pick: number; readonly failure: Failure };
type Failure = "none" | "busy" | "lost" | "kept";

const anySession = fc.constantFrom(...SESSIONS);
const anyRoomId = fc.constantFrom(...ROOM_IDS);
const anyMessageId = fc.constantFrom("m1", "m2", "m3", "m4", "m5", "m6");

/** Gets its own id when it is given to the hub. */
const requestId = 0;

function commands(made: fc.Arbitrary<Command>): fc.Arbitrary<Step> {
  return made.map((command) => ({ type: "command", command }));
}

const signIns = commands(
  fc
    .tuple(anySession, fc.constantFrom(...USERS))
    .map(([key, identity]) => ({ type: "signIn", session: key, requestId, user: identity })),
);
const publishes = commands(
  fc.tuple(anySession, anyRoomId, anyMessageId).map(([key, roomId, clientMessageId]) => {
    return { type: "publish", session: key, requestId, roomId, clientMessageId, text: "" };
  }),
);
const whispers = commands(
  fc
    .tuple(anySession, fc.constantFrom("ANN", "bob", "cy", "dora", "nobody"), anyMessageId)
    .map(([key, to, clientMessageId]) => {
      return { type: "whisper", session: key, requestId, to, clientMessageId, text: "" };
    }),
);
const joins = commands(
  fc
    .tuple(anySession, fc.constantFrom(...ROOM_NAMES), fc.constantFrom("none", "logged", "memory"))
    .map(([key, name, create]) => ({ type: "joinRoom", session: key, requestId, name, create })),
);
const others = commands(
  fc
    .tuple(anySession, anyRoomId, fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 9 }))
    .map(([key, roomId, kind, offset]) => {
      const asked = { session: key, requestId, roomId };
      // Room 1 is the logged lobby, which is not left.
      if (kind < 6) return { type: "leaveRoom", ...asked, roomId: roomId === 1 ? 2 + (offset % 3) : roomId };
      if (kind < 8) return { type: "listUsers", ...asked, after: offset < 5 ? "" : "bob", limit: 2 };
      if (kind < 10) return { type: "history", ...asked, direction: "after", offset, limit: 3 };
      if (kind < 12) return { type: "history", ...asked, direction: "before", offset, limit: 3 };
      if (offset > 1) return { type: "signOut", session: key };
      return { type: "gateReset", gateId: 1 + offset };
    }),
);
const storeSteps: fc.Arbitrary<Step> = fc.record({
  type: fc.constantFrom("advance", "deliver"),
  pick: fc.nat({ max: 20 }),
  failure: fc.oneof(
    { weight: 8, arbitrary: fc.constant<Failure>("none") },
    { weight: 2, arbitrary: fc.constantFrom<Failure>("busy", "lost", "kept") },
  ),
});
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: signIns },
    { weight: 7, arbitrary: publishes },
    { weight: 3, arbitrary: whispers },
    { weight: 4, arbitrary: joins },
    { weight: 3, arbitrary: others },
    { weight: 12, arbitrary: storeSteps },
  ),
  { minLength: 20, maxLength: 300, size: "max" },
);

const settingsOf = (duplicates: DuplicatePolicy, lobbyKind: "logged" | "memory"): Partial<HubSettings> => ({
  duplicates,
  lobbyKind,
  maxSessionsPerUser: 3,
  maxUsers: 3,
  maxRooms: 3,
  maxRoomsPerSession: 3,
  maxPendingPerSession: 4,
  maxPending: 12,
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

function numbered(command: Extract<Command, { readonly requestId: number }>, id: number): Command {
  const isMessage = command.type === "publish" || command.type === "whisper";
  return isMessage ? { ...command, requestId: id, text: `text ${id}` } : { ...command, requestId: id };
}

/** Runs the steps, checked by a witness, until everybody has gone. */
function run(settings: Partial<HubSettings>, sequence: readonly Step[]): HubWorld {
  const world = new HubWorld(settings);
  for (const account of USERS) if (account.id > 0) world.accounts.set(account.nameKey, account);
  const witness = new HubWitness(world, settings.duplicates ?? "allow", settings.maxSessionsPerUser ?? 8);
  const give = (command: Command): void => {
    witness.beforeCommand(command);
    world.command(command);
    witness.check();
  };
  let lastRequestId = 0;
  for (const step of sequence) {
    world.nowMs += 1;
    if (step.type === "command") {
      lastRequestId += 1;
      const { command } = step;
      give("requestId" in command ? numbered(command, lastRequestId) : command);
    } else {
      storeStep(world, step);
      witness.check();
    }
  }
  world.settle();
  witness.check();
  witness.checkAllAnswered();
  for (const key of SESSIONS.slice(3)) give({ type: "signOut", session: key });
  give({ type: "gateReset", gateId: 1 });
  world.settle();
  witness.check();
  return world;
}

for (const duplicates of ["allow", "reject", "replace"] as const) {
  for (const lobbyKind of ["logged", "memory"] as const) {
    test(`whatever is asked and however the store answers, the rules hold: ${duplicates}, lobby ${lobbyKind}`, () => {
      const settings = settingsOf(duplicates, lobbyKind);
      fc.assert(
        fc.property(steps, (sequence) => {
          const { counts, isReady } = run(settings, sequence).hub;
          assert.equal(counts.users, 0, "no user is left");
          assert.equal(counts.sessions, 0, "no session is left");
          assert.equal(counts.rooms, isReady ? 1 : 0, "only the lobby is left");
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
    fc.property(steps, (sequence) => {
      const settings = settingsOf("allow", "logged");
      assert.deepEqual(run(settings, sequence).effects, run(settings, sequence).effects);
    }),
    { numRuns: 30 },
  );
});
