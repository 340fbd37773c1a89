import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PacketType } from "../../../src/protocol/codes.ts";
import { RoomAccess, RoomRole } from "../../../src/protocol/generated/portico/v1/portico_pb.js";
import { openSignedIn, type StateRig } from "./testing/state-rig.ts";

function people(rig: StateRig): string[] {
  return (rig.store.slices.members.get()?.members ?? []).map(
    ({ name, role, isPresent, mayModerate }) =>
      `${name} ${role}${isPresent ? " here" : ""}${mayModerate ? " *" : ""}`,
  );
}

async function openTeam(role: RoomRole): Promise<StateRig> {
  const rig = await openSignedIn();
  const team = rig.server.addRoom(5, "team");
  team.role = role;
  rig.server.members = [
    { name: "ada", displayName: "Ada L.", role: RoomRole.OWNER, present: false },
    { name: "jun", role: RoomRole.MEMBER, present: true },
    { name: "mina", role, present: true },
  ];
  rig.server.present = ["mina", "jun", "guest-1"];
  await Promise.all([rig.store.actions.join("team"), rig.settle()]);
  await rig.settle();
  return rig;
}

describe("the people of a room", () => {
  it("are its members and who else is there, with what may be done to them", async () => {
    const rig = await openTeam(RoomRole.MODERATOR);
    assert.deepEqual(people(rig), [
      "mina moderator here",
      "jun member here *",
      "guest-1 none here *",
      "ada owner",
    ]);
    assert.equal(rig.store.slices.members.get()?.presentCount, 3);
    const { permissions } = rig.store.slices.place.get() ?? {};
    assert.equal(permissions?.mayModerate, true);
    assert.equal(permissions?.mayEditTopic, true);
    assert.equal(permissions?.mayEditSettings, false);
    assert.equal(permissions?.mayLeave, true);
  });

  it("come and go", async () => {
    const rig = await openTeam(RoomRole.MEMBER);
    rig.server.connection.deliver(PacketType.USER_JOINED_NOTICE, { roomId: 5, names: ["ada", "new"] });
    rig.server.connection.deliver(PacketType.USER_LEFT_NOTICE, { roomId: 5, names: ["guest-1", "jun"] });
    await rig.settle();
    assert.deepEqual(people(rig), ["ada owner here", "mina member here", "new none here", "jun member"]);
    assert.equal(rig.store.slices.members.get()?.presentCount, 3);
  });

  it("are shown by the names they like", async () => {
    const rig = await openTeam(RoomRole.MEMBER);
    rig.server.say(5, "ada", "hello");
    await rig.settle();
    assert.equal(rig.messages().at(-1)?.displayName, "Ada L.");
    rig.store.actions.send("hi");
    await rig.settle();
    assert.equal(rig.messages().at(-1)?.displayName, "Mina K.");
    assert.deepEqual(rig.store.slices.composer.get()?.mentionNames.slice(0, 1), ["ada"]);
  });

  it("type, until they have spoken or stopped", async () => {
    const rig = await openTeam(RoomRole.MEMBER);
    for (const name of ["jun", "ada", "mina"])
      rig.server.connection.deliver(PacketType.TYPING_NOTICE, { roomId: 5, name });
    await rig.settle();
    assert.deepEqual(rig.store.slices.typing.get(), { names: ["jun", "ada"], moreCount: 0 });
    rig.server.say(5, "jun", "said");
    await rig.settle();
    assert.deepEqual(rig.store.slices.typing.get().names, ["ada"]);
    rig.host.environment.advance(5000);
    await rig.settle();
    assert.deepEqual(rig.store.slices.typing.get().names, []);
  });

  it("see the room's settings change", async () => {
    const rig = await openTeam(RoomRole.MEMBER);
    const state = rig.server.state(rig.server.room(5));
    rig.server.connection.deliver(PacketType.ROOM_UPDATED_NOTICE, {
      room: {
        ...state,
        name: "crew",
        topic: "new topic",
        access: RoomAccess.PRIVATE,
        slowModeMs: 10_000,
        archived: true,
        role: RoomRole.OWNER,
      },
    });
    await rig.settle();
    const place = rig.store.slices.place.get();
    assert.equal(place?.title, "crew");
    assert.equal(place?.topic, "new topic");
    assert.equal(place?.access, "private");
    assert.equal(place?.permissions.mayEditSettings, true);
    assert.equal(place?.permissions.maySpeak, false);
    assert.equal(rig.store.slices.composer.get()?.block?.reason, "archived");
    assert.equal(rig.store.slices.composer.get()?.slowModeMs, 0, "owners need not wait");
    assert.equal(rig.store.slices.notices.get()[0]?.code, "roleChanged");
  });

  it("wait in slow mode", async () => {
    const rig = await openTeam(RoomRole.MEMBER);
    const state = rig.server.state(rig.server.room(5));
    rig.server.connection.deliver(PacketType.ROOM_UPDATED_NOTICE, {
      room: { ...state, slowModeMs: 10_000, role: RoomRole.UNSPECIFIED },
    });
    rig.store.actions.send("first");
    await rig.settle();
    const composer = rig.store.slices.composer.get();
    assert.equal(composer?.slowModeMs, 10_000);
    assert.equal(composer?.waitUntilMs, rig.host.environment.clock.wallMs() + 10_000);
    rig.server.connection.deliver(PacketType.ROOM_UPDATED_NOTICE, {
      room: { ...state, slowModeMs: 2000, role: RoomRole.UNSPECIFIED },
    });
    await rig.settle();
    const shorter = rig.host.environment.clock.wallMs() + 2000;
    assert.equal(rig.store.slices.composer.get()?.waitUntilMs, shorter, "no longer than it is now");
    rig.host.environment.advance(10_000);
    await rig.settle();
    assert.equal(rig.store.slices.composer.get()?.waitUntilMs, 0);
  });
});

describe("a search", () => {
  it("finds, goes on where that can be, and jumps", async () => {
    const rig = await openSignedIn();
    const lobby = rig.server.room(1);
    for (let count = 1; count <= 150; count++) rig.server.say(1, "jun", `needle ${count}`);
    await rig.settle();
    rig.store.actions.search("needle", "here");
    await rig.settle();
    assert.equal(rig.store.slices.search.get().hits.length, 30);
    assert.equal(rig.store.slices.search.get().hasMore, true);
    rig.store.actions.search("needle", "everywhere");
    await rig.settle();
    rig.store.actions.searchMore();
    await rig.settle();
    const { hits, hasMore, state } = rig.store.slices.search.get();
    assert.equal(state, "done");
    assert.equal(hits.length, 100);
    assert.equal(hasMore, false, "the server has no way to go on everywhere");
    const hit = hits[40];
    assert.ok(hit !== undefined);
    rig.store.actions.jumpTo(hit.place, hit.offset);
    await rig.settle();
    assert.equal(rig.store.slices.timeline.get()?.jump?.highlightKey, `m:${hit.offset}`);
    rig.store.actions.search("  ", "here");
    await rig.settle();
    assert.equal(rig.store.slices.search.get().state, "idle");
    assert.equal(lobby.log.length, 150);
  });

  it("is nobody's when another has begun", async () => {
    const rig = await openSignedIn();
    rig.server.say(1, "jun", "one needle");
    rig.server.say(1, "jun", "two pins");
    rig.store.actions.search("needle", "everywhere");
    rig.store.actions.search("pins", "everywhere");
    await rig.settle();
    assert.deepEqual(
      rig.store.slices.search.get().hits.map(({ text }) => text),
      ["two pins"],
    );
    rig.store.actions.clearSearch();
    await rig.settle();
    assert.equal(rig.store.slices.search.get().state, "idle");
  });
});
