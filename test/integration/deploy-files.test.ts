import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { parseAllDocuments } from "yaml";
import { Metrics } from "../../src/admin/metrics.ts";
import { DurationHistogram } from "../../src/base/duration-histogram.ts";
import { configKeys } from "../../src/cli/config-schema.ts";
import { parseMetrics } from "../support/metrics-text.ts";
import { FakeObservedServer } from "../support/observed-server.ts";
import { ServeProcess } from "../support/serve-process.ts";
import { expiredCertificate, localCertificate, testDirectory, writePair } from "../support/tls-world.ts";

const root = join(import.meta.dirname, "..", "..");

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** Runs Node in the repository's root, with settings in the environment. */
function run(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const env = Object.fromEntries(
    configKeys.flatMap(({ path, environmentName }) => {
      const value = settings[path];
      return value === undefined ? [] : [[environmentName, value]];
    }),
  );
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith("PORTICO_"));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...Object.fromEntries(clean), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}

type Json = Record<string, unknown>;

function yaml(path: string): Json {
  const documents = parseAllDocuments(read(path));
  assert.equal(documents.length, 1, path);
  const [document] = documents;
  assert.ok(document && "errors" in document);
  assert.deepEqual([...document.errors, ...document.warnings], [], path);
  return document.toJS() as Json;
}

/** The names of all series that /metrics can have, and their labels. */
async function series(): Promise<Map<string, ReadonlySet<string>>> {
  const server = new FakeObservedServer();
  const histogram = new DurationHistogram();
  const metrics = new Metrics({
    server: () => server,
    loopDelay: () => histogram,
    isReady: () => true,
    log: () => ({ queuedBytes: 0, lostLineCount: 0 }),
    http: () => ({
      connectionCount: 0,
      limits: { connections: 1 },
      counters: { badRequests: 0, upgrades: 0 },
      service: { counters: server.httpService },
    }),
    connectionLimit: 1000,
    version: "1.2.3",
  });
  metrics.countRequest("/livez", 200);
  const found = new Map<string, Set<string>>();
  for (const { samples } of parseMetrics(await metrics.text()).values()) {
    for (const { name, labels } of samples) {
      found.set(name, new Set([...(found.get(name) ?? []), ...Object.keys(labels)]));
    }
  }
  return found;
}

/** Labels that Prometheus itself gives, and the one metric. */
const OF_PROMETHEUS = new Set(["job", "instance"]);
const brackets = [
  ["(", ")"],
  ["{", "}"],
  ["[", "]"],
] as const;
const NAME = /\b(?:portico|process|nodejs)_[a-z_]+\b/g;

/** Each expression: its metrics and their labels are there, its brackets fit. */
function checkExpression(expression: string, known: ReadonlyMap<string, ReadonlySet<string>>): void {
  const plain = expression.replaceAll(/"[^"]*"/g, '""');
  const names = plain.match(NAME) ?? [];
  assert.ok(names.length > 0 || plain.includes("up{"), `no metric in: ${expression}`);
  for (const name of names) assert.ok(known.has(name), `${name} is not in /metrics: ${expression}`);
  for (const [open, close] of brackets) {
    assert.equal(plain.split(open).length, plain.split(close).length, expression);
  }
  for (const [, name = "", matchers = ""] of plain.matchAll(/\b([a-z_]+)\{([^}]*)\}/g)) {
    for (const [, label = ""] of matchers.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)) {
      const isKnown = OF_PROMETHEUS.has(label) || known.get(name)?.has(label) === true;
      assert.ok(isKnown, `${name} has no label ${label}: ${expression}`);
    }
  }
  const all = new Set([...OF_PROMETHEUS, "le", ...names.flatMap((name) => [...(known.get(name) ?? [])])]);
  for (const [, labels = ""] of plain.matchAll(/\b(?:by|on|ignoring) \(([^)]*)\)/g)) {
    for (const label of labels.split(",").map((each) => each.trim())) {
      assert.ok(all.has(label), `no label ${label}: ${expression}`);
    }
  }
}

describe("deploy/ (no port)", () => {
  it("has a dashboard whose every query asks for what /metrics has", async () => {
    const known = await series();
    const dashboard = JSON.parse(read("deploy/grafana/portico.json")) as {
      uid: string;
      panels: {
        id: number;
        title: string;
        type: string;
        gridPos: { x: number; y: number; w: number; h: number };
        targets?: { expr: string; refId: string }[];
      }[];
      annotations: { list: { expr: string }[] };
      templating: { list: { name: string; query: unknown }[] };
    };
    const { panels } = dashboard;
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length, "ids");
    for (const { title, type, targets = [], gridPos } of panels) {
      assert.equal(targets.length > 0, type !== "row", title);
      assert.ok(gridPos.x + gridPos.w <= 24, title);
      assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
      for (const { expr } of targets) checkExpression(expr, known);
    }
    for (const { expr } of dashboard.annotations.list) checkExpression(expr, known);
    const variables = dashboard.templating.list.map(({ name }) => name);
    const used = new Set(
      [...read("deploy/grafana/portico.json").matchAll(/\$\{?([a-z]+)\b/g)].map((match) => match[1]),
    );
    for (const name of used) assert.ok(name && variables.includes(name), `$${name}`);
    // Two panels in one place hide one another.
    for (const [index, one] of panels.entries()) {
      for (const other of panels.slice(index + 1)) {
        const [a, b] = [one.gridPos, other.gridPos];
        const isApart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        assert.ok(isApart, `${one.title} and ${other.title}`);
      }
    }
  });

  it("has alerts on what /metrics has, each with a severity and what to do", async () => {
    const known = await series();
    const { groups } = yaml("deploy/prometheus/alerts.yml") as unknown as {
      groups: {
        rules: {
          alert: string;
          expr: string;
          for?: string;
          labels: { severity: string };
          annotations: { summary: string; description: string };
        }[];
      }[];
    };
    const rules = groups.flatMap((group) => group.rules);
    assert.ok(rules.length > 10);
    assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
    for (const { alert, expr, for: forTime, labels, annotations } of rules) {
      assert.match(alert, /^Portico[A-Z]\w+$/);
      checkExpression(expr, known);
      assert.ok(forTime === undefined || /^\d+[smh]$/.test(forTime), alert);
      assert.ok(["critical", "warning"].includes(labels.severity), alert);
      assert.match(annotations.summary, /\.$/, alert);
      assert.match(annotations.description, /[.?]$/, alert);
    }
  });

  it("has a Dockerfile that copies what is there, and settings that exist", () => {
    const lines = read("deploy/Dockerfile").replaceAll("\\\n", " ").split("\n");
    const ignored = read("deploy/Dockerfile.dockerignore").split("\n");
    for (const line of lines.filter((each) => each.startsWith("COPY ") && !each.includes("--from="))) {
      for (const path of line.split(/\s+/).slice(1, -1)) {
        assert.ok(existsSync(join(root, path)), `${path} is not there: ${line}`);
        assert.ok(ignored.includes(`!${path.replace("./", "")}`), `${path} is ignored`);
      }
    }
    const stages = lines.flatMap((line) => /^FROM \S+ AS (\w+)/.exec(line)?.[1] ?? []);
    for (const [, stage] of lines.join("\n").matchAll(/--from=(\w+)/g)) {
      assert.ok(stages.includes(stage ?? ""), `${stage} is no stage`);
    }
    assert.equal(lines.filter((line) => line.startsWith("FROM node:26")).length, 3);
    assert.ok(lines.indexOf("USER node") > lines.findLastIndex((line) => line.startsWith("COPY")));
  });

  it("has a health check that finds servers with and without TLS, and says when there is none", async (test) => {
    const instruction = /^HEALTHCHECK .*?CMD (\[.*\])$/m.exec(
      read("deploy/Dockerfile").replaceAll("\\\n", " "),
    );
    const [program, ...args] = JSON.parse(instruction?.[1] ?? "[]") as string[];
    assert.equal(program, "node");
    const directory = testDirectory(test);
    const [certificate, key] = writePair(directory, "server", expiredCertificate);
    const tls = { "http.tls": "true", "tls.certificate": certificate, "tls.key": key };
    const proxies = { "http.proxyProtocol": "true", "http.trustedProxies": "127.0.0.1" };
    const kinds: Readonly<Record<string, string>>[] = [{}, tls, proxies, { ...tls, ...proxies }];
    for (const [index, settings] of kinds.entries()) {
      const server = await ServeProcess.start(join(directory, String(index)), {
        settings: Object.entries(settings).map(([name, value]) => `${name}=${value}`),
      });
      test.after(() => server.stop());
      const address = server.url.replace("http://", "");
      const health = await run(args, { "http.address": address, ...settings });
      assert.deepEqual([health.code, health.output], [0, "ok\n"]);
      const ready = await run([...args, "--ready"], { "http.address": address, ...settings });
      assert.deepEqual([ready.code, ready.output], [0, "ok\n"]);
      await server.stop();
      const gone = await run(args, { "http.address": address, ...settings });
      assert.equal(gone.code, 1);
      assert.match(gone.output, /^portico: https?:\/\/\S+\/livez does not answer: nothing listens there\n$/);
    }
  });

  it("has a health check that says what does not fit", async (test) => {
    const directory = testDirectory(test);
    const [certificate, key] = writePair(directory, "server", localCertificate);
    const tls = { "http.tls": "true", "tls.certificate": certificate, "tls.key": key };
    const plain = await ServeProcess.start(join(directory, "plain"));
    test.after(() => plain.stop());
    const secured = await ServeProcess.start(join(directory, "secured"), {
      settings: Object.entries(tls).map(([name, value]) => `${name}=${value}`),
    });
    test.after(() => secured.stop());
    const lost = await run(["src/main.ts", "health"], {
      "http.address": plain.url.replace("http://", ""),
      ...tls,
    });
    assert.deepEqual([lost.code, lost.output.includes("does not answer: it does not speak TLS")], [1, true]);
    const naked = await run(["src/main.ts", "health"], {
      "http.address": secured.url.replace("http://", ""),
    });
    assert.deepEqual([naked.code, naked.output.includes("answers 400: this port speaks TLS")], [1, true]);
  });

  it("names no setting that does not exist", () => {
    const known = new Set(["PORTICO_CONFIG", ...configKeys.map(({ environmentName }) => environmentName)]);
    const files = ["Dockerfile", "compose.yaml", "portico.service", "README.md"];
    for (const file of files) {
      for (const [name] of read(`deploy/${file}`).matchAll(/\bPORTICO_[A-Z_]+\b/g)) {
        if (name !== "PORTICO_SECTION_KEY") assert.ok(known.has(name), `${name} in ${file}`);
      }
    }
    const keys = new Set(configKeys.map(({ path }) => path));
    for (const path of globSync("deploy/**/*", { cwd: root }).filter((each) =>
      /\.(ya?ml|md|service)$/.test(each),
    )) {
      for (const [name] of read(path).matchAll(
        /\b(?:limits|timeouts|http|packets|tls|engine|admin|metrics|log)\.[a-zA-Z]+\b/g,
      )) {
        const isFile = /\.(ts|md|ya?ml|json|log|service)$/.test(name);
        assert.ok(isFile || keys.has(name), `${name} in ${path}`);
      }
    }
  });

  it("has a compose file that mounts what is there, and keeps the server from what it needs not", () => {
    const compose = yaml("deploy/compose.yaml") as unknown as {
      services: Record<
        string,
        {
          volumes?: string[];
          build?: { dockerfile: string };
          read_only?: boolean;
          cap_drop?: string[];
          depends_on?: object;
        }
      >;
      volumes: Record<string, unknown>;
    };
    for (const [name, service] of Object.entries(compose.services)) {
      for (const volume of service.volumes ?? []) {
        const [source = ""] = volume.split(":");
        if (source.startsWith("."))
          assert.ok(existsSync(join(root, "deploy", source)), `${source} of ${name}`);
        else assert.ok(source in compose.volumes, `${source} of ${name}`);
      }
    }
    const { portico } = compose.services;
    assert.ok(portico?.build && existsSync(join(root, portico.build.dockerfile)));
    assert.deepEqual([portico.read_only, portico.cap_drop], [true, ["ALL"]]);
  });

  it("has configuration for Prometheus and Grafana that can be read", () => {
    const prometheus = yaml("deploy/prometheus/prometheus.yml") as { rule_files: string[] };
    for (const file of prometheus.rule_files) {
      assert.ok(existsSync(join(root, "deploy/prometheus", file)), file);
    }
    for (const path of globSync("deploy/grafana/provisioning/*/*.yml", { cwd: root })) {
      assert.equal(yaml(path).apiVersion, 1, dirname(path));
    }
  });

  it("has a unit for systemd that starts what is there, as nobody in particular", () => {
    const unit = read("deploy/portico.service");
    const command = /^ExecStart=\/usr\/bin\/node .*?(\S+\.ts) serve$/m.exec(unit)?.[1] ?? "";
    assert.ok(existsSync(join(root, command)), command);
    for (const line of [
      "DynamicUser=yes",
      "NoNewPrivileges=yes",
      "ProtectSystem=strict",
      "StateDirectory=portico",
    ]) {
      assert.ok(unit.split("\n").includes(line), line);
    }
    const limit = Number(/^LimitNOFILE=(\d+)$/m.exec(unit)?.[1]);
    const defaults = configKeys.filter(({ path }) => /^(limits|http)\.connections$/.test(path));
    const connections = defaults.reduce((sum, { defaultText }) => sum + Number(defaultText), 0);
    assert.ok(limit > connections, "a file for each connection");
  });
});
