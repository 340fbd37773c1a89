import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type GateClient, GateWorld } from "../../../test/support/gate-world.ts";
import { PacketType } from "../../protocol/codes.ts";
import type { UserIdentity } from "../hub/command.ts";
import type { Membership } from "./local-room.ts";
import { SessionInspector, type SessionQuery } from "./session-inspector.ts";
import { SessionTable } from "./session-table.ts";

class Scene {
  readonly world = new GateWorld();
  readonly table = new SessionTable();
  readonly inspector = new SessionInspector(this.table, this.world.clock, this.world.disconnects);

  signedIn(user: Partial<UserIdentity>): GateClient {
    const client = this.world.signedIn(user);
    this.table.add(client.session);
    return client;
  }

  connect(host?: string): GateClient {
    const client = this.world.connect(host);
    this.table.add(client.session);
    client.take();
    return client;
  }

  look(query: Partial<SessionQuery> = {}) {
    return this.inspector.sessions({ search: "", slowOnly: false, sort: "user", limit: 100, ...query });
  }

  names(query: Partial<SessionQuery> = {}): string {
    return this.look(query)
      .sessions.map(({ user }) => user || "?")
      .join(" ");
  }
}

describe("SessionInspector", () => {
  it("says of each connection who it is, from where, and since when", () => {
    const scene = new Scene();
    const mina = scene.signedIn({ name: "mina", displayName: "Mina K.", isAdmin: true });
    mina.link.lastReceivedMs = scene.world.clock.monotonicMs();
    scene.world.clock.advance(2500);
    const [snapshot] = scene.look().sessions;
    assert.deepEqual(snapshot, {
      session: mina.session.key,
      user: "mina",
      displayName: "Mina K.",
      isGuest: false,
      isAdmin: true,
      address: "192.0.2.1",
      transport: "tcp",
      state: "signedIn",
      connectedMs: 2500,
      silentMs: 2500,
      queuedBytes: 0,
      queueAgeMs: 0,
      roundTripMs: -1,
      rooms: 0,
      laggingRooms: 0,
      slow: "",
    });
    assert.deepEqual(scene.inspector.find(mina.session.key), snapshot);
    assert.equal(scene.inspector.find(mina.session.key + 1), undefined);
  });

  it("searches names, display names, addresses and keys, sorts, and says how many there are", () => {
    const scene = new Scene();
    scene.signedIn({ id: 1, name: "mina", displayName: "Kim" });
    scene.world.clock.advance(1000);
    const joon = scene.signedIn({ id: -2, name: "Joon" });
    const stranger = scene.connect("203.0.113.9");
    assert.equal(scene.names(), "Joon mina ?");
    assert.equal(scene.names({ sort: "age" }), "mina Joon ?");
    assert.equal(scene.names({ search: "KI" }), "mina");
    assert.equal(scene.names({ search: " joon " }), "Joon");
    assert.equal(scene.names({ search: "113.9" }), "?");
    assert.equal(scene.names({ search: "nobody" }), "");
    joon.link.queuedBytes = 10;
    stranger.link.queuedBytes = 500;
    assert.equal(scene.names({ sort: "queue" }), "? Joon mina");
    const few = scene.look({ limit: 1 });
    assert.deepEqual([few.total, few.sessions.length, few.sessions[0]?.isGuest], [3, 1, true]);
    assert.deepEqual(scene.look({ limit: -5 }).sessions, []);
    assert.deepEqual(scene.inspector.totals(), { tcp: 3, websocket: 0, queuedBytes: 510, slow: 0 });
    assert.deepEqual(scene.inspector.addresses(1), [
      { address: "192.0.2.1", sessions: 2, websockets: 0, users: 2, queuedBytes: 10 },
    ]);
    assert.equal(scene.inspector.addresses(5).length, 2);
  });

  it("knows from the second look on how long a queue has not been empty", () => {
    const scene = new Scene();
    const mina = scene.signedIn({ name: "mina" });
    mina.link.queuedBytes = 120_000;
    assert.deepEqual([scene.look().sessions[0]?.queueAgeMs, scene.inspector.totals().slow], [0, 0]);
    scene.world.clock.advance(4200);
    const [slow] = scene.look({ slowOnly: true }).sessions;
    assert.equal(slow?.queueAgeMs, 4200);
    assert.equal(slow?.slow, "has 120 kB waiting and has not caught up for 4.2 s");
    assert.equal(scene.inspector.totals().slow, 1);
    mina.link.drainedCount++;
    assert.deepEqual(scene.look({ slowOnly: true }).sessions, [], "it was empty in between");
    scene.world.clock.advance(900);
    assert.equal(scene.look().sessions[0]?.queueAgeMs, 900);
    mina.link.queuedBytes = 0;
    assert.equal(scene.look().sessions[0]?.queueAgeMs, 0);
  });

  it("calls those slow that are replayed to, or skip", () => {
    const scene = new Scene();
    const { session } = scene.signedIn({ name: "mina" });
    const membership = (state: "behind" | "skipping" | undefined, next?: Membership): Membership =>
      // Of a membership only these are looked at.
      ({ next, lag: state === undefined ? undefined : { state } }) as unknown as Membership;
    session.firstMembership = membership("behind", membership(undefined, membership("behind")));
    let [snapshot] = scene.look({ slowOnly: true }).sessions;
    assert.deepEqual([snapshot?.rooms, snapshot?.laggingRooms], [3, 2]);
    assert.equal(snapshot?.slow, "is replayed to in 2 rooms");
    session.firstMembership = membership("skipping", membership("behind"));
    [snapshot] = scene.look().sessions;
    assert.equal(snapshot?.slow, "is replayed to in 1 room; skips messages in 1 room");
  });

  it("measures round trips, of each connection at most once in five seconds", () => {
    const scene = new Scene();
    const { clock } = scene.world;
    const [mina, joon] = [scene.signedIn({ id: 1, name: "mina" }), scene.signedIn({ id: 2, name: "joon" })];
    const nonceOf = (client: GateClient): number => client.takeOne(PacketType.PING).nonce;
    const keys = [mina.session.key, joon.session.key, 99];
    scene.inspector.measureRoundTrips(keys);
    scene.inspector.measureRoundTrips(keys);
    const nonce = nonceOf(mina);
    clock.advance(12.5);
    mina.send(PacketType.PONG, { nonce });
    assert.equal(mina.session.roundTripMs, 12.5);
    clock.advance(7.5);
    mina.send(PacketType.PONG, { nonce });
    assert.equal(mina.session.roundTripMs, 12.5, "a pong counts once");
    joon.send(PacketType.PONG, { nonce: nonceOf(joon) + 1 });
    assert.equal(joon.session.roundTripMs, -1, "that was no answer");
    assert.equal(scene.names({ sort: "roundTrip" }), "mina joon");
    clock.advance(4000);
    scene.inspector.measureRoundTrips(keys);
    assert.deepEqual(mina.take(), []);
    clock.advance(1000);
    scene.inspector.measureRoundTrips(keys);
    assert.ok(nonceOf(mina) > 0);
  });

  it("ends a connection, and says of it how it ended", () => {
    const scene = new Scene();
    const mina = scene.signedIn({ name: "mina" });
    assert.equal(scene.inspector.endSession(mina.session.key + 1), false);
    assert.equal(scene.inspector.endSession(mina.session.key, "enough"), true);
    const disconnect = mina.takeOne(PacketType.DISCONNECT);
    assert.deepEqual([disconnect.code, disconnect.reason], [3504, "enough"]);
    const [ending] = scene.inspector.disconnects();
    assert.deepEqual([ending?.user, ending?.code, ending?.detail], ["mina", "KICKED", "enough"]);
  });
});
