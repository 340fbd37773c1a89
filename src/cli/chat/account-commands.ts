import {
  type ChatCommand,
  type CommandContext,
  nothing,
  oneWord,
  UsageError,
  wholeNumber,
} from "./command.ts";
import { counted, dateAndTime } from "./line-format.ts";

async function askSecret(question: string, context: CommandContext): Promise<string> {
  if (context.ask === undefined)
    throw new UsageError("passwords are asked for on a terminal only (or use --json)");
  const answer = await context.ask(question, true);
  if (answer === undefined || answer === "") throw new UsageError("nothing was changed");
  return answer;
}

async function setBlocked(isBlocked: boolean, rest: string, context: CommandContext): Promise<void> {
  const name = oneWord(rest, "a name");
  await (isBlocked ? context.port.block(name) : context.port.unblock(name));
  context.note(isBlocked ? `${name} can whisper to you no more` : `${name} can whisper to you again`);
}

export const accountCommands: readonly ChatCommand[] = [
  {
    name: "nick",
    group: "account",
    usage: "[DISPLAY NAME]",
    meaning: "how you are shown beside your name; nothing: only the name",
    run: async (rest, context) => {
      await context.port.setDisplayName(rest.trim());
      context.note(
        rest.trim() === "" ? "you are shown by your name only" : `you are shown as ${rest.trim()}`,
      );
    },
  },
  {
    name: "password",
    group: "account",
    usage: "",
    meaning: "change your password; your other sessions end",
    run: async (rest, context) => {
      nothing(rest);
      const old = await askSecret("your password now: ", context);
      const wanted = await askSecret("your new password: ", context);
      const again = await askSecret("once more: ", context);
      if (wanted !== again) throw new UsageError("the two are not the same; nothing was changed");
      await context.port.changePassword(old, wanted);
      context.note("your password is changed");
    },
  },
  {
    name: "sessions",
    group: "account",
    usage: "",
    meaning: "where you are remembered (/revoke ends one)",
    run: async (rest, context) => {
      nothing(rest);
      const tokens = await context.port.tokens();
      if (tokens.length === 0) context.note("nowhere");
      for (const token of tokens) {
        const mark = token.isCurrent ? "*" : " ";
        const label = token.label === "" ? "" : ` ${token.label}`;
        const used = `last used ${dateAndTime(token.lastUsedMs)} from ${token.address}`;
        context.note(`${mark} ${token.tokenId}${label}, ${used}, until ${dateAndTime(token.expiresMs)}`);
      }
    },
  },
  {
    name: "revoke",
    group: "account",
    usage: "NUMBER | others",
    meaning: "end a session of yours, or all but this",
    completes: [["others"]],
    run: async (rest, context) => {
      const word = oneWord(rest, "a session's number (/sessions), or others");
      const id = word === "others" ? word : wholeNumber(word, "a session's number", 1);
      context.note(`${counted(await context.port.revokeToken(id), "session")} ended`);
    },
  },
  {
    name: "block",
    group: "account",
    usage: "NAME",
    meaning: "take no whispers from somebody",
    completes: ["user"],
    run: (rest, context) => setBlocked(true, rest, context),
  },
  {
    name: "unblock",
    group: "account",
    usage: "NAME",
    meaning: "take them again",
    completes: ["user"],
    run: (rest, context) => setBlocked(false, rest, context),
  },
  {
    name: "blocks",
    group: "account",
    usage: "",
    meaning: "whose whispers you do not take",
    run: async (rest, context) => {
      nothing(rest);
      const names = await context.port.blocks();
      context.note(names.length === 0 ? "nobody is blocked" : `blocked: ${names.join(", ")}`);
    },
  },
  {
    name: "delete-account",
    group: "account",
    usage: "",
    meaning: "end your account for ever; what you said stays, without your name",
    run: async (rest, context) => {
      nothing(rest);
      const password = await askSecret("your password, to end your account for ever: ", context);
      await context.port.deleteAccount(password);
      context.forgetToken();
    },
  },
];
