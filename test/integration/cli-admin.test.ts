import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { CliBench, type CliExit } from "../support/cli-process.ts";
import { autoBackend } from "../support/test-ports.ts";

const password = { PORTICO_PASSWORD: "correct horse battery" };

async function done(running: Promise<CliExit>): Promise<string> {
  const { code, stdout, stderr } = await running;
  assert.equal(code, 0, stderr);
  return stdout;
}

/** The directory that `CliBench.serve` keeps its data in. */
const data = ["--data", "data"];

function bench(test: TestContext): CliBench {
  return new CliBench(test);
}

describe(`portico user, room, audit, on ${autoBackend}`, () => {
  it("work on the data alone and, the same, with a server that runs", async (test) => {
    const shell = bench(test);
    assert.match(
      await done(shell.run(["user", "add", "root", "--admin", ...data], password)),
      /root can log in/,
    );
    const { server, address } = await shell.serve();
    assert.match(await done(shell.run(["user", "add", "joon", ...data], password)), /joon can log in/);
    const listed = JSON.parse(await done(shell.run(["user", "list", "--json", ...data]))) as {
      name: string;
    }[];
    assert.deepEqual(
      listed.map(({ name }) => name),
      ["joon", "root"],
    );
    const joon = await shell.chat(address, "joon", [], password);
    await done(shell.run(["user", "ban", "joon", "--for", "1h", "--reason", "enough", ...data]));
    await joon.line(/BANNED/);
    assert.match(await done(shell.run(["sanctions", ...data])), /joon\s+ban\s+\d{4}-.*\(console\)\s+enough/);
    await done(shell.run(["user", "unban", "joon", ...data]));
    await done(shell.run(["lockdown", "no-new-accounts", ...data]));
    const invitation = await done(shell.run(["invite", "--uses", "2", ...data]));
    assert.match(invitation, /^[2-9a-z]{4}(-[2-9a-z]{4}){3} {3}good until \d{4}-/);
    server.kill();
    assert.equal((await server.exited).code, 0);
    assert.ok(!existsSync(join(shell.directory, "data", "control.json")));
    const audit = JSON.parse(await done(shell.run(["audit", "--json", ...data]))) as { action: string }[];
    assert.deepEqual(audit.map(({ action }) => action).slice(0, 4), [
      "invitation.create",
      "server.lockdown",
      "user.unban",
      "user.ban",
    ]);
  });

  it("change and export a room", async (test) => {
    const shell = bench(test);
    const { address } = await shell.serve("127.0.0.1:0", ["--set", "login.guests=true"]);
    const mina = await shell.chat(address, "mina", ["--guest"]);
    mina.type("안녕하세요");
    mina.type("line two");
    await mina.line(/line two/);
    await done(shell.run(["room", "set", "lobby", "topic=what it is about", ...data]));
    assert.match(await done(shell.run(["room", "list", ...data])), /lobby\s+logged.*what it is about/);
    const lines = (await done(shell.run(["room", "export", "lobby", ...data]))).trim().split("\n");
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { text: string }).text),
      ["안녕하세요", "line two"],
    );
    await done(shell.run(["room", "export", "lobby", "lobby.jsonl", ...data]));
    assert.equal(readFileSync(join(shell.directory, "lobby.jsonl"), "utf8").trim().split("\n").length, 2);
    const again = await shell.run(["room", "export", "lobby", "lobby.jsonl", ...data]);
    assert.deepEqual([again.code, again.stdout], [1, ""]);
  });

  it("say what is wrong, with the exit code that fits (no port)", async (test) => {
    const shell = bench(test);
    await done(shell.run(["user", "add", "root", ...data], password));
    const cases: [readonly string[], number, RegExp][] = [
      [["user", "list", "--data", "nowhere"], 1, /nowhere has no Portico data/],
      [["user", "show", "nobody", ...data], 1, /there is no user nobody/],
      [["user", "ban", "nobody", ...data], 1, /USER_NOT_FOUND/],
      [["user", "ban", "root", "--for", "soon", ...data], 2, /a duration such as/],
      [["user", "kick", "root", ...data], 1, /no server runs/],
      [["room", "set", "lobby", "tpic=x", ...data], 2, /did you mean topic\?/],
      [["room", "set", "lobby", "slowReader=sometimes", ...data], 2, /disconnect or skipToLatest/],
      [["lockdown", "total", ...data], 2, /expected none, no-new-accounts/],
      [["address", "ban", "300.1.1.1", ...data], 2, /no address or range/],
      [["restore", "nothing.db", ...data], 1, /nothing\.db/],
    ];
    for (const [args, code, stderr] of cases) {
      const exit = await shell.run(args);
      assert.equal(exit.code, code, `${args.join(" ")}: ${exit.stderr}`);
      assert.match(exit.stderr, stderr);
      assert.equal(exit.stderr.trim().split("\n").length <= 2, true, exit.stderr);
    }
  });
});

describe(`portico backup and restore, on ${autoBackend}`, () => {
  it("bring everything back, and replace nothing unasked", async (test) => {
    const shell = bench(test);
    const { server, address } = await shell.serve("127.0.0.1:0", ["--set", "login.guests=true"]);
    const mina = await shell.chat(address, "mina", ["--guest"]);
    mina.type("before the backup");
    await mina.line(/before the backup/);
    assert.match(await done(shell.run(["backup", "copy.db", ...data])), /everything is in .*copy\.db/);
    mina.type("after the backup");
    await mina.line(/after the backup/);
    assert.equal((await shell.run(["backup", "copy.db", ...data])).code, 1, "no file is overwritten");
    const running = await shell.run(["restore", "copy.db", "--replace", ...data]);
    assert.deepEqual([running.code, running.stdout], [1, ""], "not under a server that runs");
    server.kill();
    await server.exited;
    assert.equal((await shell.run(["restore", "copy.db", ...data])).code, 1);
    assert.match(await done(shell.run(["restore", "copy.db", "--replace", ...data])), /1 messages/);
    const lines = (await done(shell.run(["room", "export", "lobby", ...data]))).trim().split("\n");
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /before the backup/);
    writeFileSync(join(shell.directory, "broken.db"), "not a database");
    assert.equal((await shell.run(["restore", "broken.db", "--replace", ...data])).code, 1);
  });
});

describe(`SIGHUP, on ${autoBackend}`, () => {
  it("reads the settings again, and keeps the old ones when the new make no sense", async (test) => {
    const shell = bench(test);
    const file = join(shell.directory, "portico.yaml");
    writeFileSync(file, "login:\n  registration: false\n");
    const { server, address } = await shell.serve();
    const refused = await shell.run(["chat", "--user", "mina", "--register", "--server", address], password);
    assert.match(refused.stderr, /does not take new accounts/);
    writeFileSync(file, "login:\n  registration: perhaps\n");
    server.kill("SIGHUP");
    await server.errorLine(/the settings could not be read again/);
    writeFileSync(file, "login:\n  registration: true\n");
    server.kill("SIGHUP");
    await server.errorLine(/the settings were read again/);
    await shell.chat(address, "mina", ["--register"]);
  });
});
