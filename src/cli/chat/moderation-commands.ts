import { formatDuration } from "../../base/duration.ts";
import type { ModerateAction, RoomRole, Sanction } from "./chat-port.ts";
import {
  type ChatCommand,
  type CommandContext,
  currentRoom,
  durationOf,
  isDuration,
  nothing,
  splitWord,
  UsageError,
  wordsOf,
} from "./command.ts";
import { dateAndTime } from "./line-format.ts";

/** "NAME [TIME] [REASON]". */
export interface Verdict {
  readonly name: string;
  /** 0: until it is taken back. */
  readonly durationMs: number;
  readonly reason: string;
}

export function readVerdict(rest: string): Verdict {
  const [name, more] = splitWord(rest);
  if (name === "") throw new UsageError("it takes a name, a time such as 10m, and a reason");
  const [first, others] = splitWord(more);
  return isDuration(first)
    ? { name, durationMs: durationOf(first), reason: others }
    : { name, durationMs: 0, reason: more };
}

export function describeSanction({ subject, kind, untilMs, reason, by }: Sanction): string {
  const until = untilMs === 0 ? "" : ` until ${dateAndTime(untilMs)}`;
  const why = reason === "" ? "" : `: ${reason}`;
  return `${subject} is ${kind === "ban" ? "banned" : "muted"}${until} by ${by}${why}`;
}

async function moderate(
  action: ModerateAction,
  done: string,
  rest: string,
  context: CommandContext,
): Promise<void> {
  const { name, durationMs, reason } = readVerdict(rest);
  const room = currentRoom(context);
  await context.port.moderate(room.roomId, name, action, { durationMs, reason });
  const howLong = durationMs === 0 ? "" : ` for ${formatDuration(durationMs)}`;
  context.note(`${name} ${done}${howLong}`);
}

function verdictCommand(name: ModerateAction, usage: string, meaning: string, done: string): ChatCommand {
  return {
    name,
    group: "moderation",
    usage,
    meaning,
    completes: ["user"],
    run: (rest, context) => moderate(name, done, rest, context),
  };
}

const ROLES: readonly RoomRole[] = ["moderator", "owner", "member"];

export const moderationCommands: readonly ChatCommand[] = [
  verdictCommand("kick", "NAME [REASON]", "take somebody out of this room; they may come back", "is out"),
  verdictCommand("mute", "NAME [TIME] [REASON]", "let somebody not speak here", "may not speak here"),
  verdictCommand("unmute", "NAME", "let somebody speak again", "may speak again"),
  verdictCommand("ban", "NAME [TIME] [REASON]", "take somebody out, not to come back", "may not come in"),
  verdictCommand("unban", "NAME", "let somebody come in again", "may come in again"),
  {
    name: "role",
    group: "moderation",
    usage: "NAME moderator|owner|member",
    meaning: "give somebody a role in this room",
    completes: ["user", ROLES],
    run: async (rest, context) => {
      const [name, written, ...more] = wordsOf(rest);
      const role = ROLES.find((each) => each === written);
      if (name === undefined || role === undefined || more.length > 0) {
        throw new UsageError("it takes a name, and moderator, owner or member");
      }
      await context.port.setRole(currentRoom(context).roomId, name, role);
      context.note(`${name} is ${role} now`);
    },
  },
  {
    name: "sanctions",
    group: "moderation",
    usage: "",
    meaning: "who is muted or banned in this room",
    run: async (rest, context) => {
      nothing(rest);
      const { sanctions } = await context.port.sanctions(currentRoom(context).roomId);
      if (sanctions.length === 0) context.note("nobody");
      for (const sanction of sanctions) context.note(describeSanction(sanction));
    },
  },
];
