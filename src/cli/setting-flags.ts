import { type Command, Option } from "commander";
import { type ConfigFlag, type LoadedConfig, loadConfig, parseSetFlag } from "./config.ts";
import { configKeys } from "./config-schema.ts";

/** Settings that have a short flag of their own beside the one of their key. */
const SHORT_FLAGS: readonly (readonly [
  flag: string,
  key: string,
  placeholder: string,
  description: string,
])[] = [
  ["--packets", "packets.address", "host:port", "where clients connect"],
  ["--http", "http.address", "host:port", "where HTTP is served"],
  ["--data", "data.directory", "dir", "where accounts and messages are kept"],
  ["--backend", "engine.backend", "backend", "completion port: auto, uring, iocp or libuv"],
];

/** Gives the command a flag for every setting, `--set` and `--config`. */
export function addSettingFlags(command: Command): void {
  command.option("--config <file>", "settings; without it portico.yaml, if it is there");
  for (const [flag, , placeholder, description] of SHORT_FLAGS)
    command.option(`${flag} <${placeholder}>`, description);
  command.option("--set <key=value>", "any setting, for example limits.packet=32KiB; repeatable", collect);
  for (const { flagName, description, defaultText } of configKeys) {
    const option = new Option(`${flagName} <value>`, `${description} (${String(defaultText)})`);
    command.addOption(option.helpGroup("Settings:"));
  }
}

/** The settings that the command's flags, the environment and the file give. Throws ConfigError. */
export function loadSettings(command: Command): LoadedConfig {
  const given = command.opts<Record<string, unknown>>();
  const flags: ConfigFlag[] = [];
  const keyOf = new Map(SHORT_FLAGS.map(([flag, key]) => [flag, key]));
  for (const { path, flagName } of configKeys) keyOf.set(flagName, path);
  for (const option of command.options) {
    const flag = option.long ?? "";
    const value = given[option.attributeName()];
    const key = keyOf.get(flag);
    if (value !== undefined && key !== undefined) flags.push({ flag, key, value });
  }
  const { set = [], config } = command.opts<{ set?: string[]; config?: string }>();
  for (const text of set) flags.push(parseSetFlag("--set", text));
  const fromEnvironment = process.env.PORTICO_CONFIG;
  const file = config ?? (fromEnvironment === "" ? undefined : fromEnvironment);
  return loadConfig({ file, env: process.env, flags });
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
