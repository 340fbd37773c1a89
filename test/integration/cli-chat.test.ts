import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chatOnTerminal, hasScript } from "../support/chat-on-terminal.ts";
import { CliBench } from "../support/cli-process.ts";
import { autoBackend } from "../support/test-ports.ts";

describe(`portico chat with a server on ${autoBackend}`, () => {
  it("lets two people talk, whisper and see each other", async (test) => {
    const bench = new CliBench(test);
    const { address } = await bench.serve();
    const mina = await bench.chat(address, "mina", ["--register"]);
    const jun = await bench.chat(address, "jun", ["--register"]);
    await mina.line(/^-- jun joined lobby$/);
    mina.type("hello everybody");
    await mina.line(/^\d\d:\d\d mina: hello everybody$/);
    await jun.line(/^\d\d:\d\d mina: hello everybody$/);
    jun.type("/w mina just you");
    await mina.line(/^\d\d:\d\d jun whispers: just you$/);
    await jun.line(/^\d\d:\d\d you whisper to mina: just you$/);
    jun.type("/w nobody hello?");
    await jun.line(/^!! not sent \(.+\): \/w nobody hello\?$/);
    mina.type("/who");
    await mina.line(/^-- 2 in lobby: jun, mina$/);
    mina.type("/create games");
    await mina.line(/^-- games is yours/);
    mina.type("nobody here hears this");
    await mina.line(/^\d\d:\d\d mina: nobody here hears this$/);
    mina.type("/quit");
    assert.equal((await mina.exited).code, 0);
    await jun.line(/^-- mina left lobby$/);
    assert.doesNotMatch(jun.stdout, /nobody here/);
  });

  it("reconnects when the server is killed, sends what waited, and history is still there", async (test) => {
    const bench = new CliBench(test);
    const first = await bench.serve();
    const mina = await bench.chat(first.address, "mina", ["--register"]);
    const jun = await bench.chat(first.address, "jun", ["--register"]);
    mina.type("before the crash");
    await jun.line(/ mina: before the crash$/);
    first.server.kill("SIGKILL");
    await mina.line(/^!! connection lost: .*; trying again in /);
    await jun.line(/^!! connection lost: /);
    mina.type("typed while it was away");
    const second = await bench.serve(first.address);
    await mina.line(/^-- connected again; sending 1 message that waited$/);
    await jun.line(/ mina: typed while it was away$/);
    jun.type("welcome back");
    await mina.line(/ jun: welcome back$/);
    // Whoever comes now sees it all, once.
    const sora = await bench.chat(second.address, "sora", ["--register"]);
    await sora.line(/ mina: before the crash$/);
    await sora.line(/ mina: typed while it was away$/);
    await sora.line(/ jun: welcome back$/);
    for (const { stdout } of [jun, mina]) {
      assert.equal(stdout.split("typed while it was away").length, 2, stdout);
      assert.equal(stdout.split("before the crash").length, 2, stdout);
    }
  });

  it("sends everything that a pipe gives it before it ends", async (test) => {
    const bench = new CliBench(test);
    const { address } = await bench.serve(undefined, ["--set", "rates.packetsPerSecond=0"]);
    const mina = await bench.chat(address, "mina", ["--register"]);
    const bot = bench.start(["chat", "--user", "bot", "--guest", "--server", address]);
    bot.end();
    assert.deepEqual((await bot.exited).code, 1, "guests are not let in unless configured");
    const script = await bench.chat(address, "script", ["--register"]);
    for (let line = 1; line <= 500; line++) script.type(`line ${line}`);
    script.end();
    assert.equal((await script.exited).code, 0);
    await mina.line(/ script: line 500$/);
    const said = [...mina.stdout.matchAll(/ script: line (\d+)$/gm)].map(([, number]) => Number(number));
    assert.deepEqual(
      said,
      Array.from({ length: 500 }, (_, index) => index + 1),
    );
  });

  it("neutralises what could act on the terminal", async (test) => {
    const bench = new CliBench(test);
    const { address } = await bench.serve();
    const mina = await bench.chat(address, "mina", ["--register"]);
    mina.type("\u202edesrever\u2066");
    await mina.line(/ mina: �desrever�$/);
  });

  it("refuses a wrong password, an unknown server name, and no password at all", async (test) => {
    const bench = new CliBench(test);
    const { address } = await bench.serve();
    const wrong = await bench.run([
      "chat",
      "--user",
      "mina",
      "--server",
      address,
      "--password",
      "not this one",
    ]);
    assert.equal(wrong.code, 1);
    assert.match(
      wrong.stderr,
      /^portico: login at \S+ refused: the name or the password is wrong \(--register/,
    );
    const none = await bench.run(["chat", "--user", "mina", "--server", address]);
    assert.equal(none.code, 2);
    assert.match(none.stderr, /PORTICO_PASSWORD/);
    const bad = await bench.run([
      "chat",
      "--user",
      "mina",
      "--server",
      "nowhere",
      "--password",
      "whatever it is",
    ]);
    assert.equal(bad.code, 2);
    assert.match(bad.stderr, /"nowhere" is not HOST:PORT/);
  });

  it("goes on trying while there is no server, until it is told to stop", async (test) => {
    const bench = new CliBench(test);
    const { server, address } = await bench.serve();
    server.kill();
    await server.exited;
    const chat = bench.start(["chat", "--user", "mina", "--server", address, "--password", "whatever it is"]);
    await chat.line(/^cannot reach \S+ \(.*ECONNREFUSED\); trying until it answers$/);
    chat.kill("SIGINT");
    assert.equal((await chat.exited).code, 0);
  });

  it("ends quietly when nobody reads what it writes", async (test) => {
    const bench = new CliBench(test);
    const { address } = await bench.serve();
    const mina = await bench.chat(address, "mina", ["--register"]);
    mina.stopReading();
    mina.type("into the void");
    const { code, stderr } = await mina.exited;
    assert.deepEqual([code, stderr], [0, ""]);
  });

  it("shows the whole conversation on a terminal, and gives the terminal back", async (test) => {
    if (!hasScript()) {
      test.skip("needs `script` of util-linux for a pseudo-terminal");
      return;
    }
    const bench = new CliBench(test);
    const { address } = await bench.serve();
    const jun = await bench.chat(address, "jun", ["--register"]);
    const mina = chatOnTerminal(test, bench, address, "mina");
    await mina.shows(/1:lobby/);
    mina.type("hello from 터미널\r");
    await jun.line(/ mina: hello from 터미널$/);
    await mina.shows(/mina:.* hello from 터미널.*#\d/);
    jun.type("\u001b[2Jhello back");
    jun.type("hello back");
    await mina.shows(/jun:.* hello back/);
    mina.type("/w jun psst\r");
    await jun.line(/ mina whispers: psst$/);
    mina.type("\u0004");
    const { code, output } = await mina.exited;
    assert.equal(code, 0, output);
    assert.ok(output.includes("\u001b[?1049h"));
    assert.ok(output.lastIndexOf("\u001b[?1049l") > output.lastIndexOf("\u001b[?1049h"));
    assert.ok(output.lastIndexOf("\u001b[?2004l") > output.lastIndexOf("\u001b[?2004h"));
  });

  it("gives the terminal back when it is ended by a signal", async (test) => {
    if (!hasScript()) {
      test.skip("needs `script` of util-linux for a pseudo-terminal");
      return;
    }
    const bench = new CliBench(test);
    const { address } = await bench.serve();
    const mina = chatOnTerminal(test, bench, address, "mina");
    await mina.shows(/1:lobby/);
    mina.signal("SIGTERM");
    const { output } = await mina.exited;
    assert.ok(output.lastIndexOf("\u001b[?1049l") > output.lastIndexOf("\u001b[?1049h"));
  });

  it("answers scripts in JSON and in nothing else", async (test) => {
    const bench = new CliBench(test);
    const { address } = await bench.serve();
    const mina = await bench.chat(address, "mina", ["--register"]);
    const bot = bench.start(["chat", "--user", "bot", "--server", address, "--register", "--json"], {
      PORTICO_PASSWORD: "the password of bot",
    });
    await bot.line(/^\{"event":"ready","user":"bot"/);
    mina.type("hello bot");
    await bot.line(/^\{"event":"message".*"text":"hello bot"/);
    bot.type('{"do":"publish","room":"lobby","text":"hello mina","id":1}');
    bot.type('{"do":"whisper","to":"nobody","text":"psst","id":"w"}');
    bot.type('{"do":"who","room":"lobby","id":2}');
    await mina.line(/ bot: hello mina$/);
    bot.end();
    const { code, stdout, stderr } = await bot.exited;
    assert.equal(code, 1, stderr);
    assert.match(stderr, /^portico: 1 request refused\n$/);
    const told = stdout
      .trimEnd()
      .split("\n")
      .map((line): Record<string, unknown> => {
        const parsed: unknown = JSON.parse(line);
        assert.ok(typeof parsed === "object" && parsed !== null);
        return { ...parsed };
      });
    const answers = new Map(
      told.filter(({ event }) => event === "answer").map((answer) => [answer.id, answer]),
    );
    assert.equal(answers.get(1)?.ok, true);
    assert.deepEqual(answers.get(2)?.names, ["bot", "mina"]);
    assert.equal(answers.get("w")?.ok, false);
    const { code: refused, stdout: why } = await bench.run(
      ["chat", "--user", "bot", "--server", address, "--json", "--no-remember"],
      { PORTICO_PASSWORD: "not this one" },
    );
    assert.equal(refused, 1);
    assert.match(why, /^\{"event":"error","code":"AUTH_FAILED"/m);
  });

  it("comes back without a password, unless it is told not to remember", async (test) => {
    const bench = new CliBench(test);
    const { address } = await bench.serve(undefined, ["--set", "login.guests=true"]);
    const first = await bench.chat(address, "mina", ["--register"]);
    first.type("/quit");
    assert.equal((await first.exited).code, 0);
    const again = bench.start(["chat", "--user", "mina", "--server", address]);
    await again.line(/^-- you are mina on /);
    again.type("/quit");
    assert.equal((await again.exited).code, 0);
    const forgetful = await bench.run(["chat", "--user", "mina", "--server", address, "--no-remember"]);
    assert.equal(forgetful.code, 2);
    for (let visit = 0; visit < 2; visit++) {
      const guest = bench.start(["chat", "--user", "passer-by", "--guest", "--server", address]);
      await guest.line(/^-- you are passer-by/);
      guest.type(`visit ${visit}`);
      await guest.line(/ passer-by: visit/);
      guest.end();
      assert.equal((await guest.exited).code, 0);
    }
  });
});
