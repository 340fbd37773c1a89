import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as fc from "fast-check";
import { configKeys } from "./config-schema.ts";
import { ConfigError, formatConfig, loadConfig, type LoadConfigOptions, parseSetFlag } from "./config.ts";

describe("configuration", () => {
  let directory: string;
  let file: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "portico-config-"));
    file = join(directory, "portico.yaml");
  });

  after(() => rmSync(directory, { recursive: true }));

  function load(text: string, options: Partial<LoadConfigOptions> = {}) {
    writeFileSync(file, text);
    return loadConfig({ file, env: {}, ...options });
  }

  /** What is wrong, one line each, without the directory. */
  function problemsOf(text: string, options: Partial<LoadConfigOptions> = {}): string[] {
    try {
      load(text, options);
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.code, "CONFIG");
      return error.problems.map(({ where, message }) => `${where.replace(`${directory}/`, "")}: ${message}`);
    }
    return [];
  }

  it("has a default for every key", () => {
    const { config, sources } = load("");
    assert.deepEqual(config.packets.address, { family: 4, host: "127.0.0.1", port: 9000 });
    assert.deepEqual(config.http.address, { family: 4, host: "127.0.0.1", port: 8080 });
    assert.equal(config.data.directory, "./portico-data");
    assert.deepEqual(config.engine, { backend: "auto", arenaLimit: 268_435_456 });
    assert.equal(config.limits.packet, 16_384);
    assert.equal(config.limits.text, 4000);
    assert.equal(config.limits.sendQueue, 1_048_576);
    assert.deepEqual(config.timeouts, { handshake: 10_000, ping: 25_000, pong: 8000, shutdown: 30_000 });
    assert.deepEqual(config.login.duplicates, "allow");
    assert.equal(config.login.guests, false);
    assert.equal(config.log.level, "info");
    assert.deepEqual(
      [...sources.keys()],
      configKeys.map((key) => key.path),
    );
    assert.deepEqual(new Set(sources.values()), new Set(["default"]));
  });

  it("says a sentence about every key", () => {
    for (const { path, description } of configKeys) {
      assert.match(description, /^[A-Z].{5,100}\.$/, path);
      assert.ok(!description.includes("\n"));
    }
  });

  it("takes flags before the environment, that before the file, and says which it was", () => {
    const { config, sources } = load(
      "limits:\n  connections: 1\n  packet: 8KiB\ntimeouts: {ping: 1s, pong: 2s}\n",
      {
        env: {
          PORTICO_LIMITS_CONNECTIONS: "2",
          PORTICO_TIMEOUTS_PING: "3s",
          PORTICO_LOG_LEVEL: "",
          PATH: "/bin",
        },
        flags: [
          { flag: "--ping", key: "timeouts.ping", value: "4s" },
          { flag: "--level", key: "log.level", value: undefined },
        ],
      },
    );
    assert.deepEqual([config.limits.connections, config.limits.packet], [2, 8192]);
    assert.deepEqual([config.timeouts.ping, config.timeouts.pong], [4000, 2000]);
    const sourceOf = (key: string) => sources.get(key)?.replace(directory, "");
    assert.equal(sourceOf("limits.connections"), "environment PORTICO_LIMITS_CONNECTIONS");
    assert.equal(sourceOf("limits.packet"), "file /portico.yaml:3");
    assert.equal(sourceOf("timeouts.ping"), "flag --ping");
    assert.equal(sourceOf("timeouts.pong"), "file /portico.yaml:4");
    assert.equal(sourceOf("log.level"), "default");
  });

  it("takes every key from the environment and from a flag", () => {
    for (const { path, environmentName, flagName, defaultText } of configKeys) {
      assert.match(flagName, /^--[a-z-]+$/);
      if (defaultText === "") continue; // an empty variable counts as unset
      const { sources } = load("", { env: { [environmentName]: String(defaultText) } });
      assert.equal(sources.get(path), `environment ${environmentName}`);
    }
    assert.equal(
      configKeys.find((key) => key.path === "limits.sendQueue")?.environmentName,
      "PORTICO_LIMITS_SEND_QUEUE",
    );
  });

  it("names what is unknown, where it is, and the nearest right name", () => {
    const text = [
      "limits:",
      "  sendqueue: 1MiB",
      "  colour: red",
      "  ping: 1s",
      "limit:",
      "  packet: 1KiB",
      "log.level: info",
      "weather:",
      "  sunny: true",
    ].join("\n");
    const env = { PORTICO_LIMITS_CONECTIONS: "5", PORTICO_CONFIG: "x" };
    assert.deepEqual(
      problemsOf(text, { env, flags: [{ flag: "--set", key: "logg.level", value: "info" }] }),
      [
        "portico.yaml:2: there is no key limits.sendqueue; did you mean limits.sendQueue?",
        "portico.yaml:3: there is no key limits.colour",
        "portico.yaml:4: there is no key limits.ping; did you mean timeouts.ping?",
        'portico.yaml:6: there is no section "limit"; did you mean limits?',
        'portico.yaml:7: log.level is written as level below "log:"',
        'portico.yaml:9: there is no section "weather"; there are packets, http, tls, websocket, data, engine, limits, timeouts, rates, login, jwt, lobby, notices, whispers, moderation, admin, metrics, log',
        "environment PORTICO_LIMITS_CONECTIONS: there is no such setting; did you mean PORTICO_LIMITS_CONNECTIONS?",
        "flag --set: there is no key logg.level; did you mean log.level?",
      ],
    );
  });

  it("says what was expected of a wrong value, all at once", () => {
    const text = [
      "packets: {address: example.com}",
      "limits:",
      "  packet: 16KB",
      "  connections: -1",
      "timeouts:",
      "  ping: 25",
      "login:",
      "  guests: yes",
      "  duplicates: maybe",
      "lobby: memory",
      "data: {directory: [a]}",
    ].join("\n");
    const problems = problemsOf(text, { env: { PORTICO_TIMEOUTS_PONG: "eight" } });
    assert.deepEqual(problems, [
      'portico.yaml:10: lobby is "memory"; expected a group of keys',
      'portico.yaml:1: packets.address is "example.com"; expected an address such as 127.0.0.1:9000, 0.0.0.0:9000 or [::1]:9000',
      'portico.yaml:11: data.directory is ["a"]; expected a path',
      'portico.yaml:3: limits.packet is "16KB"; expected a size such as "4000B", "64KiB", "1MiB", "2GiB" or a plain number of bytes, 1KiB … 65535B',
      "portico.yaml:4: limits.connections is -1; expected a whole number, 1 … 1000000",
      'portico.yaml:6: timeouts.ping is 25; expected a duration such as "1500ms", "25s", "2m", "1h" or "30d", 0s … 1d',
      'environment PORTICO_TIMEOUTS_PONG: timeouts.pong is "eight"; expected a duration such as "1500ms", "25s", "2m", "1h" or "30d", 100ms … 1h',
      'portico.yaml:8: login.guests is "yes"; expected true or false',
      'portico.yaml:9: login.duplicates is "maybe"; expected one of allow, reject, replace',
    ]);
  });

  it("finds settings that contradict each other", () => {
    assert.deepEqual(problemsOf("limits:\n  text: 16000\n  sendQueue: 10KiB\n"), [
      "default: limits.packet is 16384 bytes; expected at least 16512: limits.text and 512 for what is around it",
      "portico.yaml:3: limits.sendQueue is 10240 bytes; expected at least limits.packet, 16384",
    ]);
  });

  it("says where a file is not YAML, and refuses what is no group", () => {
    assert.match(problemsOf("limits:\n  packet: [1\n")[0] ?? "", /^portico\.yaml:\d+: not valid YAML: /);
    assert.match(
      problemsOf("log: {level: info}\nlog: {level: warn}\n")[0] ?? "",
      /^portico\.yaml:2: not valid YAML: /,
    );
    assert.match(problemsOf("log:\n  level: *none\n")[0] ?? "", /^portico\.yaml:2: not valid YAML: /);
    assert.deepEqual(problemsOf("- a\n- b\n"), ["portico.yaml:1: the file is no group of sections"]);
  });

  it("needs the file that was asked for, and no other", () => {
    const missing = join(directory, "missing.yaml");
    assert.throws(() => loadConfig({ file: missing, env: {} }), /there is no such file/);
    assert.throws(() => loadConfig({ file: directory, env: {} }), /cannot be read/);
    assert.ok(loadConfig({ env: {} }).config.limits.connections > 0);
    for (const text of ["", "# nothing\n", "limits:\nlog:\n  level:\n"])
      assert.deepEqual(problemsOf(text), []);
  });

  it("reads KEY=VALUE flags", () => {
    assert.deepEqual(parseSetFlag("--set", "limits.packet = 32KiB"), {
      flag: "--set",
      key: "limits.packet",
      value: "32KiB",
    });
    assert.equal(parseSetFlag("--set", "data.directory=a=b").value, "a=b");
    assert.throws(() => parseSetFlag("--set", "limits.packet"), ConfigError);
  });

  it("prints what it would read again the same", () => {
    const { config } = load(
      "packets: {address: '[::1]:1'}\ndata: {directory: 'a # b: c'}\nlimits: {text: 4001}",
    );
    const printed = formatConfig(
      load("packets: {address: '[::1]:1'}\ndata: {directory: 'a # b: c'}\nlimits: {text: 4001}"),
    );
    assert.match(printed, /^ {2}text: 4001B +# file .*portico\.yaml:3$/m);
    assert.match(printed, /^ {2}ping: 25s +# default$/m);
    assert.deepEqual(load(printed).config, config);
  });

  it("ends with ConfigError or a configuration, whatever the file says", () => {
    const key = fc.constantFrom(...configKeys.map(({ path }) => path), "log", "x.y");
    const value = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constantFrom("null", "[1]", "1h", "*a", "&a 1", "64KiB", "{a: b}"),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value)), fc.string(), (pairs, noise) => {
        const lines = pairs.map(([path, text]) => `${path.split(".")[0]}:\n  ${path.split(".")[1]}: ${text}`);
        problemsOf(lines.join("\n"));
        problemsOf(noise);
      }),
      { numRuns: 200 },
    );
  });
});
