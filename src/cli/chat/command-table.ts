import { nearestName } from "../../base/nearest-name.ts";
import { accountCommands } from "./account-commands.ts";
import { adminCommands } from "./admin-commands.ts";
import { type ChatCommand, type CommandGroup, nothing, UsageError } from "./command.ts";
import { moderationCommands } from "./moderation-commands.ts";
import { readingCommands } from "./reading-commands.ts";
import { roomCommands } from "./room-commands.ts";
import { talkCommands } from "./talk-commands.ts";
import { padText } from "./text-width.ts";

const groupTitles: Readonly<Record<CommandGroup, string>> = {
  talk: "Talking",
  rooms: "Rooms",
  reading: "Reading",
  moderation: "Moderating a room",
  account: "Your account",
  administration: "Running the server",
  client: "This client",
};

const KEYS: readonly string[] = [
  "Tab completes; Up and Down bring back what was typed; Alt-Enter begins a new line",
  "PageUp, PageDown and End move through the messages; Alt-1 … Alt-9 change the room",
  "Ctrl-A Ctrl-E Ctrl-K Ctrl-U Ctrl-W Ctrl-Y Alt-B Alt-F edit as in a shell; Ctrl-D leaves",
  'anything else is said where you are; to say a line that begins with "/", begin it with "//"',
];

const clientCommands: readonly ChatCommand[] = [
  {
    name: "help",
    group: "client",
    usage: "[COMMAND]",
    meaning: "this list, or more about one command",
    completes: ["command"],
    run: (rest, { note }) => {
      for (const line of helpLines(rest.trim())) note(line);
    },
  },
  {
    name: "quit",
    group: "client",
    usage: "",
    meaning: "leave (Ctrl-D does the same)",
    run: (rest, context) => {
      nothing(rest);
      context.end();
    },
  },
];

export const chatCommands: readonly ChatCommand[] = [
  ...talkCommands,
  ...roomCommands,
  ...readingCommands,
  ...moderationCommands,
  ...accountCommands,
  ...adminCommands,
  ...clientCommands,
];

const byName = new Map(chatCommands.map((command) => [command.name, command]));

/** By its name, without the slash. */
export function findCommand(name: string): ChatCommand | undefined {
  return byName.get(name);
}

/** "/join NAME [PASSWORD]". */
export function usageOf({ name, usage }: ChatCommand): string {
  return `/${name} ${usage}`.trimEnd();
}

/** What to say to a command that there is not. */
export function unknownCommand(name: string): string {
  const nearest = nearestName(
    `/${name}`,
    [...byName.keys()].map((each) => `/${each}`),
  );
  const hint = nearest === undefined ? "/help lists the commands" : `did you mean ${nearest}?`;
  return `there is no /${name}; ${hint} (to say a line that begins with "/", begin it with "//")`;
}

function helpLines(name: string): string[] {
  if (name !== "") {
    const command = findCommand(name.replace(/^\//, ""));
    if (command === undefined) throw new UsageError(unknownCommand(name.replace(/^\//, "")));
    return [`${usageOf(command)}: ${command.meaning}`, ...(command.details ?? []).map((line) => `  ${line}`)];
  }
  const lines: string[] = [];
  for (const [group, title] of Object.entries(groupTitles)) {
    lines.push(`${title}:`);
    for (const command of chatCommands) {
      if (command.group === group) lines.push(`  ${padText(usageOf(command), 32)} ${command.meaning}`);
    }
  }
  return [...lines, ...KEYS];
}
