import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { RoomAccess } from "../../src/protocol/generated/portico/v1/portico_pb.js";
import { ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import { parseSocketAddress } from "../../src/engine/index.ts";
import { ChatTestClient, DEADLINE_MS } from "../support/chat-test-client.ts";
import { CliBench } from "../support/cli-process.ts";
import { autoBackend } from "../support/test-ports.ts";

async function until(isSo: () => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  while (!isSo()) {
    if (deadline.aborted) throw new Error(`it did not become so: ${String(isSo)}`);
    await wait(20);
  }
}

async function serve(test: TestContext, flags: readonly string[]) {
  const bench = new CliBench(test);
  const log = join(bench.directory, "portico.log");
  const started = await bench.serve("127.0.0.1:0", ["--log-file", log, ...flags]);
  const token = readFileSync(join(bench.directory, "data", "admin-token"), "utf8").trim();
  const admin = (path: string, body: object, bearer = token): Promise<Response> =>
    fetch(`http://${started.http}/api/admin/${path}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${bearer}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  return { bench, log, ...started, token, admin };
}

describe(`the log of portico serve on ${autoBackend}`, () => {
  it("has no password, token, invitation or text of a message, at any level", async (test) => {
    const flags = ["--log-level", "trace", "--limits-invalid-packets", "1000"];
    const { server, address, http, log, token, admin } = await serve(test, flags);
    const secrets = {
      password: "the-secret-password",
      wrong: "a-wrong-password-tried",
      changed: "another-secret-password",
      room: "the-secret-of-a-room",
      message: "words-said-in-the-lobby",
      edited: "words-put-in-their-place",
      whisper: "words-for-one-alone",
      search: "words-looked-for",
      guess: "a-guessed-admin-token",
      jwt: "a-web-token.that-is.wrong",
      guestKey: "the-key-of-a-guest-01",
      badToken: "a-resume-token-that-is-wrong",
    };
    const at = parseSocketAddress(address);
    const registrar = await ChatTestClient.connect(at);
    await registrar.register("mina", secrets.password);
    await registrar.register("joon", secrets.password);
    await registrar.login("mina", secrets.wrong);
    registrar.destroy();
    const mina = await ChatTestClient.connect(at);
    const login = await mina.login("mina", secrets.password);
    assert.equal(login.code, ErrorCode.OK);
    const joon = await ChatTestClient.connect(at);
    await joon.login("joon", secrets.password);
    const said = await mina.publish(mina.lobbyId, secrets.message);
    await joon.take(PacketType.MESSAGE_NOTICE);
    await mina.request(PacketType.EDIT_MESSAGE_REQUEST, {
      roomId: mina.lobbyId,
      offset: said.offset,
      clientMessageId: "edit",
      text: secrets.edited,
    });
    await mina.whisper("joon", secrets.whisper);
    await mina.request(PacketType.SEARCH_REQUEST, { query: secrets.search, limit: 10 });
    await mina.request(PacketType.CREATE_ROOM_REQUEST, {
      name: "den",
      access: RoomAccess.PASSWORD,
      password: secrets.room,
    });
    await joon.request(PacketType.JOIN_ROOM_REQUEST, { name: "den", password: `${secrets.room}-not` });
    await joon.request(PacketType.JOIN_ROOM_REQUEST, { name: "den", password: secrets.room });
    await joon.publish(99, secrets.message);
    await joon.publish(joon.lobbyId, `${secrets.message}\u0000`);
    await mina.request(PacketType.CHANGE_PASSWORD_REQUEST, {
      oldPassword: secrets.password,
      newPassword: secrets.changed,
    });
    const stranger = await ChatTestClient.connect(at);
    await stranger.logIn({ credential: { case: "resumeToken", value: Buffer.from(secrets.badToken) } });
    await stranger.logIn({ credential: { case: "jwt", value: secrets.jwt } });
    await stranger.loginGuest("sora", Buffer.from(secrets.guestKey));
    stranger.destroy();
    assert.equal((await admin("lockdown", { level: 0 }, secrets.guess)).status, 401);
    const invitation = (await (await admin("invitations", {})).json()) as { code: string };
    await admin("log-level", { level: "trace" });
    await fetch(`http://${http}/api/admin/overview?token=${secrets.guess}`);
    mina.destroy();
    joon.destroy();
    server.kill();
    const { stdout, stderr } = await server.exited;
    const written = `${readFileSync(log, "utf8")}${stderr}`;
    assert.ok(written.includes("session ended"), "the level was trace");
    assert.ok(written.includes("mina"), "names are no secret");
    const resume = Buffer.from(login.resumeToken);
    const all = {
      ...secrets,
      token,
      invitation: invitation.code,
      resumeHex: resume.toString("hex"),
      resumeBase64: resume.toString("base64url"),
      badTokenHex: Buffer.from(secrets.badToken).toString("hex"),
    };
    for (const [name, secret] of Object.entries(all)) {
      assert.ok(secret.length >= 8, name);
      assert.ok(!written.includes(secret), `${name} is in the log`);
      if (name !== "token") assert.ok(!stdout.includes(secret), `${name} is printed`);
    }
    for (const line of readFileSync(log, "utf8").trim().split("\n")) JSON.parse(line);
  });

  it("follows the level that is set while it runs", async (test) => {
    const { address, log, admin } = await serve(test, ["--log-level", "error"]);
    const visit = async (): Promise<void> => {
      const client = await ChatTestClient.connect(parseSocketAddress(address));
      await client.register("mina", "correct horse battery");
      client.destroy();
    };
    await visit();
    assert.equal(readFileSync(log, "utf8"), "");
    assert.equal((await admin("log-level", { level: "debug" })).status, 200);
    await visit();
    await until(() => readFileSync(log, "utf8").includes("session ended"));
    assert.match(readFileSync(log, "utf8"), /an administrator set the log level/);
  });

  it("goes on in a new file at SIGHUP, and in numbered ones when it grows", async (test) => {
    const { server, log, admin } = await serve(test, ["--log-max-bytes", "64KiB", "--log-keep", "2"]);
    await admin("log-level", { level: "info" });
    await until(() => readFileSync(log, "utf8").includes("log level"));
    renameSync(log, `${log}.moved`);
    server.kill("SIGHUP");
    await until(() => existsSync(log));
    await admin("log-level", { level: "info" });
    await until(() => readFileSync(log, "utf8").includes("log level"));
    assert.match(
      readFileSync(`${log}.moved`, "utf8") + readFileSync(log, "utf8"),
      /settings were read again/,
    );
    // 64 KiB of lines of about 110 bytes.
    for (let line = 0; line < 700; line++) await admin("log-level", { level: "info" });
    await until(() => existsSync(`${log}.1`));
    server.kill();
    assert.equal((await server.exited).code, 0);
    assert.ok(!existsSync(`${log}.3`));
  });

  it("says in one line that the file cannot be opened", async (test) => {
    const bench = new CliBench(test);
    const flags = ["--http", "127.0.0.1:0", "--packets", "127.0.0.1:0", "--data", "data"];
    const { code, stderr } = await bench.run(["serve", "--log-file", "/nonexistent/x.log", ...flags]);
    assert.equal(code, 1);
    assert.match(stderr, /^portico: the log file \/nonexistent\/x\.log cannot be opened: .*\n$/);
  });

  it("is for people when told so", async (test) => {
    const { log, admin, server } = await serve(test, ["--log-format", "pretty"]);
    await admin("log-level", { level: "info" });
    server.kill();
    await server.exited;
    assert.match(
      readFileSync(log, "utf8"),
      /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: an administrator set the log level \{/,
    );
  });
});
