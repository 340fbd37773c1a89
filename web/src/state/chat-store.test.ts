import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DisconnectCode, ErrorCode, PacketType } from "../../../src/protocol/codes.ts";
import { openRig, openSignedIn, welcome } from "./testing/state-rig.ts";

describe("a page's state", () => {
  it("signs in, reads its lists and shows the lobby", async () => {
    const rig = openRig();
    rig.server.append(rig.server.room(1), "jun", "hello");
    assert.equal(rig.store.slices.session.get().phase, "signedOut");
    const done = rig.store.actions.login({ name: "mina", password: "correct horse", remember: true });
    await rig.settle();
    assert.equal(rig.store.slices.session.get().phase, "signingIn");
    welcome(rig.server);
    assert.deepEqual(await done, { ok: true });
    await rig.settle();
    const { phase, me, server } = rig.store.slices.session.get();
    assert.equal(phase, "signedIn");
    assert.deepEqual(me, { name: "mina", displayName: "Mina K.", isGuest: false, isAdmin: false });
    assert.equal(server?.guestsAllowed, true);
    const { rooms, current } = rig.store.slices.sideList.get();
    assert.deepEqual(
      rooms.map(({ name, isLobby }) => [name, isLobby]),
      [["lobby", true]],
    );
    assert.equal(current, undefined);
    rig.store.actions.openPlace(rooms[0]?.key);
    await rig.settle();
    assert.deepEqual(rig.lines(), ["| day", "jun: hello"]);
    assert.equal(rig.store.slices.timeline.get()?.hasOlder, false);
    rig.host.environment.advance(500);
    assert.equal(rig.host.title, "#lobby · Portico");
  });

  it("tells why it may not come in", async () => {
    const rig = openRig();
    const done = rig.store.actions.login({ name: "mina", password: "wrong horse", remember: true });
    rig.server.connection.greet();
    rig.server.connection.refuseLogin(ErrorCode.AUTH_FAILED);
    rig.server.connection.end();
    const outcome = await done;
    await rig.settle();
    assert.equal(outcome.ok ? "" : outcome.failure.code, "AUTH_FAILED");
    assert.equal(rig.store.slices.session.get().phase, "signedOut");
    assert.equal(rig.store.slices.session.get().failure?.code, "AUTH_FAILED");
    assert.equal(rig.host.lasting.get("portico.session"), undefined);
  });

  it("shows what is sent at once, and once", async () => {
    const rig = await openSignedIn();
    rig.server.silent.add(PacketType.PUBLISH_REQUEST);
    assert.equal(rig.store.actions.send("hello  \r\n"), true);
    await rig.settle();
    assert.deepEqual(rig.lines(), ["| day", "mina: hello (sending)"]);
    const [sending] = rig.messages();
    assert.equal(rig.host.isUnsaved, true);
    rig.server.silent.clear();
    await rig.settle();
    const [sent, ...others] = rig.messages();
    assert.deepEqual(others, []);
    assert.equal(sent?.state, "sent");
    assert.equal(sent?.offset, 1);
    assert.equal(sent?.key, sending?.key, "the row stays the same for React");
    assert.equal(rig.host.isUnsaved, false);
    assert.equal(rig.store.actions.send("  \n "), false);
  });

  it("keeps what is written without a connection, and sends it on return, in order and once", async () => {
    const rig = await openSignedIn();
    rig.server.connection.end("reset");
    await rig.settle();
    const { phase, retryAtMs, lastError } = rig.store.slices.connection.get();
    assert.equal(phase, "waiting");
    assert.equal(lastError, "reset");
    assert.ok(retryAtMs >= rig.host.environment.clock.wallMs());
    for (const text of ["one", "two"]) rig.store.actions.send(text);
    await rig.settle();
    assert.deepEqual(rig.lines().slice(-2), ["mina: one (queued)", "mina: two (queued)"]);
    assert.equal(rig.store.slices.connection.get().queuedCount, 2);
    const { length } = rig.server.transport.connections;
    rig.store.actions.retryNow();
    assert.equal(rig.server.transport.connections.length, length + 1);
    welcome(rig.server);
    await rig.settle();
    assert.deepEqual(rig.lines().slice(-2), ["mina: one", "mina: two"]);
    assert.equal(rig.store.slices.connection.get().phase, "online");
    assert.equal(rig.store.slices.connection.get().queuedCount, 0);
    assert.equal(rig.server.asksOf("PUBLISH_REQUEST").length, 2);
  });

  it("ends the link when the browser has no network, and comes back with it at once, looked at or not", async () => {
    const rig = await openSignedIn();
    const { connections } = rig.server.transport;
    rig.host.setNetwork(false);
    rig.server.connection.end();
    await rig.settle();
    const { phase, retryAtMs } = rig.store.slices.connection.get();
    assert.deepEqual([phase, retryAtMs], ["offline", 0]);
    rig.store.actions.send("said offline");
    await rig.settle();
    assert.deepEqual(rig.lines().slice(1), ["mina: said offline (queued)"]);
    rig.host.environment.advance(3600_000);
    rig.host.attend(false);
    assert.equal(connections.length, 1, "nothing is tried");

    rig.host.setNetwork(true);
    assert.equal(connections.length, 2);
    welcome(rig.server);
    await rig.settle();
    assert.deepEqual(rig.lines().slice(1), ["mina: said offline"]);
    assert.equal(rig.store.slices.connection.get().phase, "online");
    assert.equal(rig.server.asksOf("PUBLISH_REQUEST").length, 1);
  });

  it("believes a person more than the browser", async () => {
    const rig = await openSignedIn();
    rig.host.setNetwork(false);
    rig.server.connection.end();
    rig.store.actions.retryNow();
    await rig.settle();
    assert.equal(rig.store.slices.connection.get().phase, "offline", "an attempt is no news");
    welcome(rig.server);
    await rig.settle();
    assert.equal(rig.store.slices.connection.get().phase, "online");
  });

  it("shows what failed with its reason, and tries it again with the same id", async () => {
    const rig = await openSignedIn();
    rig.server.refusals.set(PacketType.PUBLISH_REQUEST, [{ code: ErrorCode.SLOW_MODE, retryAfterMs: 9000 }]);
    rig.store.actions.send("too soon");
    await rig.settle();
    const [failed] = rig.messages();
    assert.equal(failed?.state, "failed");
    assert.equal(failed?.failure?.code, "SLOW_MODE");
    assert.equal(failed?.failure?.retryAtMs, rig.host.environment.clock.wallMs() + 9000);
    assert.equal(rig.store.slices.composer.get()?.waitUntilMs, failed?.failure?.retryAtMs);
    rig.host.environment.advance(9000);
    await rig.settle();
    assert.equal(rig.store.slices.composer.get()?.waitUntilMs, 0);
    rig.store.actions.retry(failed?.key ?? "");
    await rig.settle();
    assert.deepEqual(
      rig.messages().map(({ state, text }) => [state, text]),
      [["sent", "too soon"]],
    );
    const ids = rig.server.asksOf("PUBLISH_REQUEST").map(({ clientMessageId }) => clientMessageId);
    assert.equal(new Set(ids).size, 1);
    assert.equal(ids.length, 2);
  });

  it("a mute is told, and over when it is taken back or its time has come", async () => {
    const rig = await openSignedIn();
    const block = () => rig.store.slices.composer.get()?.block;
    const codes = () => rig.store.slices.notices.get().map(({ code, params }) => [code, params.detail]);
    const untilMs = rig.host.environment.clock.wallMs() + 60_000;
    rig.server.connection.deliver(PacketType.MUTED_NOTICE, { by: "ada" });
    await rig.settle();
    assert.deepEqual(block(), { reason: "muted", untilMs: 0, mayTry: true });
    rig.server.connection.deliver(PacketType.MUTED_NOTICE, { lifted: true, by: "ada" });
    await rig.settle();
    assert.equal(block(), undefined);
    assert.equal(codes().at(-1)?.[0], "unmuted");

    const mute = { room: "lobby", roomId: 1, untilMs: BigInt(untilMs), reason: "loud", by: "ada" };
    rig.server.connection.deliver(PacketType.MUTED_NOTICE, mute);
    await rig.settle();
    assert.deepEqual(block(), { reason: "muted", untilMs, mayTry: true });
    assert.deepEqual(codes().at(-1), ["muted", "loud"]);
    rig.host.environment.advance(60_000);
    await rig.settle();
    assert.equal(block(), undefined);
  });

  it("a mute that was lifted while nobody could be told is over with the next message", async () => {
    const rig = await openSignedIn();
    const untilMs = rig.host.environment.clock.wallMs() + 3600_000;
    rig.server.refusals.set(PacketType.PUBLISH_REQUEST, [
      { code: ErrorCode.MUTED, retryAfterMs: 3600_000 },
      { code: ErrorCode.MUTED },
    ]);
    rig.store.actions.send("unheard");
    await rig.settle();
    assert.deepEqual(rig.store.slices.composer.get()?.block, { reason: "muted", untilMs, mayTry: true });
    rig.store.actions.send("still unheard");
    await rig.settle();
    assert.deepEqual(rig.store.slices.composer.get()?.block, { reason: "muted", untilMs: 0, mayTry: true });
    rig.store.actions.send("heard");
    await rig.settle();
    assert.equal(rig.store.slices.composer.get()?.block, undefined);
  });

  it("discards what failed", async () => {
    const rig = await openSignedIn();
    rig.server.refusals.set(PacketType.PUBLISH_REQUEST, [{ code: ErrorCode.MUTED, retryAfterMs: 60_000 }]);
    rig.store.actions.send("unheard");
    await rig.settle();
    assert.equal(rig.store.slices.composer.get()?.block?.reason, "muted");
    rig.store.actions.discard(rig.messages()[0]?.key ?? "");
    await rig.settle();
    assert.deepEqual(rig.lines(), []);
    rig.host.environment.advance(60_000);
    await rig.settle();
    assert.equal(rig.store.slices.composer.get()?.block, undefined);
  });

  it("edits, deletes and reacts, and shows it before the server has answered", async () => {
    const rig = await openSignedIn();
    rig.store.actions.send("helo");
    rig.server.say(1, "jun", "hi");
    await rig.settle();
    rig.server.silent.add(PacketType.EDIT_MESSAGE_REQUEST).add(PacketType.REACT_REQUEST);
    rig.store.actions.startEditLast();
    assert.equal(rig.store.slices.composer.get()?.mode, "edit");
    assert.equal(rig.store.slices.composer.get()?.text, "helo");
    rig.store.actions.send("hello");
    const own = rig.messages().find(({ isOwn }) => isOwn);
    assert.equal(rig.store.slices.composer.get()?.mode, "new");
    assert.equal(own?.isChanging, true);
    assert.equal(own?.text, "hello");
    void rig.store.actions.react(own.offset, "👍");
    await rig.settle();
    assert.deepEqual(rig.messages().find(({ isOwn }) => isOwn)?.reactions, [
      { emoji: "👍", count: 1, mine: true },
    ]);
    rig.server.silent.clear();
    await rig.settle();
    const edited = rig.messages().find(({ isOwn }) => isOwn);
    assert.equal(edited?.edited, true);
    assert.equal(edited?.isChanging, false);
    assert.deepEqual(edited?.reactions, [{ emoji: "👍", count: 1, mine: true }]);
    void rig.store.actions.react(own.offset, "👍");
    await rig.settle();
    assert.deepEqual(rig.messages().find(({ isOwn }) => isOwn)?.reactions, []);
    void rig.store.actions.remove(own.offset);
    await rig.settle();
    assert.ok(rig.lines().includes("mina: (deleted) (edited)"));
  });

  it("takes back what was refused, and says so", async () => {
    const rig = await openSignedIn();
    rig.store.actions.send("mine");
    await rig.settle();
    const [own] = rig.messages();
    rig.server.refusals.set(PacketType.EDIT_MESSAGE_REQUEST, [
      { code: ErrorCode.TEXT_REFUSED, detail: "not so" },
    ]);
    const outcome = rig.store.actions.edit(own?.offset ?? 0, "bad word");
    await rig.settle();
    assert.equal((await outcome).ok, false);
    assert.equal(rig.messages()[0]?.text, "mine");
    const [notice] = rig.store.slices.notices.get();
    assert.equal(notice?.code, "failed");
    assert.equal(notice?.failure?.code, "TEXT_REFUSED");
    assert.equal(notice?.failure?.detail, "not so");
    rig.store.actions.dismissNotice(notice.id);
    await rig.settle();
    assert.deepEqual(rig.store.slices.notices.get(), []);
  });

  it("shows what a message answers, and looks it up when it is not there", async () => {
    const rig = openRig();
    const lobby = rig.server.room(1);
    for (let count = 0; count < 300; count++) rig.server.append(lobby, "jun", `line ${count + 1}`);
    rig.server.append(lobby, "ada", "an answer", { replyTo: 2 });
    const done = rig.store.actions.login({ name: "mina", password: "correct horse", remember: true });
    welcome(rig.server);
    await done;
    rig.store.actions.openPlace(rig.store.slices.sideList.get().rooms[0]?.key ?? "r1");
    await rig.settle();
    const answer = rig.messages().at(-1);
    assert.deepEqual(answer?.replyTo, { offset: 2, sender: "jun", excerpt: "line 2", state: "known" });
    rig.store.actions.startReply(answer.offset);
    assert.equal(rig.store.slices.composer.get()?.replyingTo?.excerpt, "an answer");
    rig.store.actions.send("and another");
    await rig.settle();
    assert.equal(rig.server.asksOf("PUBLISH_REQUEST")[0]?.replyTo, 301n);
    assert.equal(rig.messages().at(-1)?.replyTo?.sender, "ada");
    assert.equal(rig.store.slices.composer.get()?.replyingTo, undefined);
  });

  it("is thrown out with the reason, and does not come back by itself", async () => {
    for (const [code, why] of [
      [DisconnectCode.KICKED, "kicked"],
      [DisconnectCode.BANNED, "banned"],
      [DisconnectCode.TOKEN_REVOKED, "tokenRevoked"],
    ] as const) {
      const rig = await openSignedIn();
      rig.server.connection.disconnect(code, why === "banned" ? 60_000 : 0);
      await rig.settle();
      const { phase, end, me } = rig.store.slices.session.get();
      assert.equal(phase, "signedOut");
      assert.equal(me, undefined);
      assert.equal(end?.why, why);
      assert.equal(end?.detail, "said so");
      assert.equal(end?.untilMs, why === "banned" ? rig.host.environment.clock.wallMs() + 60_000 : 0);
      assert.equal(rig.host.lasting.get("portico.session") === undefined, why === "tokenRevoked");
      assert.equal(rig.store.slices.timeline.get(), undefined);
      rig.host.environment.advance(1000);
      assert.equal(rig.host.environment.timerCount, 0);
    }
  });

  it("says that the server stops and will be back", async () => {
    const rig = await openSignedIn();
    rig.server.connection.disconnect(DisconnectCode.SHUTDOWN, 4000);
    await rig.settle();
    const { phase, isDraining, retryAtMs } = rig.store.slices.connection.get();
    assert.equal(phase, "waiting");
    assert.equal(isDraining, true);
    assert.ok(retryAtMs >= rig.host.environment.clock.wallMs() + 4000);
    assert.equal(rig.store.slices.session.get().phase, "signedIn");
  });

  it("does not wait when the network is back", async () => {
    const rig = await openSignedIn();
    rig.host.setNetwork(false);
    rig.server.connection.end("network");
    await rig.settle();
    assert.equal(rig.store.slices.connection.get().phase, "offline");
    const { length } = rig.server.transport.connections;
    rig.host.setNetwork(true);
    assert.equal(rig.server.transport.connections.length, length + 1);
    await rig.settle();
    assert.equal(rig.store.slices.connection.get().phase, "connecting");
  });

  it("changes no snapshot but those of what has changed", async () => {
    const rig = await openSignedIn();
    rig.server.say(1, "jun", "one");
    await rig.settle();
    const before = {
      side: rig.store.slices.sideList.get(),
      place: rig.store.slices.place.get(),
      composer: rig.store.slices.composer.get(),
      connection: rig.store.slices.connection.get(),
      items: rig.store.slices.timeline.get()?.items ?? [],
    };
    let renders = 0;
    rig.store.slices.timeline.subscribe(() => renders++);
    for (let count = 0; count < 200; count++) rig.server.say(1, "jun", `more ${count}`);
    rig.host.frame();
    assert.equal(renders, 1, "200 messages in one frame are one render");
    const items = rig.store.slices.timeline.get()?.items ?? [];
    assert.equal(items.length, before.items.length + 200);
    for (const [index, item] of before.items.entries()) assert.equal(items[index], item);
    assert.equal(rig.store.slices.place.get(), before.place);
    assert.equal(rig.store.slices.connection.get(), before.connection);
    await rig.settle();
    assert.equal(rig.store.slices.connection.get(), before.connection);
  });
});
