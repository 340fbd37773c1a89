import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorCode, PacketType } from "../protocol/codes.ts";
import { ChatError } from "./chat-error.ts";
import { type ClientRig, CREDENTIALS, openOnline, openRig, reconnect } from "./testing/client-rig.ts";
import { LOBBY } from "./testing/scripted-server.ts";

const TOKEN = new Uint8Array(32).fill(0xab);
const TOKEN_HEX = "ab".repeat(32);

function tokens({ told }: ClientRig): (string | undefined)[] {
  return told.flatMap((event) => (event.type === "token" ? [event.token] : []));
}

describe("tokens", () => {
  it("are told, and used for the next login", async () => {
    const rig = openRig();
    const connected = rig.client.connect(CREDENTIALS, { label: "laptop" });
    rig.server.current.greet();
    const first = rig.server.current.acceptLogin(LOBBY, {
      resumeToken: TOKEN,
      resumeTokenExpiresMs: 99,
      user: { id: 7n, name: "mina", displayName: "Mina", isAdmin: true },
    });
    assert.equal(first.label, "laptop");
    assert.deepEqual(await connected, {
      user: "mina",
      displayName: "Mina",
      isGuest: false,
      isAdmin: true,
      lobby: rig.client.rooms[0],
    });
    assert.equal(rig.client.token, TOKEN_HEX);
    assert.deepEqual(
      rig.told.find(({ type }) => type === "token"),
      { type: "token", token: TOKEN_HEX, expiresMs: 99 },
    );
    reconnect(rig);
    rig.server.current.greet();
    const { credential } = rig.server.current.acceptLogin();
    assert.deepEqual(credential, { case: "resumeToken", value: TOKEN });
    assert.deepEqual(tokens(rig), [TOKEN_HEX]);
  });

  it("give way to the password when they are not taken any more", async () => {
    const rig = openRig();
    const connected = rig.client.connect({ ...CREDENTIALS, token: TOKEN_HEX });
    rig.server.current.greet();
    rig.server.current.refuseLogin(ErrorCode.TOKEN_INVALID);
    const { credential } = rig.server.current.acceptLogin();
    assert.deepEqual(credential, { case: "password", value: "correct horse" });
    await connected;
    assert.deepEqual(tokens(rig), [undefined]);
    assert.equal(rig.client.token, undefined);
  });

  it("alone end the client when they are not taken", async () => {
    const rig = openRig();
    const connected = rig.client.connect({ token: TOKEN_HEX });
    rig.server.current.greet();
    rig.server.current.refuseLogin(ErrorCode.TOKEN_INVALID);
    rig.server.current.end();
    await assert.rejects(connected, (error) => error instanceof ChatError && error.code === "TOKEN_INVALID");
    assert.equal(rig.client.state.name, "closed");
  });

  it("must look like tokens", async () => {
    await assert.rejects(openRig().client.connect({ token: "no" }), TypeError);
  });

  it("are revoked and forgotten when the client is closed for good", async () => {
    const rig = openRig();
    const connected = rig.client.connect({ name: "mina", token: TOKEN_HEX });
    rig.server.current.welcome();
    await connected;
    const closed = rig.client.close({ forget: true });
    assert.equal(rig.server.current.take(PacketType.LOGOUT_REQUEST).body.forget, true);
    rig.server.current.end();
    await closed;
    assert.equal(rig.client.token, undefined);
  });

  it("of one user are not another's, nor are the rooms", async () => {
    const rig = await openOnline();
    void rig.client.close();
    rig.server.current.end();
    const connected = rig.client.connect({ name: "sora", password: "another" });
    rig.server.current.greet();
    const { credential, lobby } = rig.server.current.acceptLogin(LOBBY, { user: { id: 8n, name: "sora" } });
    assert.deepEqual([credential.case, lobby], ["password", undefined]);
    await connected;
  });
});

describe("other credentials", () => {
  it("a JSON Web Token", async () => {
    const rig = openRig();
    const connected = rig.client.connect({ jwt: "a.b.c" });
    rig.server.current.greet();
    const { credential } = rig.server.current.acceptLogin();
    assert.deepEqual(credential, { case: "jwt", value: "a.b.c" });
    await connected;
  });

  it("an invitation, to register", () => {
    const rig = openRig();
    void rig.client.connect(CREDENTIALS, { register: true, invitationCode: "come-in" });
    rig.server.current.greet();
    assert.equal(rig.server.current.take(PacketType.REGISTER_REQUEST).body.invitationCode, "come-in");
  });

  it("a changed password, the next time", async () => {
    const rig = await openOnline();
    const changed = rig.client.changePassword("correct horse", "battery staple");
    const { requestId } = rig.server.current.take(PacketType.CHANGE_PASSWORD_REQUEST).body;
    rig.server.current.deliver(PacketType.CHANGE_PASSWORD_RESPONSE, { requestId });
    await changed;
    reconnect(rig);
    rig.server.current.greet();
    const { credential } = rig.server.current.acceptLogin();
    assert.deepEqual(credential, { case: "password", value: "battery staple" });
  });
});
