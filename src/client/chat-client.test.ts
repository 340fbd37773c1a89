import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DisconnectCode, ErrorCode, PacketType } from "../protocol/codes.ts";
import { RoomAccess, RoomKind } from "../protocol/generated/portico/v1/portico_pb.js";
import { ChatError } from "./chat-error.ts";
import { CREDENTIALS, openOnline, openRig, reconnect } from "./testing/client-rig.ts";
import { LOBBY } from "./testing/scripted-server.ts";

function rejection(promise: Promise<unknown>): Promise<ChatError> {
  return promise.then(
    () => assert.fail("it should have been refused"),
    (error: unknown) => {
      assert.ok(error instanceof ChatError, String(error));
      return error;
    },
  );
}

describe("connecting", () => {
  it("greets, logs in, and tells each state", async () => {
    const { client, server, states } = openRig();
    assert.equal(client.state.name, "idle");
    const connected = client.connect(CREDENTIALS);
    server.current.greet();
    const login = server.current.take(PacketType.LOGIN_REQUEST).body;
    assert.equal(login.name, "mina");
    assert.deepEqual(login.credential, { case: "password", value: "correct horse" });
    assert.equal(login.protocolVersion, 1);
    server.current.deliver(PacketType.LOGIN_RESPONSE, {
      requestId: login.requestId,
      user: { id: 7n, name: "Mina" },
      lobby: LOBBY,
    });
    const welcome = await connected;
    assert.equal(welcome.user, "Mina");
    assert.equal(welcome.lobby.lastOffset, 10);
    assert.deepEqual(states(), ["connecting", "online"]);
    assert.equal(client.server?.textLimitBytes, 4000);
    assert.deepEqual(
      client.rooms.map(({ name }) => name),
      ["lobby"],
    );
  });

  it("logs a guest in with its key", () => {
    const { client, server } = openRig();
    const guestKey = new Uint8Array(16).fill(9);
    void client.connect({ name: "passer-by", guestKey });
    server.current.greet();
    const { credential } = server.current.take(PacketType.LOGIN_REQUEST).body;
    assert.deepEqual(credential, { case: "guestKey", value: guestKey });
  });

  it("registers first when asked to", async () => {
    const { client, server } = openRig();
    const connected = client.connect(CREDENTIALS, { register: true });
    server.current.greet();
    const { requestId, name } = server.current.take(PacketType.REGISTER_REQUEST).body;
    assert.equal(name, "mina");
    assert.deepEqual(server.current.waitingTypes, []);
    server.current.deliver(PacketType.REGISTER_RESPONSE, { requestId });
    server.current.acceptLogin();
    await connected;
  });

  it("logs in with the account whose registration was answered by a broken connection", async () => {
    const rig = openRig();
    const connected = rig.client.connect(CREDENTIALS, { register: true });
    rig.server.current.greet();
    rig.server.current.take(PacketType.REGISTER_REQUEST);
    reconnect(rig);
    rig.server.current.greet();
    const { requestId } = rig.server.current.take(PacketType.REGISTER_REQUEST).body;
    rig.server.current.deliver(PacketType.REGISTER_RESPONSE, { requestId, code: ErrorCode.NAME_TAKEN });
    rig.server.current.acceptLogin();
    await connected;
  });

  it("rejects and closes when the login is refused for good, and may connect again", async () => {
    const { client, server, states, environment } = openRig();
    const refused = rejection(client.connect(CREDENTIALS));
    server.current.greet();
    server.current.refuseLogin(ErrorCode.AUTH_FAILED);
    assert.equal(server.current.ending, "closed");
    server.current.end();
    assert.equal((await refused).code, "AUTH_FAILED");
    assert.deepEqual(states(), ["connecting", "closed"]);
    assert.equal(environment.timerCount, 0);
    const connected = client.connect({ ...CREDENTIALS, password: "better" });
    server.current.welcome();
    await connected;
  });

  it("waits as long as the server says when it cannot take the login now", async () => {
    const { client, server, told, environment } = openRig();
    const connected = client.connect(CREDENTIALS);
    server.current.greet();
    server.current.refuseLogin(ErrorCode.RATE_LIMITED, 7000);
    assert.equal(server.current.ending, "aborted");
    server.current.end();
    const offline = told.findLast((event) => event.type === "state")?.state;
    assert.ok(offline?.name === "offline" && offline.retryInMs >= 7000);
    environment.advance(6999);
    assert.equal(server.connections.length, 1);
    environment.advance(2000);
    assert.equal(server.connections.length, 2);
    server.current.welcome();
    await connected;
  });

  it("gives up a server that does not greet", () => {
    const { client, server, environment } = openRig({ helloTimeoutMs: 3000 });
    void client.connect(CREDENTIALS);
    server.current.open();
    environment.advance(3000);
    assert.equal(server.current.ending, "aborted");
  });

  it("stops trying when its signal fires", async () => {
    const { client, server, environment, states } = openRig();
    const controller = new AbortController();
    const refused = rejection(client.connect(CREDENTIALS, { signal: controller.signal }));
    server.current.end("connect test:9000: ECONNREFUSED");
    assert.equal(client.state.name, "offline");
    controller.abort();
    assert.equal((await refused).code, "ABORTED");
    assert.equal(states().at(-1), "closed");
    assert.equal(environment.timerCount, 0);
  });

  it("closes: logs out, sends what is queued, and keeps no timer", async () => {
    const { client, server, environment } = await openOnline();
    const pending = rejection(client.publish(1, "too late"));
    const closed = client.close();
    server.current.take(PacketType.LOGOUT_REQUEST);
    assert.equal(server.current.ending, "closed");
    server.current.end();
    await closed;
    assert.equal((await pending).code, "CLOSED");
    assert.equal(environment.timerCount, 0);
    assert.equal((await rejection(client.whisper("jun", "?"))).code, "CLOSED");
    assert.equal((await rejection(client.listUsers(1))).code, "CLOSED");
  });
});

describe("reconnecting", () => {
  it("tries again with growing, capped, jittered delays", () => {
    const { client, server, environment, told } = openRig({ backoff: { firstMs: 100, capMs: 1000 } });
    void client.connect(CREDENTIALS);
    for (let attempt = 0; attempt < 12; attempt++) {
      server.current.end("connect test:9000: ECONNREFUSED");
      environment.advance(1000);
    }
    assert.equal(server.connections.length, 13);
    const delays = told.flatMap((event) =>
      event.type === "state" && event.state.name === "offline" ? [event.state.retryInMs] : [],
    );
    assert.ok(delays[0] !== undefined && delays[0] >= 25 && delays[0] <= 100, `${delays[0]}`);
    assert.ok(delays.every((delay) => delay <= 1000));
    assert.ok(delays.slice(6).every((delay) => delay >= 250));
    assert.ok(new Set(delays.slice(6)).size > 3, "delays differ");
  });

  it("says why it is offline", async () => {
    const { server, told } = await openOnline();
    server.current.disconnect(DisconnectCode.SLOW_READER);
    const last = told.at(-1);
    assert.ok(last?.type === "state" && last.state.name === "offline");
    assert.equal(last.state.why, "SLOW_READER: said so");
  });

  it("adds its own delay to the one that a stopping server asks for", async () => {
    const { server, environment } = await openOnline();
    server.current.disconnect(DisconnectCode.SHUTDOWN, 30_000);
    environment.advance(30_000);
    assert.equal(server.connections.length, 1);
    environment.advance(250);
    assert.equal(server.connections.length, 2);
  });

  for (const code of [DisconnectCode.FLOOD, DisconnectCode.REPLACED, DisconnectCode.KICKED]) {
    it(`does not come back after ${DisconnectCode[code]}`, async () => {
      const { client, server, environment } = await openOnline();
      const pending = rejection(client.publish(1, "lost"));
      server.current.disconnect(code);
      environment.advance(100_000);
      assert.equal(server.connections.length, 1);
      assert.ok(client.state.name === "closed");
      assert.equal(client.state.error.code, "DISCONNECTED");
      assert.equal(client.state.disconnectCode, DisconnectCode[code]);
      assert.equal((await pending).code, "CLOSED");
    });
  }

  it("logs in again past the ghost of its own broken connection", async () => {
    const rig = await openOnline();
    reconnect(rig);
    rig.server.current.greet();
    rig.server.current.refuseLogin(ErrorCode.LOGIN_USER_ALREADY);
    reconnect(rig);
    rig.server.current.welcome();
    assert.equal(rig.client.state.name, "online");
  });

  it("joins its rooms again, and says which are lost", async () => {
    const rig = await openOnline();
    for (const [roomId, name] of [
      [5, "games"],
      [6, "secret"],
    ] as const) {
      const joining = rig.client.joinRoom(name, { create: "logged" });
      const { requestId, create } = rig.server.current.take(PacketType.JOIN_ROOM_REQUEST).body;
      assert.equal(create, 1);
      rig.server.current.deliver(PacketType.JOIN_ROOM_RESPONSE, {
        requestId,
        room: { ...LOBBY, roomId, name },
      });
      assert.equal((await joining).roomId, roomId);
    }
    reconnect(rig);
    const waiting = rejection(rig.client.publish(6, "for nobody"));
    rig.server.current.welcome();
    const games = rig.server.current.take(PacketType.JOIN_ROOM_REQUEST).body;
    const secret = rig.server.current.take(PacketType.JOIN_ROOM_REQUEST).body;
    assert.deepEqual([games.name, games.create, secret.name], ["games", 0, "secret"]);
    rig.server.current.deliver(PacketType.JOIN_ROOM_RESPONSE, {
      requestId: games.requestId,
      room: { ...LOBBY, roomId: 5, name: "games" },
    });
    rig.server.current.deliver(PacketType.JOIN_ROOM_RESPONSE, {
      requestId: secret.requestId,
      code: ErrorCode.PERMISSION_DENIED,
    });
    assert.deepEqual(
      rig.told.flatMap((event) => (event.type === "resumed" ? [[event.room, event.recovered]] : [])),
      [
        ["lobby", true],
        ["games", true],
      ],
    );
    assert.deepEqual(
      rig.told.flatMap((event) => (event.type === "roomLost" ? [event.room] : [])),
      ["secret"],
    );
    assert.deepEqual(
      rig.client.rooms.map(({ name }) => name),
      ["lobby", "games"],
    );
    assert.equal((await waiting).code, "PERMISSION_DENIED");
  });
});

describe("a room in memory", () => {
  it("is made again if it was everybody's, and not if it was for a few", async () => {
    const rig = await openOnline();
    for (const [roomId, name, access] of [
      [5, "open", RoomAccess.PUBLIC],
      [6, "locked", RoomAccess.PASSWORD],
      [7, "hidden", RoomAccess.PRIVATE],
    ] as const) {
      const joining = rig.client.joinRoom(name);
      const { requestId } = rig.server.current.take(PacketType.JOIN_ROOM_REQUEST).body;
      const room = { ...LOBBY, roomId, name, kind: RoomKind.MEMORY, access };
      rig.server.current.deliver(PacketType.JOIN_ROOM_RESPONSE, { requestId, room });
      await joining;
    }
    reconnect(rig);
    rig.server.current.welcome();
    const asked = [1, 2, 3].map(() => rig.server.current.take(PacketType.JOIN_ROOM_REQUEST).body);
    assert.deepEqual(
      asked.map(({ name, create }) => [name, create]),
      [
        ["open", RoomKind.MEMORY],
        ["locked", RoomKind.UNSPECIFIED],
        ["hidden", RoomKind.UNSPECIFIED],
      ],
    );
  });
});

describe("heartbeat", () => {
  it("answers the server's pings", async () => {
    const { server } = await openOnline();
    server.current.deliver(PacketType.PING, { nonce: 77 });
    assert.equal(server.current.take(PacketType.PONG).body.nonce, 77);
  });

  it("pings a server that has been silent too long, and stays when it answers", async () => {
    const { server, environment } = await openOnline();
    environment.advance(32_999);
    assert.deepEqual(server.current.waitingTypes, []);
    environment.advance(1);
    const { nonce } = server.current.take(PacketType.PING).body;
    environment.advance(7000);
    server.current.deliver(PacketType.PONG, { nonce });
    environment.advance(20_000);
    assert.equal(server.current.ending, "none");
  });

  it("leaves a server that does not answer its ping, and comes back", async () => {
    const { client, server, environment } = await openOnline();
    environment.advance(33_000 + 8000);
    assert.equal(server.current.ending, "aborted");
    server.current.end();
    assert.ok(client.state.name === "offline" && client.state.why.includes("silent for 41 s"));
    environment.advance(1000);
    assert.equal(server.connections.length, 2);
  });
});

describe("requests", () => {
  it("pages history and lists users", async () => {
    const { client, server } = await openOnline();
    const paging = client.history(1, { limit: 2 });
    const asked = server.current.answerHistory(
      [
        [9, "jun"],
        [10, "jun"],
      ],
      true,
    );
    assert.deepEqual([asked.before, asked.after, asked.limit], [11n, 0n, 2]);
    const page = await paging;
    assert.deepEqual(
      page.messages.map(({ offset }) => offset),
      [9, 10],
    );
    assert.equal(page.messages[0]?.room, "lobby");
    assert.equal(page.more, true);
    const listing = client.listUsers(1, { after: "a" });
    const { requestId } = server.current.take(PacketType.USER_LIST_REQUEST).body;
    server.current.deliver(PacketType.USER_LIST_RESPONSE, {
      requestId,
      names: ["jun", "mina"],
      total: 3,
      more: true,
    });
    assert.deepEqual(await listing, { names: ["jun", "mina"], total: 3, more: true });
  });

  it("rejects with the server's code, detail and time to wait", async () => {
    const { client, server } = await openOnline();
    const refused = rejection(client.joinRoom("secret"));
    const { requestId } = server.current.take(PacketType.JOIN_ROOM_REQUEST).body;
    server.current.deliver(PacketType.JOIN_ROOM_RESPONSE, {
      requestId,
      code: ErrorCode.RATE_LIMITED,
      detail: "slow down",
      retryAfterMs: 900,
    });
    const error = await refused;
    assert.deepEqual([error.code, error.message, error.retryAfterMs], ["RATE_LIMITED", "slow down", 900]);
  });

  it("rejects when no answer comes, when the connection ends, and when there is none", async () => {
    const rig = await openOnline({ requestTimeoutMs: 5000 });
    const unanswered = rejection(rig.client.listUsers(1));
    rig.environment.advance(5000);
    assert.equal((await unanswered).code, "TIMEOUT");
    const cut = rejection(rig.client.leaveRoom(1));
    rig.server.current.end();
    assert.equal((await cut).code, "CONNECTION_LOST");
    assert.equal((await rejection(rig.client.history(1))).code, "OFFLINE");
  });

  it("takes an error notice for the answer that it replaces, and tells the others", async () => {
    const { client, server, told } = await openOnline();
    const refused = rejection(client.listUsers(1));
    const { requestId } = server.current.take(PacketType.USER_LIST_REQUEST).body;
    server.current.deliver(PacketType.ERROR_NOTICE, { code: ErrorCode.UNKNOWN_TYPE, requestId });
    assert.equal((await refused).code, "UNKNOWN_TYPE");
    server.current.deliver(PacketType.ERROR_NOTICE, { code: ErrorCode.INVALID_PACKET, detail: "what?" });
    const last = told.at(-1);
    assert.ok(last?.type === "warning" && last.error.code === "INVALID_PACKET");
  });

  it("stops listening to a room that it left", async () => {
    const { client, server, messages } = await openOnline();
    const joining = client.joinRoom("games");
    const join = server.current.take(PacketType.JOIN_ROOM_REQUEST).body;
    server.current.deliver(PacketType.JOIN_ROOM_RESPONSE, {
      requestId: join.requestId,
      room: { ...LOBBY, roomId: 5, name: "games" },
    });
    // In the same breath as the response, before any promise has run.
    server.current.notice(11, "jun", "first", 5);
    await joining;
    const leaving = client.leaveRoom(5);
    server.current.notice(12, "jun", "second", 5);
    const leave = server.current.take(PacketType.LEAVE_ROOM_REQUEST).body;
    server.current.deliver(PacketType.LEAVE_ROOM_RESPONSE, { requestId: leave.requestId });
    server.current.notice(13, "jun", "third", 5);
    await leaving;
    assert.deepEqual(messages(), ["11 jun first", "12 jun second"]);
  });
});

describe("a connection that is lost", () => {
  it("is made again at once when it is asked for, and says what the server said", async () => {
    const { client, server, environment, told } = await openOnline();
    client.retryNow();
    assert.equal(server.connections.length, 1, "there is nothing to retry");
    server.current.disconnect(DisconnectCode.SHUTDOWN, 60_000);
    const { state } = client;
    assert.ok(state.name === "offline");
    assert.equal(state.disconnectCode, "SHUTDOWN");
    assert.ok(state.retryInMs >= 60_000);
    client.retryNow();
    client.retryNow();
    assert.equal(server.connections.length, 2);
    server.current.welcome();
    assert.equal(client.state.name, "online");
    environment.advance(120_000);
    assert.equal(server.connections.length, 2, "the pause is over, too");
    server.current.end("reset");
    const last = told.findLast((event) => event.type === "state");
    assert.ok(last?.state.name === "offline");
    assert.equal(last.state.disconnectCode, undefined);
    void client.close();
    client.retryNow();
    assert.equal(server.connections.length, 2);
  });

  it("is ended and not made again while the client is suspended; what is said meanwhile is sent once", async () => {
    const { client, server, environment, states } = await openOnline();
    const early = client.publish(1, "under way");
    const before = server.current.take(PacketType.PUBLISH_REQUEST).body;
    client.suspend("no network");
    client.suspend("again");
    server.current.end();
    assert.equal(server.connections.length, 1);
    const { state } = client;
    assert.ok(state.name === "offline");
    assert.equal(state.retryInMs, Infinity);
    assert.equal(state.why, "no network");
    const late = client.publish(1, "queued");
    environment.advance(24 * 3600 * 1000);
    assert.equal(server.connections.length, 1, "nothing is tried");
    assert.equal(client.pendingCount, 2);

    client.retryNow();
    assert.equal(server.connections.length, 2);
    client.retryNow();
    assert.equal(server.connections.length, 2);
    server.current.welcome();
    const again = server.current.take(PacketType.PUBLISH_REQUEST).body;
    assert.equal(again.clientMessageId, before.clientMessageId);
    for (const [at, body] of [again, server.current.take(PacketType.PUBLISH_REQUEST).body].entries()) {
      server.current.deliver(PacketType.PUBLISH_RESPONSE, {
        requestId: body.requestId,
        offset: BigInt(11 + at),
      });
    }
    assert.deepEqual([(await early).offset, (await late).offset], [11, 12]);
    assert.deepEqual(states(), ["connecting", "online", "offline", "connecting", "online"]);
  });

  it("a suspension ends the pause before an attempt, and an attempt; closing ends a suspension", async () => {
    const { client, server, environment, states } = await openOnline();
    server.current.end("reset");
    client.suspend("no network");
    environment.advance(60_000);
    assert.equal(server.connections.length, 1);
    client.retryNow();
    assert.equal(states().at(-1), "connecting");
    client.suspend("no network");
    server.current.end();
    assert.equal(states().at(-1), "offline");
    environment.advance(60_000);
    assert.equal(server.connections.length, 2);
    await client.close();
    assert.equal(states().at(-1), "closed");
    client.suspend("no network");
    client.retryNow();
    assert.equal(states().at(-1), "closed");
    assert.equal(environment.timerCount, 0);
  });

  it("is lost for good with the time after which one may come back", async () => {
    const { client, server } = await openOnline();
    server.current.disconnect(DisconnectCode.BANNED, 60_000);
    const { state } = client;
    assert.ok(state.name === "closed");
    assert.equal(state.disconnectCode, "BANNED");
    assert.equal(state.error.retryAfterMs, 60_000);
  });
});

describe("events", () => {
  it("come through an iterator, bounded, until the client is closed", async () => {
    const { client, server } = await openOnline();
    const events = client.events(2);
    const first = events.next();
    for (const offset of [11, 12, 13, 14]) server.current.notice(offset, "jun");
    assert.equal((await first).value?.type, "message");
    assert.deepEqual((await events.next()).value, { type: "overflow", droppedCount: 1 });
    void client.close();
    server.current.end();
    const rest: string[] = [];
    for await (const event of events) rest.push(event.type === "state" ? event.state.name : event.type);
    assert.deepEqual(rest, ["overflow", "message", "closed"]);
  });

  it("tell who came and went, and no longer after the listener is removed", async () => {
    const { client, server } = await openOnline();
    const seen: string[] = [];
    const remove = client.on("userJoined", ({ room, name }) => seen.push(`${name} in ${room}`));
    server.current.deliver(PacketType.USER_JOINED_NOTICE, { roomId: 1, names: ["jun", "mina"] });
    remove();
    server.current.deliver(PacketType.USER_JOINED_NOTICE, { roomId: 1, names: ["sora"] });
    assert.deepEqual(seen, ["jun in lobby"]);
  });
});
