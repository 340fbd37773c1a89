import { isDeepStrictEqual } from "node:util";
import { stringify } from "yaml";
import { nearestName } from "../base/nearest-name.ts";
import { type FileValue, readConfigFile } from "./config-file.ts";
import {
  type ConfigKey,
  configKeys,
  configSchema,
  configSections,
  type PorticoConfig,
} from "./config-schema.ts";
import { show } from "./config-value.ts";

export type { PorticoConfig } from "./config-schema.ts";

/** Read, if it is there, when no other file is asked for. */
export const DEFAULT_CONFIG_FILE = "portico.yaml";

/** Variables with our prefix that are no settings. */
const OTHER_ENVIRONMENT = new Set(["PORTICO_CONFIG", "PORTICO_PASSWORD"]);

/** A mistake and where it was made. */
export interface ConfigProblem {
  /** "portico.yaml:3", "environment PORTICO_LOG_LEVEL", "flag --log-level" */
  readonly where: string;
  readonly message: string;
}

/** The configuration makes no sense; all that is wrong with it at once. CLI exit code 2. */
export class ConfigError extends Error {
  readonly code = "CONFIG";
  readonly problems: readonly ConfigProblem[];
  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ where, message }) => `  ${where}: ${message}`);
    const count = problems.length === 1 ? "a mistake" : `${problems.length} mistakes`;
    super(`the configuration has ${count}:\n${lines.join("\n")}`);
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** A setting from the command line. */
export interface ConfigFlag {
  /** As it was written: "--listen". */
  readonly flag: string;
  /** The key's path: "packets.address". */
  readonly key: string;
  readonly value: unknown;
}

export interface LoadConfigOptions {
  /** Must exist. undefined: DEFAULT_CONFIG_FILE in the working directory, if it is there. */
  readonly file?: string | undefined;
  /** Usually process.env. Each PORTICO_… in it must be a setting; an empty one counts as unset. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags?: readonly ConfigFlag[];
}

export interface LoadedConfig {
  readonly config: PorticoConfig;
  /** By key path: "default", "file portico.yaml:3", "environment NAME" or "flag --x". */
  readonly sources: ReadonlyMap<string, string>;
}

/** Defaults < file < environment < flags. Throws ConfigError with everything that is wrong. */
export function loadConfig(options: LoadConfigOptions): LoadedConfig {
  const collected = new CollectedValues();
  for (const { path, defaultText } of configKeys) collected.set(path, defaultText, "default");
  collectFile(collected, options.file);
  collectEnvironment(collected, options.env);
  collectFlags(collected, options.flags ?? []);
  return collected.finish();
}

/** A flag that sets any key: "limits.packet=32KiB". Throws ConfigError when there is no "=". */
export function parseSetFlag(flag: string, text: string): ConfigFlag {
  const at = text.indexOf("=");
  if (at < 1) {
    throw new ConfigError([
      { where: `flag ${flag}`, message: `${show(text)} is not KEY=VALUE, for example limits.packet=32KiB` },
    ]);
  }
  return { flag, key: text.slice(0, at).trim(), value: text.slice(at + 1).trim() };
}

/** The settings as a file that would give them again, each with where it came from. */
export function formatConfig({ config, sources }: LoadedConfig): string {
  const lines: string[] = [];
  let section = "";
  for (const key of configKeys) {
    if (key.section !== section) {
      section = key.section;
      lines.push(`${section}:`);
    }
    const setting = `  ${key.name}: ${stringify(key.format(valueOf(config, key))).trim()}`;
    lines.push(`${setting.padEnd(44)} # ${sources.get(key.path) ?? "default"}`);
  }
  return `${lines.join("\n")}\n`;
}

/** The paths of the settings that differ. */
export function changedKeys(before: PorticoConfig, after: PorticoConfig): readonly string[] {
  const changed = configKeys.filter((key) => !isDeepStrictEqual(valueOf(before, key), valueOf(after, key)));
  return changed.map(({ path }) => path);
}

class CollectedValues {
  readonly #problems: ConfigProblem[] = [];
  readonly #values = new Map<
    string,
    { readonly value: unknown; readonly source: string; readonly where: string }
  >();

  /** `where` is for messages; sources that need no other word for it leave it out. */
  set(path: string, value: unknown, source: string, where: string = source): void {
    this.#values.set(path, { value, source, where });
  }

  addProblem(where: string, message: string): void {
    this.#problems.push({ where, message });
  }

  finish(): LoadedConfig {
    const raw: Record<string, Record<string, unknown>> = {};
    for (const { path, section, name } of configKeys) {
      raw[section] ??= {};
      raw[section][name] = this.#values.get(path)?.value;
    }
    const parsed = configSchema.safeParse(raw);
    for (const issue of parsed.error?.issues ?? []) {
      const path = issue.path.join(".");
      this.addProblem(this.#values.get(path)?.where ?? "default", `${path} ${issue.message}`);
    }
    if (this.#problems.length > 0 || parsed.data === undefined) throw new ConfigError(this.#problems);
    const sources = new Map([...this.#values].map(([path, { source }]) => [path, source]));
    return { config: parsed.data, sources };
  }
}

function collectFile(collected: CollectedValues, given: string | undefined): void {
  const file = given ?? DEFAULT_CONFIG_FILE;
  const content = readConfigFile(file);
  if (content === undefined) {
    if (given !== undefined) collected.addProblem(file, "there is no such file");
    return;
  }
  for (const { where, message } of content.problems) collected.addProblem(where, message);
  for (const fileValue of content.values) {
    const mistake = mistakeIn(fileValue);
    if (mistake !== undefined) collected.addProblem(fileValue.where, mistake);
    // A section or key with nothing after its colon is as good as absent.
    else if (fileValue.name !== undefined && fileValue.value !== null) {
      const path = `${fileValue.section}.${fileValue.name}`;
      collected.set(path, fileValue.value, `file ${fileValue.where}`, fileValue.where);
    }
  }
}

/** What is wrong with the place of a value in the file. */
function mistakeIn({ section, name, value }: FileValue): string | undefined {
  if (!configSections.includes(section)) {
    if (name === undefined && findKey(section) !== undefined) {
      const key = findKey(section);
      return `${section} is written as ${key?.name} below "${key?.section}:"`;
    }
    const nearest = nearestName(section, configSections);
    return `there is no section ${show(section)}${nearest === undefined ? `; there are ${configSections.join(", ")}` : didYouMean(nearest)}`;
  }
  if (name === undefined) {
    return value === null ? undefined : `${section} is ${show(value)}; expected a group of keys`;
  }
  const path = `${section}.${name}`;
  return findKey(path) === undefined ? unknownKey(path) : undefined;
}

function collectEnvironment(collected: CollectedValues, env: LoadConfigOptions["env"]): void {
  const byName = new Map(configKeys.map((key) => [key.environmentName, key]));
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith("PORTICO_") || OTHER_ENVIRONMENT.has(name) || value === undefined) continue;
    const key = byName.get(name);
    const source = `environment ${name}`;
    if (key === undefined) {
      const nearest = nearestName(name, byName.keys());
      collected.addProblem(source, `there is no such setting${didYouMean(nearest)}`);
    } else if (value !== "") {
      collected.set(key.path, value, source);
    }
  }
}

function collectFlags(collected: CollectedValues, flags: readonly ConfigFlag[]): void {
  for (const { flag, key, value } of flags) {
    if (value === undefined) continue;
    const source = `flag ${flag}`;
    if (findKey(key) === undefined) collected.addProblem(source, unknownKey(key));
    else collected.set(key, value, source);
  }
}

function findKey(path: string): ConfigKey | undefined {
  return configKeys.find((key) => key.path === path);
}

function unknownKey(path: string): string {
  const name = path.slice(path.indexOf(".") + 1).toLowerCase();
  const nearest =
    nearestName(
      path,
      configKeys.map((key) => key.path),
    ) ?? configKeys.find((key) => key.name.toLowerCase() === name)?.path;
  return `there is no key ${path}${didYouMean(nearest)}`;
}

function didYouMean(nearest: string | undefined): string {
  return nearest === undefined ? "" : `; did you mean ${nearest}?`;
}

function valueOf(config: PorticoConfig, { section, name }: ConfigKey): unknown {
  const group = Object.entries(config).find(([each]) => each === section)?.[1] ?? {};
  return Object.entries(group).find(([each]) => each === name)?.[1];
}
