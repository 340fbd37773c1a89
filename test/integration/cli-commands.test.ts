import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { probeUring } from "../../src/engine/uring/probe.ts";
import { CliBench } from "../support/cli-process.ts";
import { autoBackend } from "../support/test-ports.ts";

const backends = probeUring().available ? ["auto", "libuv", "uring"] : ["auto", "libuv"];

describe(`portico serve on ${autoBackend}`, () => {
  it("says everything on start, answers health checks, and stops when told", async (test) => {
    const bench = new CliBench(test);
    const { server, address, http } = await bench.serve();
    for (const fact of [address, http, "backend", bench.directory, `chat --user mina --server ${address}`]) {
      assert.ok(server.stdout.includes(fact), `${fact} in:\n${server.stdout}`);
    }
    assert.equal((await fetch(`http://${http}/livez`)).status, 200);
    assert.equal((await fetch(`http://${http}/readyz`)).status, 200);
    server.kill("SIGINT");
    const { code, stdout, stderr } = await server.exited;
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /stopping \(SIGINT\).*\nstopped\n$/);
  });

  it("stops at SIGTERM with clients connected, and tells them to come back", async (test) => {
    const bench = new CliBench(test);
    const { server, address } = await bench.serve();
    const mina = await bench.chat(address, "mina", ["--register"]);
    server.kill();
    assert.equal((await server.exited).code, 0);
    await mina.line(/^!! connection lost: SHUTDOWN/);
  });

  it("goes on when nobody reads what it prints", async (test) => {
    const bench = new CliBench(test);
    const { server, http } = await bench.serve();
    server.stopReading();
    assert.equal((await fetch(`http://${http}/livez`)).status, 200);
    server.kill();
    assert.equal((await server.exited).code, 0);
  });

  it("says in one line that a port is in use, and ends with 1", async (test) => {
    const bench = new CliBench(test);
    const { address, http } = await bench.serve();
    for (const flags of [
      ["--packets", address, "--http", "127.0.0.1:0"],
      ["--packets", "127.0.0.1:0", "--http", http],
    ]) {
      const { code, stderr, stdout } = await bench.run(["serve", ...flags, "--data", "other"]);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^portico: (packets|HTTP) cannot listen on 127\.0\.0\.1:\d+: the port is in use.*\n$/,
      );
      assert.equal(stdout, "");
    }
  });

  it("says in one line that the data cannot be used, and ends with 1", async (test) => {
    const bench = new CliBench(test);
    await bench.serve();
    writeFileSync(join(bench.directory, "file"), "not a directory");
    const busy = await serveOn(bench, "data");
    assert.match(busy.stderr, /^portico: .*in use by another process\n$/);
    const unwritable = await serveOn(bench, join("file", "below"));
    assert.match(unwritable.stderr, /^portico: .*cannot be used.*\n$/);
    for (const { code } of [busy, unwritable]) assert.equal(code, 1);
  });

  it("leaves the data of a newer version alone, in one line, and ends with 1", async (test) => {
    const bench = new CliBench(test);
    const { server } = await bench.serve();
    server.kill();
    await server.exited;
    const database = new DatabaseSync(join(bench.directory, "data", "portico.db"));
    database.exec("PRAGMA user_version = 9999");
    database.close();
    const newer = await serveOn(bench, "data");
    assert.equal(newer.code, 1);
    assert.match(newer.stderr, /^portico: .*newer.*\n$/);
  });
});

function serveOn(bench: CliBench, directory: string): ReturnType<CliBench["run"]> {
  return bench.run(["serve", "--packets", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data", directory]);
}

describe("mistakes on the command line (no port)", () => {
  const mistakes: readonly (readonly [args: readonly string[], hint: RegExp])[] = [
    [["serv"], /unknown command 'serv'\n\(Did you mean serve\?\)/],
    [["serve", "--packet", "127.0.0.1:0"], /unknown option '--packet'\n\(Did you mean --packets\?\)/],
    [["serve", "--packets", "here"], /flag --packets: packets\.address is "here"; expected an address/],
    [
      ["serve", "--backend", "urng"],
      /flag --backend: engine\.backend is "urng"; expected one of auto, uring, iocp, libuv/,
    ],
    [
      ["serve", "--set", "limits.pakcet=1KiB"],
      /there is no key limits\.pakcet; did you mean limits\.packet\?/,
    ],
    [["serve", "--set", "limits.packet"], /is not KEY=VALUE/],
    [["serve", "--config", "missing.yaml"], /missing\.yaml: there is no such file/],
    [["serve", "extra"], /too many arguments/],
    [["echo", "--port", "70000"], /'70000' is invalid\. Expected a whole number from 0 to 65535/],
    [["echo", "--host", "example.org"], /"example\.org" is not an IPv4 or IPv6 address/],
    [["echo", "--backend", "epoll"], /Allowed choices are auto, uring, iocp, libuv/],
    [["chat"], /chat needs --user NAME/],
    [["chat", "--user", "mina", "--guest", "--register"], /contradict/],
    [["chat", "--usr", "mina"], /Did you mean --user\?/],
    [["bench", "nonsense"], /nonsense/],
    [[], /Usage: portico/],
  ];
  for (const [args, hint] of mistakes) {
    it(`portico ${args.join(" ")}: exit code 2 and a hint`, async (test) => {
      const { code, stderr } = await new CliBench(test).run(args);
      assert.match(stderr, hint);
      assert.equal(code, 2, stderr);
    });
  }

  it("in the environment and the file are found as well", async (test) => {
    const bench = new CliBench(test);
    const environment = await bench.run(["config"], { PORTICO_LOG_LEVL: "info" });
    assert.equal(environment.code, 2);
    assert.match(environment.stderr, /did you mean PORTICO_LOG_LEVEL\?/);
    writeFileSync(join(bench.directory, "portico.yaml"), "packets:\n  adress: 127.0.0.1:1\n");
    const file = await bench.run(["serve"]);
    assert.equal(file.code, 2);
    assert.match(file.stderr, /portico\.yaml:2: .*did you mean packets\.address\?/);
  });
});

describe("the other commands (no port)", () => {
  it("print their version and help", async (test) => {
    const bench = new CliBench(test);
    const version = await bench.run(["--version"]);
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
    const help = await bench.run(["--help"]);
    assert.match(help.stdout, /Examples:\n {2}portico serve/);
    assert.match((await bench.run(["serve", "--help"])).stdout, /--limits-send-queue <value>/);
    assert.match((await bench.run(["bench", "--help"])).stdout, /usage: portico bench/);
  });

  it("config: shows each setting and where it comes from", async (test) => {
    const bench = new CliBench(test);
    writeFileSync(join(bench.directory, "other.yaml"), "limits:\n  text: 2000B\n");
    const { code, stdout } = await bench.run(["config", "--config", "other.yaml", "--data", "here"], {
      PORTICO_LOG_LEVEL: "warn",
    });
    assert.equal(code, 0);
    assert.match(stdout, /^ {2}directory: here +# flag --data$/m);
    assert.match(stdout, /^ {2}text: 2000B +# file other\.yaml:2$/m);
    assert.match(stdout, /^ {2}level: warn +# environment PORTICO_LOG_LEVEL$/m);
    assert.match(stdout, /^ {2}address: 127\.0\.0\.1:9000 +# default$/m);
  });

  it(`doctor: tries the backends, on ${autoBackend} and others, the limits, the data directory and the addresses`, async (test) => {
    const bench = new CliBench(test);
    const free = ["--packets", "127.0.0.1:0", "--http", "127.0.0.1:0"];
    const healthy = await bench.run(["doctor", ...free]);
    assert.equal(healthy.code, 0, healthy.stdout);
    for (const word of ["node", "auto takes", "libuv", "data"])
      assert.ok(healthy.stdout.includes(word), word);
    writeFileSync(join(bench.directory, "file"), "");
    const ill = await bench.run(["doctor", ...free, "--data", "file"]);
    assert.equal(ill.code, 1);
    assert.match(ill.stdout, /^BAD +data +.*is not a directory$/m);
  });
});

/** The port that a backend asked for comes to. */
function named(backend: string): string {
  return backend === "auto" ? `auto, on ${autoBackend}` : `on ${backend}`;
}

describe("portico echo", () => {
  for (const backend of backends) {
    it(`sends every byte back, and does not read from who does not read, ${named(backend)}`, async (test) => {
      const bench = new CliBench(test);
      const echo = bench.start(["echo", "--port", "0", "--backend", backend]);
      const [, port] =
        /^listening 127\.0\.0\.1:(\d+) on (?:uring|libuv) \(.+\)$/.exec(await echo.line(/^listening /)) ?? [];
      const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251));
      const socket = connect(Number(port), "127.0.0.1");
      socket.pause();
      socket.end(bytes);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const received: Buffer[] = [];
      for await (const chunk of socket) received.push(chunk as Buffer);
      assert.ok(Buffer.concat(received).equals(bytes));
      echo.kill();
      assert.equal((await echo.exited).code, 0);
    });
  }

  it(`says in one line that its port is in use, and ends with 1, on ${autoBackend}`, async (test) => {
    const bench = new CliBench(test);
    const first = bench.start(["echo", "--port", "0"]);
    const [, port = ""] = /^listening \S+:(\d+)/.exec(await first.line(/^listening /)) ?? [];
    const { code, stderr } = await bench.run(["echo", "--port", port]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^portico: echo cannot listen on 127\.0\.0\.1:\d+: the port is in use by another program\n$/,
    );
  });
});
