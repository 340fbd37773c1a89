import type { Command } from "commander";
import { CliError, EXIT_USAGE } from "../cli-error.ts";
import {
  adminFlags,
  type AdminFlags,
  columns,
  durationFlag,
  nothing,
  numberFlag,
  runOperation,
  showFields,
} from "./admin-command.ts";

const ACTIONS: readonly (readonly [action: string, description: string, takesTime: boolean])[] = [
  ["kick", "end the user's sessions", false],
  ["mute", "the user may not speak", true],
  ["unmute", "the user may speak again", false],
  ["ban", "the user may not log in; sessions end", true],
  ["unban", "the user may log in again", false],
  ["promote", "make the user an administrator", false],
  ["demote", "make the user no administrator", false],
  ["delete", "delete the account for ever; what it said stays, without its name", false],
];

/** `portico user …` */
export function addUserCommand(program: Command): void {
  const user = program
    .command("user")
    .description("accounts: list, add, ban, … (also while the server runs)");
  adminFlags(user.command("list").description("accounts, by name"))
    .option("--after <name>", "only names after this one", "")
    .addOption(numberFlag("--limit <count>", "how many", 1, 500).default(100))
    .action(async (flags: AdminFlags & { after: string; limit: number }) => {
      const { after, limit } = flags;
      await runOperation(
        flags,
        "user.list",
        { after, limit },
        columns([
          ["NAME", "name"],
          ["SHOWN AS", "displayName"],
          ["ADMIN", "isAdmin"],
          ["CREATED", "createdMs"],
          ["MUTED UNTIL", "mutedUntilMs"],
          ["BANNED UNTIL", "bannedUntilMs"],
        ]),
      );
    });
  adminFlags(user.command("show").description("one account").argument("<name>")).action(
    async (name: string, flags: AdminFlags) => {
      await runOperation(flags, "user.show", { name }, showFields);
    },
  );
  adminFlags(user.command("add").description("make an account; the password is asked for").argument("<name>"))
    .option("--admin", "an administrator", false)
    .action(async (name: string, flags: AdminFlags & { admin: boolean }) => {
      const password = await newPassword();
      const done = (): string[] => [`${name} can log in`];
      await runOperation(flags, "user.add", { name, password, isAdmin: flags.admin }, done, true);
    });
  adminFlags(
    user.command("password").description("set another password; it is asked for").argument("<name>"),
  ).action(async (name: string, flags: AdminFlags) => {
    const password = await newPassword();
    await runOperation(flags, "user.password", { name, password }, nothing);
  });
  for (const [action, description, takesTime] of ACTIONS) {
    const command = adminFlags(user.command(action).description(description).argument("<name>"));
    command.option("--reason <text>", "for the audit log, and for the user", "");
    if (takesTime) command.addOption(durationFlag("--for <duration>", "how long; without it for ever"));
    command.action(async (name: string, flags: AdminFlags & { reason: string; for?: number }) => {
      const args = { name, action, durationMs: flags.for ?? 0, reason: flags.reason };
      await runOperation(flags, "user.act", args, nothing);
    });
  }
}

/** From PORTICO_PASSWORD, or asked for twice on the terminal. */
async function newPassword(): Promise<string> {
  const given = process.env.PORTICO_PASSWORD;
  if (given !== undefined && given !== "") return given;
  if (!process.stdin.isTTY) {
    throw new CliError("there is no terminal to ask for the password: set PORTICO_PASSWORD", EXIT_USAGE);
  }
  const { ask } = await import("../password-prompt.ts");
  const password = await ask("password: ", true);
  if ((await ask("again: ", true)) !== password) throw new CliError("the two passwords differ", EXIT_USAGE);
  return password;
}
