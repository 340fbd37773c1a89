import { resolve } from "node:path";
import type { Command } from "commander";
import { CliError, EXIT_USAGE } from "../cli-error.ts";
import { printLine } from "../standard-streams.ts";
import {
  adminFlags,
  type AdminFlags,
  cell,
  columns,
  dataDirectory,
  durationFlag,
  isRow,
  nothing,
  numberFlag,
  runOperation,
} from "./admin-command.ts";

const LEVELS = ["none", "no-new-accounts", "no-guests", "registered-only"];

/** `portico address | lockdown | invite | audit | sanctions | backup | restore` */
export function addServerCommands(program: Command): void {
  addAddress(program);
  addModeration(program);
  addBackup(program);
}

function addAddress(program: Command): void {
  const address = program.command("address").description("ban address ranges (also while the server runs)");
  adminFlags(
    address.command("ban").description("nobody may log in from it; sessions end").argument("<range>"),
  )
    .addOption(durationFlag("--for <duration>", "how long; without it for ever"))
    .option("--reason <text>", "for the audit log", "")
    .action(async (cidr: string, flags: AdminFlags & { for?: number; reason: string }) => {
      const { reason, for: durationMs = 0 } = flags;
      await runOperation(flags, "address.ban", { cidr, durationMs, reason }, nothing);
    });
  adminFlags(address.command("unban").description("lift the ban").argument("<range>")).action(
    async (cidr: string, flags: AdminFlags) => {
      await runOperation(flags, "address.ban", { cidr, lift: true }, nothing);
    },
  );
}

function addModeration(program: Command): void {
  adminFlags(
    program
      .command("lockdown")
      .description("take less than usual, for now")
      .argument("<level>", LEVELS.join(", ")),
  ).action(async (text: string, flags: AdminFlags) => {
    const level = LEVELS.indexOf(text);
    if (level < 0) throw new CliError(`expected ${LEVELS.join(", ")}, got "${text}"`, EXIT_USAGE);
    await runOperation(flags, "lockdown", { level }, nothing);
  });
  adminFlags(program.command("invite").description("make an invitation code for new accounts"))
    .addOption(numberFlag("--uses <count>", "accounts it is good for", 1, 1000).default(1))
    .addOption(durationFlag("--for <duration>", "how long it is good; without it a week"))
    .action(async (flags: AdminFlags & { uses: number; for?: number }) => {
      const { uses, for: durationMs = 0 } = flags;
      await runOperation(flags, "invite", { uses, durationMs }, (result) =>
        isRow(result) ? [`${cell(result, "code")}   good until ${cell(result, "expiresMs")}`] : [],
      );
    });
  adminFlags(program.command("audit").description("who did what to whom, the newest first"))
    .addOption(numberFlag("--before <id>", "only entries before this one", 0, Number.MAX_SAFE_INTEGER))
    .addOption(numberFlag("--limit <count>", "how many", 1, 500).default(50))
    .action(async (flags: AdminFlags & { before?: number; limit: number }) => {
      const { before = 0, limit } = flags;
      await runOperation(
        flags,
        "audit",
        { before, limit },
        columns([
          ["ID", "id"],
          ["TIME", "timeMs"],
          ["WHO", "actor"],
          ["WHAT", "action"],
          ["WHOM", "subject"],
          ["ROOM", "room"],
          ["DETAIL", "detail"],
        ]),
      );
    });
  adminFlags(program.command("sanctions").description("who is muted or banned now"))
    .option("--room <name>", "in a room; without it everywhere")
    .action(async (flags: AdminFlags & { room?: string }) => {
      const args = flags.room === undefined ? {} : { room: flags.room };
      await runOperation(
        flags,
        "sanctions",
        args,
        columns([
          ["WHOM", "subject"],
          ["KIND", "kind"],
          ["UNTIL", "untilMs"],
          ["BY", "by"],
          ["REASON", "reason"],
        ]),
      );
    });
}

function addBackup(program: Command): void {
  adminFlags(
    program
      .command("backup")
      .description("copy all data into a new file, also while the server runs")
      .argument("<file>"),
  ).action(async (file: string, flags: AdminFlags) => {
    const path = resolve(file);
    await runOperation(flags, "backup", { path }, () => [`everything is in ${path}`]);
  });
  adminFlags(
    program
      .command("restore")
      .description("put a backup where the data is; the server must not run")
      .argument("<file>"),
  )
    .option("--replace", "move data that is there aside", false)
    .action(async (file: string, flags: AdminFlags & { replace: boolean }) => {
      const { restoreBackup } = await import("../../chat/store/sqlite/restore.ts");
      const directory = dataDirectory(flags);
      const facts = restoreBackup(resolve(file), directory, { replace: flags.replace });
      if (flags.json === true) printLine(JSON.stringify(facts));
      else {
        const { accounts, rooms, messages } = facts;
        printLine(`restored to ${directory}: ${accounts} accounts, ${rooms} rooms, ${messages} messages`);
      }
    });
}
