import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AdminWorld } from "../../../test/support/admin-world.ts";
import { fakeSession } from "../../../test/support/observed-server.ts";
import { nameKey } from "../../protocol/names.ts";
import { type AdminRoute, adminRoutes, type AdminRouteName } from "./route-table.ts";
import * as s from "./schemas.ts";

type Response = Awaited<ReturnType<AdminWorld["get"]>>;

/** The answer, as the route's schema has it: it fails where it has more or less. */
function answer<Name extends AdminRouteName>(name: Name, response: Response) {
  assert.equal(response.statusCode, 200, response.body);
  assert.match(String(response.headers["content-type"]), /^application\/json/);
  const route: AdminRoute = adminRoutes[name];
  return route.answer.parse(response.json()) as ReturnType<(typeof adminRoutes)[Name]["answer"]["parse"]>;
}

function refused(response: Response, status: number, code: string): s.Failure["error"] {
  assert.equal(response.statusCode, status, response.body);
  const { error } = s.failure.parse(response.json());
  assert.equal(error.code, code);
  return error;
}

async function createRoom(world: AdminWorld, name: string): Promise<void> {
  await world.addAccount("owner");
  const owner = await world.store.ask("findAccount", { nameKey: "owner" });
  await world.store.ask("createRoom", {
    name,
    settings: {
      access: "public",
      passwordHash: "",
      topic: "",
      archived: false,
      slowModeMs: 0,
      slowReader: "catchUp",
      retentionAgeMs: 0,
      retentionCount: 0,
    },
    ownerId: owner?.id ?? 0,
    maxOwned: 10,
    nowMs: world.clock.wallMs(),
  });
}

describe("the admin API, watching", () => {
  it("says how the server is", async (test) => {
    const world = await AdminWorld.open(test);
    const { server, statistics } = world;
    statistics.start();
    server.totals = { tcp: 3, websocket: 4, queuedBytes: 5000, slow: 1 };
    server.gate.signedIn = 6;
    server.gate.deliveries = 50;
    server.hub.publishedCount = 10;
    server.histograms.commitSeconds.observe(0.002);
    world.timers.advance(5000);
    const overview = answer("overview", await world.get("/api/admin/overview"));
    assert.deepEqual(overview.sessions, { tcp: 3, websocket: 4, limit: 1000, signedIn: 6, slow: 1 });
    assert.deepEqual([overview.rates.messagesPublished, overview.rates.deliveries], [2, 10]);
    assert.equal(overview.totals.messagesPublished, 10);
    assert.equal(overview.commit.count, 1);
    assert.equal(overview.queueBytes, 5000);
    assert.equal(overview.server.uptimeMs, 5000);
    assert.deepEqual([overview.logLevel, overview.lockdown, overview.readiness], ["info", 0, "serving"]);
    assert.equal(overview.memory.sendBuffers.limitBytes, 268_435_456);
  });

  it("gives the samples of the last hour, and those after a time", async (test) => {
    const world = await AdminWorld.open(test);
    world.statistics.start();
    world.timers.advance(15_000);
    const all = answer("history", await world.get("/api/admin/history"));
    assert.equal(all.timesMs.length, 3);
    for (const [name, values] of Object.entries(all.series)) assert.equal(values.length, 3, name);
    assert.deepEqual(all.series.commitP99Ms, [null, null, null], "nothing was committed");
    assert.deepEqual(all.series.rssBytes, [100, 100, 100]);
    const later = answer("history", await world.get(`/api/admin/history?sinceMs=${all.timesMs[1]}`));
    assert.deepEqual(later.timesMs, [all.timesMs[2]]);
  });

  it("lists sessions as asked, and measures and ends single ones", async (test) => {
    const world = await AdminWorld.open(test);
    world.server.sessionList.push(fakeSession(11, "mina"), fakeSession(12, "joon"));
    const found = answer("sessions", await world.get("/api/admin/sessions?search=jo&limit=5&sort=queue"));
    assert.deepEqual([found.total, found.sessions.map(({ user }) => user)], [1, ["joon"]]);
    answer("measureRoundTrips", await world.post("/api/admin/sessions/measure", { sessions: [11, 12] }));
    assert.deepEqual(world.server.measured, [11, 12]);
    const kick = { session: 11, reason: "too loud" };
    assert.deepEqual(answer("kickSession", await world.post("/api/admin/sessions/kick", kick)), {
      ended: true,
    });
    assert.deepEqual(world.server.ended, [11]);
    const gone = await world.post("/api/admin/sessions/kick", { session: 99 });
    assert.deepEqual(answer("kickSession", gone), { ended: false });
    const { entries } = answer("audit", await world.get("/api/admin/audit"));
    assert.deepEqual(
      entries.map(({ actor, action, subject, detail }) => [actor, action, subject, detail]),
      [["(admin page)", "session.kick", "mina", "192.0.2.7: too loud"]],
    );
  });

  it("says where connections come from, and what is said in rooms", async (test) => {
    const world = await AdminWorld.open(test);
    const { addresses } = answer("addresses", await world.get("/api/admin/addresses?limit=5"));
    assert.deepEqual(
      addresses.map(({ address, sessions }) => [address, sessions]),
      [["192.0.2.7", 2]],
    );
    const { total, rooms } = answer("openRooms", await world.get("/api/admin/rooms/open?sort=messages"));
    assert.deepEqual([total, rooms.map(({ name }) => name)], [1, ["lobby"]]);
  });

  it("gives recent disconnects and their totals", async (test) => {
    const world = await AdminWorld.open(test);
    world.server.gate.disconnects.FLOOD = 2;
    const ended = { timeMs: 1, user: "mina", address: "192.0.2.7", transport: "websocket" } as const;
    world.server.disconnectList.push({ ...ended, code: "FLOOD", number: 3502, detail: "" });
    const { totals, recent } = answer("disconnects", await world.get("/api/admin/disconnects"));
    assert.deepEqual([totals, recent.length], [{ FLOOD: 2 }, 1]);
  });
});

describe("the admin API, acting", () => {
  it("acts on users by the hub's rules, and the audit log says who did", async (test) => {
    const world = await AdminWorld.open(test);
    await world.addAccount("Mina");
    for (const action of s.USER_ACTIONS) {
      const response = await world.post("/api/admin/users/act", { name: "Mina", action, durationMs: 60_000 });
      if (action === "kick") refused(response, 409, "USER_OFFLINE");
      else answer("actOnUser", response);
    }
    answer(
      "actOnUser",
      await world.post("/api/admin/users/act", { name: "mina", action: "ban", reason: "spam" }),
    );
    const shown = answer("user", await world.get("/api/admin/user?name=mina"));
    assert.equal(shown.bannedUntilMs, Number.MAX_SAFE_INTEGER);
    const { sanctions } = answer("sanctions", await world.get("/api/admin/sanctions"));
    assert.deepEqual(
      sanctions.map(({ subject, kind, by, reason }) => [subject, kind, by, reason]),
      [["Mina", "ban", "(admin page)", "spam"]],
    );
    const first = answer("audit", await world.get("/api/admin/audit?limit=2"));
    assert.deepEqual([first.entries.length, first.more], [2, true]);
    const before = first.entries.at(-1)?.id ?? 0;
    const rest = answer("audit", await world.get(`/api/admin/audit?limit=200&before=${before}`));
    assert.equal(rest.more, false);
    assert.ok(rest.entries.every(({ actor, id }) => actor === "(admin page)" && id < before));
    assert.ok(!JSON.stringify(shown).includes("hash"), "hashes stay in the server");
  });

  it("lists accounts page by page", async (test) => {
    const world = await AdminWorld.open(test);
    for (const name of ["mina", "joon", "sora"]) await world.addAccount(name);
    const first = answer("users", await world.get("/api/admin/users?limit=2"));
    assert.deepEqual([first.users.map(({ name }) => name), first.more], [["joon", "mina"], true]);
    const second = answer("users", await world.get("/api/admin/users?limit=2&after=mina"));
    assert.deepEqual([second.users.map(({ name }) => name), second.more], [["sora"], false]);
  });

  it("bans address ranges and takes it back", async (test) => {
    const world = await AdminWorld.open(test);
    const ban = { cidr: "192.0.2.77/24", durationMs: 60_000 };
    assert.deepEqual(answer("banAddress", await world.post("/api/admin/addresses/ban", ban)), {
      cidr: "192.0.2.0/24",
    });
    const listed = answer("sanctions", await world.get("/api/admin/sanctions"));
    assert.deepEqual(
      listed.sanctions.map(({ subject }) => subject),
      ["192.0.2.0/24"],
    );
    answer("banAddress", await world.post("/api/admin/addresses/ban", { cidr: "192.0.2.0/24", lift: true }));
    assert.equal(answer("sanctions", await world.get("/api/admin/sanctions")).sanctions.length, 0);
    refused(await world.post("/api/admin/addresses/ban", { cidr: "the moon" }), 400, "INVALID");
  });

  it("shows, changes and deletes rooms", async (test) => {
    const world = await AdminWorld.open(test);
    await createRoom(world, "서울");
    const listed = answer("rooms", await world.get("/api/admin/rooms"));
    assert.deepEqual(
      listed.rooms.map(({ name }) => name),
      ["lobby", "서울"],
    );
    const path = `/api/admin/room?name=${encodeURIComponent("서울")}`;
    assert.equal(answer("room", await world.get(path)).topic, "");
    const change = { topic: "<b>bold</b>", slowModeMs: 2000 };
    answer("changeRoom", await world.post("/api/admin/rooms/change", { name: "서울", change }));
    const changed = answer("room", await world.get(path));
    assert.deepEqual([changed.topic, changed.slowModeMs], ["<b>bold</b>", 2000]);
    const wrong = await world.post("/api/admin/rooms/delete", { name: "서울", confirm: "lobby" });
    refused(wrong, 400, "INVALID");
    answer("deleteRoom", await world.post("/api/admin/rooms/delete", { name: "서울", confirm: "서울" }));
    refused(await world.get(path), 404, "NOT_FOUND");
    const lobby = await world.post("/api/admin/rooms/delete", { name: "lobby", confirm: "lobby" });
    refused(lobby, 409, "PERMISSION_DENIED");
  });

  it("lists more rooms than the hub gives at once", async (test) => {
    const world = await AdminWorld.open(test);
    for (let index = 0; index < 130; index++) {
      const request = { name: `room-${String(index).padStart(3, "0")}`, kind: "logged" } as const;
      await world.store.ask("openRoom", { ...request, members: [], nowMs: world.clock.wallMs() });
    }
    const first = answer("rooms", await world.get("/api/admin/rooms?prefix=room-&limit=120"));
    assert.deepEqual([first.rooms.length, first.more], [120, true]);
    const url = `/api/admin/rooms?prefix=room-&limit=120&after=${first.after}`;
    const second = answer("rooms", await world.get(url));
    assert.deepEqual([second.rooms.length, second.more], [10, false]);
    assert.equal(second.rooms.at(-1)?.name, "room-129");
  });

  it("locks down, invites, and sets the log level", async (test) => {
    const world = await AdminWorld.open(test);
    answer("lockdown", await world.post("/api/admin/lockdown", { level: 2 }));
    answer("logLevel", await world.post("/api/admin/log-level", { level: "debug" }));
    const overview = answer("overview", await world.get("/api/admin/overview"));
    assert.deepEqual([overview.lockdown, overview.logLevel], [2, "debug"]);
    const { code, expiresMs } = answer("invite", await world.post("/api/admin/invitations", { uses: 3 }));
    assert.match(code, /^[2-9a-z]{4}(-[2-9a-z]{4}){3}$/);
    assert.ok(expiresMs > world.clock.wallMs());
    assert.ok(!JSON.stringify(world.log.lines).includes(code), "an invitation is a secret");
  });

  it("drains when told so with the word", async (test) => {
    const world = await AdminWorld.open(test);
    for (const body of [{}, { confirm: true }, { confirm: "yes" }]) {
      refused(await world.post("/api/admin/drain", body), 400, "INVALID");
    }
    assert.equal(world.controls.drainCount, 0);
    answer("drain", await world.post("/api/admin/drain", { confirm: "drain" }));
    assert.equal(world.controls.drainCount, 1);
    const [entry] = answer("audit", await world.get("/api/admin/audit")).entries;
    assert.equal(entry?.action, "server.drain");
  });
});

describe("the admin API, bad input", () => {
  it("refuses what does not fit, and says what was expected", async (test) => {
    const world = await AdminWorld.open(test);
    const queries = ["limit=0", "limit=1001", "limit=x", "sort=color", "slowOnly=maybe", "unknown=1"];
    for (const query of [...queries, `search=${"x".repeat(200)}`]) {
      refused(await world.get(`/api/admin/sessions?${query}`), 400, "INVALID");
    }
    const bodies = [
      [],
      null,
      "mina",
      {},
      { name: "mina" },
      { name: "mina", action: "delete" },
      { name: "mina", action: "ban", durationMs: -1 },
      { name: "mina", action: "ban", durationMs: 1.5 },
      { name: "mina", action: "ban", more: 1 },
      { name: "", action: "ban" },
      { name: "x".repeat(65), action: "ban" },
      { name: { $ne: "" }, action: "ban" },
    ];
    for (const body of bodies) {
      const payload = JSON.stringify(body);
      const headers = { "content-type": "application/json" };
      refused(
        await world.post("/api/admin/users/act", payload as unknown as object, headers),
        400,
        "INVALID",
      );
    }
  });

  it("refuses bodies that are no JSON, too large, or of another type", async (test) => {
    const world = await AdminWorld.open(test);
    const send = (payload: string, type: string): Promise<Response> =>
      world.post("/api/admin/lockdown", payload as unknown as object, { "content-type": type });
    refused(await send("{", "application/json"), 400, "INVALID");
    refused(await send("", "application/json"), 400, "INVALID");
    refused(await send('{"level":1,"__proto__":{"x":1}}', "application/json"), 400, "INVALID");
    refused(await send(JSON.stringify({ level: "x".repeat(70_000) }), "application/json"), 413, "TOO_LARGE");
    // What a form of another site can send without asking first.
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
    ]) {
      refused(await send('{"level":1}', type), 415, "MEDIA_TYPE");
    }
    assert.equal(answer("overview", await world.get("/api/admin/overview")).lockdown, 0);
  });

  it("knows no other routes and methods", async (test) => {
    const world = await AdminWorld.open(test);
    refused(await world.get("/api/admin/nothing"), 404, "NOT_FOUND");
    refused(await world.get("/api/admin/"), 404, "NOT_FOUND");
    refused(await world.get("/api/admin/lockdown"), 404, "NOT_FOUND");
    refused(await world.get("/api/admin/users/..%2foverview"), 404, "NOT_FOUND");
    refused(await world.get("/api/admin/user?name=constructor"), 404, "NOT_FOUND");
  });

  it("says that the server is starting", async (test) => {
    const world = await AdminWorld.open(test);
    world.context = undefined;
    const response = await world.get("/api/admin/overview");
    assert.ok((refused(response, 503, "STARTING").retryAfterMs ?? 0) > 0);
    assert.equal(response.headers["retry-after"], "1");
  });

  it("answers 500 without details when something fails, and logs it", async (test) => {
    const world = await AdminWorld.open(test);
    world.server.counters = () => {
      throw new Error("the secret reason");
    };
    const response = await world.get("/api/admin/overview");
    refused(response, 500, "SERVER_ERROR");
    assert.ok(!response.body.includes("secret"));
    assert.equal(world.log.of("an administrator's request failed").length, 1);
  });

  it("says a store's failure as it is", async (test) => {
    const world = await AdminWorld.open(test);
    await world.addAccount("mina");
    await world.store.close();
    const response = await world.post("/api/admin/users/act", { name: "mina", action: "ban" });
    assert.ok(response.statusCode >= 500, response.body);
    s.failure.parse(response.json());
  });

  it("finds names as the rules for names compare them", async (test) => {
    const world = await AdminWorld.open(test);
    await world.addAccount("Ｍｉｎａ");
    assert.equal(nameKey("Ｍｉｎａ"), "mina");
    assert.equal(answer("user", await world.get("/api/admin/user?name=MINA")).name, "Ｍｉｎａ");
  });
});
