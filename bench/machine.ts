import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { benchPath, isInstalled } from "./servers.ts";

/** Where a run took place and what ran. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly versions: Readonly<Record<string, string>>;
}

export function describeMachine(): Machine {
  const versions: Record<string, string> = {
    node: process.versions.node,
    portico: packageVersion("../package.json"),
  };
  for (const name of ["bun", "ws", "socket.io"]) {
    if (isInstalled(name)) versions[name] = packageVersion(`node_modules/${name}/package.json`);
  }
  const commit = currentCommit();
  if (commit !== undefined) versions["commit"] = commit;
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    versions,
  };
}

function packageVersion(relative: string): string {
  return (JSON.parse(readFileSync(benchPath(relative), "utf8")) as { version: string }).version;
}

/** Undefined outside a git checkout. */
function currentCommit(): string | undefined {
  try {
    return execFileSync("git", ["-C", benchPath("."), "rev-parse", "--short", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return undefined;
  }
}

export function machineLine(machine: Machine): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}; ${versions.join(", ")}`;
}
