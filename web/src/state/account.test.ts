import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorCode, PacketType } from "../../../src/protocol/codes.ts";
import { FakeTextStore } from "./testing/fake-host.ts";
import { PageServer } from "./testing/page-server.ts";
import { openRig, openSignedIn, type StateRig, welcome } from "./testing/state-rig.ts";

async function signIn(rig: StateRig, remember: boolean): Promise<void> {
  const done = rig.store.actions.login({ name: "mina", password: "correct horse", remember });
  welcome(rig.server);
  await done;
  await rig.settle();
}

function credentialOf(rig: StateRig): string | undefined {
  const { credential } = rig.server.asksOf("LOGIN_REQUEST").at(-1) as { credential?: { case?: string } };
  return credential?.case;
}

describe("signing in", () => {
  it("keeps a token on the device or in the tab alone, and never the password", async () => {
    for (const remember of [true, false]) {
      const rig = openRig();
      await signIn(rig, remember);
      assert.equal(rig.host.lasting.get("portico.session") !== undefined, remember);
      assert.ok(rig.host.ofTab.get("portico.session") !== undefined);
      const kept = [...rig.host.lasting.texts.values(), ...rig.host.ofTab.texts.values()].join(" ");
      assert.doesNotMatch(kept, /horse/);
      assert.equal(rig.store.slices.session.get().lastName, remember ? "mina" : "");
    }
  });

  it("takes up the kept session when the page is loaded again", async () => {
    const first = openRig();
    await signIn(first, true);
    const rig = openRig({ seed: 2, lasting: first.host.lasting });
    rig.store.start();
    await rig.settle();
    assert.equal(rig.store.slices.session.get().phase, "starting");
    welcome(rig.server);
    await rig.settle();
    assert.equal(rig.store.slices.session.get().phase, "signedIn");
    assert.equal(credentialOf(rig), "resumeToken");
  });

  it("says that the kept session is over, and forgets it", async () => {
    const first = openRig();
    await signIn(first, true);
    const rig = openRig({ seed: 2, lasting: first.host.lasting });
    rig.store.start();
    rig.server.connection.greet();
    rig.server.connection.refuseLogin(ErrorCode.TOKEN_INVALID);
    rig.server.connection.end();
    await rig.settle();
    const { phase, end } = rig.store.slices.session.get();
    assert.equal(phase, "signedOut");
    assert.equal(end?.why, "tokenInvalid");
    assert.equal(first.host.lasting.get("portico.session"), undefined);
  });

  it("gives up waiting for a server when the user wants to", async () => {
    const rig = openRig();
    const done = rig.store.actions.login({ name: "mina", password: "correct horse", remember: true });
    rig.server.connection.end("connect: ECONNREFUSED");
    await rig.settle();
    assert.equal(rig.store.slices.session.get().phase, "signingIn");
    assert.equal(rig.store.slices.connection.get().lastError, "connect: ECONNREFUSED");
    rig.store.actions.logout();
    const outcome = await done;
    assert.equal(outcome.ok ? "" : outcome.failure.code, "CLOSED");
    await rig.settle();
    assert.equal(rig.store.slices.session.get().phase, "signedOut");
    assert.equal(rig.host.environment.timerCount, 0);
  });

  it("lets one attempt at a time", async () => {
    const rig = openRig();
    void rig.store.actions.login({ name: "mina", password: "correct horse", remember: true });
    const second = await rig.store.actions.guest({ name: "mina" });
    assert.equal(second.ok ? "" : second.failure.code, "BUSY");
    assert.equal(rig.server.transport.connections.length, 1);
  });

  it("comes back as the same guest in the same tab, into the same rooms", async () => {
    const rig = openRig();
    const done = rig.store.actions.guest({ name: "mina" });
    welcome(rig.server, { isGuest: true });
    await done;
    await rig.settle();
    await Promise.all([rig.store.actions.join("den"), rig.settle()]);
    assert.equal(rig.host.lasting.get("portico.session"), undefined);
    const { credential } = rig.server.asksOf("LOGIN_REQUEST")[0] as { credential?: { value?: Uint8Array } };
    const again = openRig({ seed: 3, server: new PageServer() });
    for (const [name, text] of rig.host.ofTab.texts) again.host.ofTab.set(name, text);
    again.store.start();
    welcome(again.server, { isGuest: true });
    await again.settle();
    const login = again.server.asksOf("LOGIN_REQUEST")[0] as { credential?: { value?: Uint8Array } };
    assert.deepEqual(login.credential?.value, credential?.value);
    assert.deepEqual(
      again.store.slices.sideList.get().rooms.map(({ name }) => name),
      ["lobby", "den"],
    );
    again.store.actions.openPlace(again.store.slices.sideList.get().rooms[0]?.key);
    again.server.say(1, "jun", "hi");
    await again.settle();
    again.store.actions.markVisible(1);
    again.host.environment.advance(3000);
    await again.settle();
    assert.deepEqual(again.server.asksOf("MARK_READ_REQUEST"), [], "guests have no markers");
    assert.equal(again.store.slices.sideList.get().rooms[0]?.unreadCount, 0);
  });
});

describe("signing out", () => {
  it("revokes the token and leaves nothing running", async () => {
    const rig = await openSignedIn();
    rig.store.actions.setDraft("half a");
    rig.store.actions.logout();
    await rig.settle();
    assert.equal(rig.store.slices.session.get().phase, "signedOut");
    assert.equal(rig.store.slices.session.get().end, undefined);
    assert.equal(rig.server.asksOf("LOGOUT_REQUEST")[0]?.forget, true);
    assert.equal(rig.host.lasting.get("portico.session"), undefined);
    rig.server.connection.end();
    rig.host.environment.advance(1000);
    await rig.settle();
    assert.equal(rig.host.environment.timerCount, 0);
    assert.equal(rig.host.title, "Portico");
  });
});

describe("tabs", () => {
  it("stay with their own user when another signs in elsewhere", async () => {
    const device = new FakeTextStore();
    const mina = await openSignedIn({ lasting: device });
    const jun = openRig({ seed: 5, lasting: device });
    const done = jun.store.actions.login({ name: "jun", password: "correct horse", remember: true });
    jun.server.connection.greet();
    jun.server.connection.acceptLoginOnly(jun.server.state(jun.server.room(1)), {
      user: { id: 8n, name: "jun" },
      resumeToken: new Uint8Array(16).fill(0xcd),
    });
    await done;
    await jun.settle();
    assert.match(device.get("portico.session") ?? "", /cdcd/);
    assert.match(mina.host.ofTab.get("portico.session") ?? "", /abab/);
    // mina leaves: the device keeps jun.
    mina.store.actions.logout();
    assert.match(device.get("portico.session") ?? "", /cdcd/);
  });

  it("keep each other's drafts", async () => {
    const device = new FakeTextStore();
    const one = await openSignedIn({ lasting: device, seed: 1 });
    const other = await openSignedIn({ lasting: device, seed: 2 });
    one.store.actions.setDraft("from one");
    one.host.environment.advance(1000);
    await Promise.all([other.store.actions.join("den"), other.settle()]);
    other.store.actions.setDraft("from the other");
    other.host.environment.advance(1000);
    const third = await openSignedIn({ lasting: device, seed: 3 });
    assert.equal(third.store.slices.composer.get()?.text, "from one");
    await Promise.all([third.store.actions.join("den"), third.settle()]);
    assert.equal(third.store.slices.composer.get()?.text, "from the other");
    assert.equal(
      third.store.slices.sideList.get().rooms.find(({ name }) => name === "lobby")?.hasDraft,
      true,
    );
    third.store.actions.send("sent");
    await third.settle();
    third.host.environment.advance(1000);
    assert.equal(device.get("portico.drafts.mina")?.includes("the other"), false);
  });

  it("take what others wrote into the store for what it is", async () => {
    const device = new FakeTextStore();
    for (const junk of ["", "{", "null", "[1]", '{"name":3}', '{"name":"x","token":"zz"}', '{"a":["b"]}']) {
      device.set("portico.session", junk);
      device.set("portico.drafts.mina", junk);
      const rig = openRig({ lasting: device });
      rig.store.start();
      await rig.settle();
      assert.equal(rig.store.slices.session.get().phase, "signedOut", junk);
      const signedIn = await openSignedIn({ lasting: device });
      assert.equal(signedIn.store.slices.composer.get()?.text, "");
    }
  });
});

describe("the account", () => {
  it("tells forms what was refused, and when to try again", async () => {
    const rig = await openSignedIn();
    rig.server.refusals.set(PacketType.CHANGE_PASSWORD_REQUEST, [
      { code: ErrorCode.RATE_LIMITED, retryAfterMs: 5000, detail: "too many" },
    ]);
    const outcome = rig.store.actions.changePassword("old", "new password");
    await rig.settle();
    assert.deepEqual(await outcome, {
      ok: false,
      failure: {
        code: "RATE_LIMITED",
        detail: "too many",
        retryAtMs: rig.host.environment.clock.wallMs() + 5000,
      },
    });
    const done = rig.store.actions.changePassword("old", "new password");
    await rig.settle();
    assert.deepEqual(await done, { ok: true });
    assert.equal(rig.store.slices.notices.get()[0]?.code, "passwordChanged");
    rig.host.environment.advance(10_000);
    await rig.settle();
    assert.deepEqual(rig.store.slices.notices.get(), []);
  });

  it("blocks, and says so in the conversation", async () => {
    const rig = await openSignedIn();
    rig.store.actions.openDirect("jun");
    await Promise.all([rig.store.actions.block("Jun"), rig.settle()]);
    await rig.settle();
    assert.equal(rig.store.slices.place.get()?.isBlocked, true);
    assert.equal(rig.store.slices.composer.get()?.block?.reason, "blocked");
    await Promise.all([rig.store.actions.unblock("jun"), rig.settle()]);
    await rig.settle();
    assert.equal(rig.store.slices.composer.get()?.block, undefined);
  });

  it("does nothing that needs a user when there is none", async () => {
    const rig = openRig();
    assert.deepEqual(await rig.store.actions.join("team"), { ok: true });
    assert.deepEqual(await rig.store.actions.sessions(), { tokens: [], failure: undefined });
    assert.equal(rig.store.actions.send("x"), false);
    rig.store.actions.openDirect("jun");
    rig.store.actions.search("x", "here");
    await rig.settle();
    assert.equal(rig.store.slices.session.get().phase, "signedOut");
  });
});

describe("choices", () => {
  it("follow the browser until something is chosen, and last", async () => {
    const device = new FakeTextStore();
    const rig = openRig({ lasting: device });
    assert.deepEqual(rig.store.slices.preferences.get(), {
      language: "en",
      theme: "system",
      notifications: "off",
    });
    rig.host.languages = ["de", "ko-KR", "en"];
    rig.store.actions.setTheme("dark");
    await rig.settle();
    assert.deepEqual(rig.store.slices.preferences.get(), {
      language: "ko",
      theme: "dark",
      notifications: "off",
    });
    rig.store.actions.setLanguage("en");
    await rig.settle();
    const later = openRig({ lasting: device });
    later.host.languages = ["ko"];
    later.host.permission = "denied";
    later.host.attend(true);
    await later.settle();
    assert.deepEqual(later.store.slices.preferences.get(), {
      language: "en",
      theme: "dark",
      notifications: "denied",
    });
  });
});
