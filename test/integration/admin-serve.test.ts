import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { type AdminRoute, adminRoutes, type AdminRouteName } from "../../src/admin/api/route-table.ts";
import { DEADLINE_MS } from "../support/chat-test-client.ts";
import { CliBench, type CliProcess } from "../support/cli-process.ts";
import { metricValue, parseMetrics } from "../support/metrics-text.ts";
import { autoBackend } from "../support/test-ports.ts";

/** A server as a process, with what an administrator needs. */
class Served {
  readonly server: CliProcess;
  readonly address: string;
  readonly http: string;
  readonly token: string;
  readonly bench: CliBench;

  private constructor(bench: CliBench, started: Awaited<ReturnType<CliBench["serve"]>>) {
    this.bench = bench;
    this.server = started.server;
    this.address = started.address;
    this.http = started.http;
    this.token = /^ +token +(\S+)$/m.exec(started.server.stdout)?.[1] ?? "";
  }

  static async start(test: TestContext, flags: readonly string[] = []): Promise<Served> {
    const bench = new CliBench(test);
    return new Served(bench, await bench.serve("127.0.0.1:0", flags));
  }

  async again(): Promise<Served> {
    this.server.kill();
    await this.server.exited;
    return new Served(this.bench, await this.bench.serve());
  }

  /** The answer, in the form that the route table promises. */
  async ask<Name extends AdminRouteName>(name: Name, query = "", body?: object) {
    const route: AdminRoute = adminRoutes[name];
    const response = await this.fetch(`${route.path}${query}`, route.method, body);
    const text = await response.text();
    assert.equal(response.status, 200, `${route.path}: ${text}`);
    return route.answer.parse(JSON.parse(text)) as ReturnType<(typeof adminRoutes)[Name]["answer"]["parse"]>;
  }

  fetch(path: string, method = "GET", body?: object, token = this.token): Promise<Response> {
    return fetch(`http://${this.http}${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async metrics() {
    return parseMetrics(await (await fetch(`http://${this.http}/metrics`)).text());
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  while (!(await isSo())) {
    if (deadline.aborted) throw new Error(`it did not become so: ${String(isSo)}`);
    await wait(20);
  }
}

describe(`administration of portico serve on ${autoBackend}`, () => {
  it("prints a token that is kept for its owner alone, also for the next start", async (test) => {
    const served = await Served.start(test);
    assert.match(served.token, /^[\w-]{32}$/);
    const path = join(served.bench.directory, "data", "admin-token");
    assert.equal(readFileSync(path, "utf8").trim(), served.token);
    if (process.platform !== "win32") assert.equal(statSync(path).mode & 0o777, 0o600);
    const again = await served.again();
    assert.equal(again.token, served.token);
  });

  it("shows who is there, and acts on it", async (test) => {
    const served = await Served.start(test);
    const mina = await served.bench.chat(served.address, "mina", ["--register"]);
    const joon = await served.bench.chat(served.address, "joon", ["--register"]);
    mina.type("hello there");
    await joon.line(/hello there/);
    const { total, sessions } = await served.ask("sessions", "?sort=user");
    assert.deepEqual([total, sessions.map(({ user }) => user)], [2, ["joon", "mina"]]);
    const keys = sessions.map(({ session }) => session);
    await served.ask("measureRoundTrips", "", { sessions: keys });
    await until(async () => {
      const measured = await served.ask("sessions", "?sort=roundTrip");
      return measured.sessions.every(({ roundTripMs }) => roundTripMs >= 0);
    });
    const { rooms } = await served.ask("openRooms");
    assert.deepEqual(
      rooms.map(({ name, members }) => [name, members]),
      [["lobby", 2]],
    );
    assert.equal((await served.ask("addresses")).addresses[0]?.users, 2);

    await served.ask("kickSession", "", { session: keys[0], reason: "for a test" });
    await joon.line(/KICKED/);
    await served.ask("actOnUser", "", { name: "mina", action: "ban", durationMs: 60_000, reason: "spam" });
    await mina.line(/BANNED/);
    const { recent, totals } = await served.ask("disconnects");
    assert.deepEqual(
      recent.map(({ user, code, number }) => [user, code, number]),
      [
        ["mina", "BANNED", 3507],
        ["joon", "KICKED", 3504],
      ],
    );
    assert.deepEqual([totals.BANNED, totals.KICKED], [1, 1]);
    const { entries } = await served.ask("audit");
    assert.deepEqual(
      entries.map(({ actor, action, subject }) => [actor, action, subject]),
      [
        ["(admin page)", "user.ban", "mina"],
        ["(admin page)", "session.kick", "joon"],
      ],
    );
    await served.ask("lockdown", "", { level: 1 });
    const overview = await served.ask("overview");
    assert.deepEqual([overview.lockdown, overview.readiness, overview.sessions.tcp], [1, "serving", 0]);
    assert.equal(overview.totals.messagesPublished, 1);
    assert.equal(overview.totals.disconnects, 2);
    assert.equal(overview.addresses.packets, served.address);
  });

  it("counts in /metrics what happens", async (test) => {
    const served = await Served.start(test, ["--login-guests", "true"]);
    const before = await served.metrics();
    assert.equal(metricValue(before, "portico_messages_published_total"), 0);
    const mina = await served.bench.chat(served.address, "mina", ["--guest"]);
    const joon = await served.bench.chat(served.address, "joon", ["--guest"]);
    for (let message = 0; message < 5; message++) mina.type(`message ${message}`);
    await joon.line(/message 4/);
    const after = await served.metrics();
    const value = (name: string, labels = {}): number => metricValue(after, name, labels);
    assert.equal(value("portico_sessions", { transport: "tcp" }), 2);
    assert.equal(value("portico_signed_in"), 2);
    assert.equal(value("portico_logins_total"), 2);
    assert.equal(value("portico_messages_published_total"), 5);
    assert.ok(value("portico_deliveries_total") >= 5);
    assert.ok(value("portico_publish_commit_seconds_count") > 0);
    assert.ok(value("portico_publish_commit_seconds_sum") > 0);
    assert.ok(value("portico_fanout_seconds_count") > 0);
    assert.ok(value("portico_packets_received_total") >= 7);
    for (const name of [
      "portico_received_bytes_total",
      "portico_sent_bytes_total",
      "portico_port_turns_total",
    ]) {
      assert.ok(value(name) > metricValue(before, name), name);
    }
    assert.equal(value("portico_http_requests_total", { route: "/metrics", status: "200" }), 1);
    await served.fetch("/nowhere/at/all");
    await served.fetch("/api/admin/overview");
    await served.fetch("/api/admin/lockdown", "PUT");
    const last = await served.metrics();
    const requests = "portico_http_requests_total";
    assert.equal(metricValue(last, requests, { route: "", status: "404" }), 1);
    assert.equal(metricValue(last, requests, { route: "/api/admin/overview", status: "200" }), 1);
    assert.equal(metricValue(last, requests, { route: "/api/admin/lockdown", status: "405" }), 1);
  });

  it("stops when an administrator says so, and tells everybody", async (test) => {
    const served = await Served.start(test);
    const mina = await served.bench.chat(served.address, "mina", ["--register"]);
    const refused = await served.fetch("/api/admin/drain", "POST", {});
    assert.equal(refused.status, 400);
    await served.ask("drain", "", { confirm: "drain" });
    const { code, stdout } = await served.server.exited;
    assert.equal(code, 0);
    assert.match(stdout, /stopping \(an administrator\).*\nstopped\n$/);
    await mina.line(/connection lost: SHUTDOWN/);
  });

  it("can have an address of its own", async (test) => {
    const served = await Served.start(test, ["--admin-address", "127.0.0.1:0"]);
    const admin = /^ +admin +http:\/\/(\S+)\/admin$/m.exec(served.server.stdout)?.[1] ?? "";
    assert.notEqual(admin, served.http);
    const headers = { Authorization: `Bearer ${served.token}` };
    for (const path of ["/api/admin/overview", "/metrics", "/api/openapi.json"]) {
      assert.equal((await fetch(`http://${admin}${path}`, { headers })).status, 200, path);
      assert.equal((await served.fetch(path)).status, 404, `${path} on the HTTP address`);
    }
    for (const path of ["/livez", "/readyz"]) {
      assert.equal((await fetch(`http://${admin}${path}`)).status, 200, path);
    }
    const shown = await fetch(`http://${admin}/api/admin/overview`, { headers });
    assert.equal(((await shown.json()) as { addresses: { admin: string } }).addresses.admin, admin);
    // The command line's administration is where it was.
    const { code, stderr } = await served.bench.run(["user", "list", "--data", "data"]);
    assert.equal(code, 0, stderr);
  });

  it("keeps /metrics to those who have its token, when told to", async (test) => {
    const token = "the-token-of-prometheus";
    const served = await Served.start(test, ["--metrics-access", "token", "--metrics-token", token]);
    assert.equal((await fetch(`http://${served.http}/metrics`)).status, 401);
    assert.equal((await served.fetch("/metrics")).status, 401, "the admin token is another one");
    assert.equal((await served.fetch("/metrics", "GET", undefined, token)).status, 200);
    assert.equal((await served.fetch("/api/admin/overview", "GET", undefined, token)).status, 401);
  });

  it("takes the token of the settings, does not print it, and slows down who guesses", async (test) => {
    const token = "correct-horse-battery-staple";
    const flags = ["--admin-token", token, "--admin-wrong-tokens", "3"];
    const served = await Served.start(test, flags);
    assert.ok(!served.server.stdout.includes(token));
    const status = async (tried: string) =>
      (await served.fetch("/api/admin/overview", "GET", undefined, tried)).status;
    assert.equal(await status(token), 200);
    for (let guess = 0; guess < 3; guess++) assert.equal(await status(`guess-${guess}`), 401);
    const slowed = await served.fetch("/api/admin/overview", "GET", undefined, token);
    assert.equal(slowed.status, 429);
    assert.ok(Number(slowed.headers.get("retry-after")) > 0);
    await served.server.errorLine(/too many wrong admin tokens/);
  });

  it("names at SIGHUP the settings that need a restart", async (test) => {
    const served = await Served.start(test);
    const settings =
      "admin:\n  wrongTokens: 20\nhttp:\n  trustedProxies: 10.0.0.0/8\nlimits:\n  textLimit: 1\n";
    const path = join(served.bench.directory, "portico.yaml");
    writeFileSync(path, settings);
    served.server.kill("SIGHUP");
    await served.server.errorLine(
      /could not be read again.*limits\.textLimit|limits\.textLimit.*could not be read again/,
    );
    writeFileSync(path, settings.replace("textLimit: 1", "text: 3000B"));
    served.server.kill("SIGHUP");
    await served.server.errorLine(/"needRestart":\[.*"http\.trustedProxies","admin\.wrongTokens"\]/);
  });

  it("refuses settings that make no sense (no port)", async (test) => {
    const bench = new CliBench(test);
    const { code, stderr } = await bench.run([
      "config",
      "--admin-token",
      "short",
      "--metrics-access",
      "maybe",
    ]);
    assert.equal(code, 2);
    assert.match(stderr, /admin\.token is "not it"; expected 16 to 256 visible/);
    assert.match(stderr, /metrics\.access is "maybe"/);
    assert.ok(!stderr.includes('"short"'), "a secret is not repeated");
  });

  it("says when the token cannot be kept", async (test) => {
    const bench = new CliBench(test);
    writeFileSync(join(bench.directory, "data"), "in the way");
    const { code, stderr } = await bench.run(["serve", "--http", "127.0.0.1:0", "--data", "data"]);
    assert.equal(code, 1);
    assert.match(stderr, /^portico: .*\n$/);
  });
});
