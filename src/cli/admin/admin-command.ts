import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { AdminAccess } from "../../admin/admin-access.ts";
import type { AdminOperationName } from "../../admin/admin-operations.ts";
import { DURATION_FORMAT, parseDuration } from "../../base/duration.ts";
import { CliError } from "../cli-error.ts";
import { loadConfig } from "../config.ts";
import { printLine } from "../standard-streams.ts";

/** What every command of administration takes. */
export interface AdminFlags {
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** Adds --data, --config and --json. */
export function adminFlags(command: Command): Command {
  return command
    .option("--data <dir>", "the server's data directory; default as for serve")
    .option("--config <file>", "settings; without it portico.yaml, if it is there")
    .option("--json", "print the answer as JSON", false);
}

/** The data directory that `serve` would use with these flags. Throws ConfigError. */
export function dataDirectory({ data, config }: AdminFlags): string {
  const flags = data === undefined ? [] : [{ flag: "--data", key: "data.directory", value: data }];
  return loadConfig({ file: config, env: process.env, flags }).config.data.directory;
}

/** Runs `work` with the server that runs on the data, or else with the data itself. */
export async function withAdmin<Result>(
  flags: AdminFlags,
  work: (access: AdminAccess) => Promise<Result>,
  mayMake = false,
): Promise<Result> {
  const directory = dataDirectory(flags);
  if (!mayMake && !existsSync(join(directory, "portico.db"))) {
    throw new CliError(`${directory} has no Portico data; --data DIR says where it is`);
  }
  const { openAdminAccess } = await import("../../admin/admin-access.ts");
  const access = await openAdminAccess(directory);
  try {
    return await work(access);
  } catch (error) {
    throw refusalOf(error);
  } finally {
    await access.close();
  }
}

/** Runs one operation and prints what `show` makes of its result, or the result as JSON. */
export async function runOperation(
  flags: AdminFlags,
  name: AdminOperationName,
  args: object,
  show: (result: unknown) => readonly string[],
  mayMake = false,
): Promise<void> {
  const result = await withAdmin(flags, (access) => access.run(name, args), mayMake);
  if (flags.json === true) printLine(JSON.stringify(result));
  else for (const line of show(result)) printLine(line);
}

const REFUSALS = new Set(["AdminError", "ConsoleError", "ControlError", "PasswordBusyError"]);

/** What an operation was refused with, as one line; 2 where what was asked for makes no sense. */
function refusalOf(error: unknown): unknown {
  if (!(error instanceof Error) || !REFUSALS.has(error.name)) return error;
  const code = "code" in error ? String(error.code) : "";
  const prefix = code === "" || code.startsWith("ADMIN_") ? "" : `${code}: `;
  return new CliError(`${prefix}${error.message}`, code === "ADMIN_USAGE" ? 2 : 1, { cause: error });
}

/** A flag that takes a duration, as milliseconds. */
export function durationFlag(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) => {
    const ms = parseDuration(text);
    if (ms === undefined) throw new InvalidArgumentError(`Expected ${DURATION_FORMAT}.`);
    return ms;
  });
}

/** A flag that takes a whole number. */
export function numberFlag(flags: string, description: string, least: number, most: number): Option {
  return new Option(flags, `${description} (${least} … ${most})`).argParser((text: string) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    }
    return value;
  });
}

/** A result's rows under their headings, in columns. */
function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  return [headings, ...rows].map((row) =>
    row
      .map((content, column) => content.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** A row of a result, whose fields are read by name. */
export type Row = Readonly<Record<string, unknown>>;

export function rowsOf(result: unknown): readonly Row[] {
  return Array.isArray(result) ? result.filter(isRow) : [];
}

export function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null;
}

/** A field as text: times as ISO 8601, nothing as "". */
export function cell(row: Row, key: string): string {
  const value = row[key];
  if (value === undefined || value === null || value === "" || value === false) return "";
  if (key.endsWith("Ms") && typeof value === "number") return timeText(value);
  if (value === true) return "yes";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function timeText(ms: number): string {
  if (ms === 0) return "";
  return ms >= Number.MAX_SAFE_INTEGER ? "for ever" : new Date(ms).toISOString();
}

export const nothing = (): readonly string[] => [];

/** Shows a list of rows in columns: of each its heading and the field that it has. */
export function columns(
  fields: readonly (readonly [heading: string, key: string])[],
): (result: unknown) => readonly string[] {
  const headings = fields.map(([heading]) => heading);
  return (result) =>
    table(
      headings,
      rowsOf(result).map((row) => fields.map(([, key]) => cell(row, key))),
    );
}

/** Shows one row, a field a line. */
export function showFields(result: unknown): readonly string[] {
  return isRow(result) ? Object.keys(result).map((key) => `${key.padEnd(16)} ${cell(result, key)}`) : [];
}
