import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import type { Command } from "commander";
import { DURATION_FORMAT, parseDuration } from "../../base/duration.ts";
import { nearestName } from "../../base/nearest-name.ts";
import { CliError, EXIT_USAGE } from "../cli-error.ts";
import { printError } from "../standard-streams.ts";
import {
  adminFlags,
  type AdminFlags,
  columns,
  isRow,
  nothing,
  numberFlag,
  rowsOf,
  runOperation,
  showFields,
  withAdmin,
} from "./admin-command.ts";

const PAGE = 1000;

/** `portico room …` */
export function addRoomCommand(program: Command): void {
  const room = program
    .command("room")
    .description("rooms: list, set, export, delete (also while the server runs)");
  adminFlags(room.command("list").description("rooms that anybody may find, by name"))
    .option("--after <name>", "only names after this one", "")
    .addOption(numberFlag("--limit <count>", "how many", 1, 100).default(100))
    .action(async (flags: AdminFlags & { after: string; limit: number }) => {
      const { after, limit } = flags;
      await runOperation(
        flags,
        "room.list",
        { after, limit },
        columns([
          ["NAME", "name"],
          ["KIND", "kind"],
          ["ACCESS", "access"],
          ["PRESENT", "memberCount"],
          ["NEWEST", "lastOffset"],
          ["ARCHIVED", "archived"],
          ["TOPIC", "topic"],
        ]),
      );
    });
  adminFlags(room.command("show").description("one room's settings").argument("<name>")).action(
    async (name: string, flags: AdminFlags) => {
      await runOperation(flags, "room.show", { name }, showFields);
    },
  );
  adminFlags(
    room
      .command("set")
      .description(`change settings, as key=value: ${Object.keys(SETTINGS).join(", ")}`)
      .argument("<name>")
      .argument("<key=value...>"),
  ).action(async (name: string, changes: string[], flags: AdminFlags) => {
    const change = Object.fromEntries(changes.map(settingOf));
    await runOperation(flags, "room.set", { name, change }, nothing);
  });
  adminFlags(
    room.command("delete").description("delete a room and everything in it, for ever").argument("<name>"),
  ).action(async (name: string, flags: AdminFlags) => {
    await runOperation(flags, "room.delete", { name }, nothing);
  });
  adminFlags(
    room
      .command("export")
      .description("write a room's messages as JSON Lines, the oldest first")
      .argument("<name>")
      .argument("[file]", "without it, standard output"),
  ).action(exportRoom);
}

/** Page by page, so that a room of any size needs little memory. */
async function exportRoom(name: string, file: string | undefined, flags: AdminFlags): Promise<void> {
  const count = await withAdmin(flags, async (access) => {
    let output = 1;
    try {
      if (file !== undefined) output = openSync(file, "wx", 0o600);
    } catch (error) {
      throw new CliError(`${file ?? ""} cannot be made: ${error instanceof Error ? error.message : ""}`);
    }
    try {
      let written = 0;
      let after = 0;
      for (;;) {
        const page = await access.run("room.page", { name, after, limit: PAGE });
        const messages = rowsOf(isRow(page) ? page.messages : []);
        for (const message of messages) writeSync(output, `${JSON.stringify(message)}\n`);
        written += messages.length;
        after = Number(messages.at(-1)?.offset ?? after);
        if (messages.length < PAGE) return written;
      }
    } finally {
      if (file !== undefined) {
        fsyncSync(output);
        closeSync(output);
      }
    }
  });
  printError(
    `${count} ${count === 1 ? "entry" : "entries"}${file === undefined ? "" : ` written to ${file}`}`,
  );
}

const SETTINGS: Readonly<Record<string, (text: string) => unknown>> = {
  name: (text) => text,
  topic: (text) => text,
  access: oneOf("public", "private"),
  archived: (text) => oneOf("true", "false")(text) === "true",
  slowModeMs: duration,
  slowReader: oneOf("disconnect", "skipToLatest", "catchUp"),
  retentionAgeMs: duration,
  retentionCount: (text) => {
    if (!/^\d{1,15}$/.test(text)) throw new CliError(`expected a whole number, got "${text}"`, EXIT_USAGE);
    return Number(text);
  },
};

function settingOf(text: string): [string, unknown] {
  const [key = "", ...rest] = text.split("=");
  const name = Object.keys(SETTINGS).find((each) => each === key || each === `${key}Ms`);
  if (name === undefined || rest.length === 0) {
    const nearest = nearestName(key, Object.keys(SETTINGS));
    const hint = nearest === undefined ? Object.keys(SETTINGS).join(", ") : `did you mean ${nearest}?`;
    throw new CliError(`"${text}" is no setting as key=value (${hint})`, EXIT_USAGE);
  }
  return [name, SETTINGS[name]?.(rest.join("="))];
}

function duration(text: string): number {
  const ms = text === "0" ? 0 : parseDuration(text);
  if (ms === undefined) throw new CliError(`expected ${DURATION_FORMAT}, got "${text}"`, EXIT_USAGE);
  return ms;
}

function oneOf(...choices: readonly string[]): (text: string) => string {
  return (text) => {
    if (choices.includes(text)) return text;
    throw new CliError(`expected ${choices.join(" or ")}, got "${text}"`, EXIT_USAGE);
  };
}
