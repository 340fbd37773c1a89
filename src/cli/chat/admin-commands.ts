import { nearestName } from "../../base/nearest-name.ts";
import type { AdminUserAction, LockdownLevel } from "./chat-port.ts";
import {
  type ChatCommand,
  type CommandContext,
  durationOf,
  isDuration,
  oneWord,
  splitWord,
  UsageError,
  wholeNumber,
  wordsOf,
} from "./command.ts";
import { dateAndTime } from "./line-format.ts";
import { describeSanction, readVerdict } from "./moderation-commands.ts";

const USER_ACTIONS: ReadonlyMap<string, AdminUserAction> = new Map([
  ["kick", "kick"],
  ["mute", "mute"],
  ["unmute", "unmute"],
  ["ban", "ban"],
  ["unban", "unban"],
  ["promote", "promote"],
  ["demote", "demote"],
  ["delete", "delete"],
  ["password", "setPassword"],
]);

const LOCKDOWN_LEVELS: ReadonlyMap<string, LockdownLevel> = new Map([
  ["none", "none"],
  ["no-new-accounts", "noNewAccounts"],
  ["no-guests", "noGuests"],
  ["registered-only", "registeredOnly"],
]);

const parts: Readonly<Record<string, (rest: string, context: CommandContext) => Promise<void>>> = {
  user: adminUser,
  address: async (rest, { port, note }) => {
    const [action, more] = splitWord(rest);
    if (action !== "ban" && action !== "lift")
      throw new UsageError("address takes ban or lift, and an address range");
    const { name: cidr, durationMs, reason } = readVerdict(more);
    await port.adminAddress(cidr, { lift: action === "lift", durationMs, reason });
    note(action === "lift" ? `${cidr} may connect again` : `${cidr} may not connect`);
  },
  lockdown: async (rest, { port, note }) => {
    const word = oneWord(rest, [...LOCKDOWN_LEVELS.keys()].join(", "));
    const level = LOCKDOWN_LEVELS.get(word);
    if (level === undefined) throw new UsageError(`lockdown takes ${[...LOCKDOWN_LEVELS.keys()].join(", ")}`);
    await port.adminLockdown(level);
    note(level === "none" ? "the server is open" : `lockdown: ${word}`);
  },
  invite: async (rest, { port, note }) => {
    const words = wordsOf(rest);
    const time = words.find(isDuration);
    const [uses, ...more] = words.filter((word) => word !== time);
    if (more.length > 0) throw new UsageError("invite takes how often it may be used, and for how long");
    const { invitationCode, expiresMs } = await port.adminInvitation({
      ...(uses === undefined ? {} : { uses: wholeNumber(uses, "a number from 1 to 1000", 1, 1000) }),
      ...(time === undefined ? {} : { durationMs: durationOf(time) }),
    });
    note(`invitation code, shown only now: ${invitationCode} (until ${dateAndTime(expiresMs)})`);
  },
  audit: async (rest, { port, note }) => {
    const [count = "20", ...more] = wordsOf(rest);
    if (more.length > 0) throw new UsageError("audit takes a count");
    const { entries } = await port.adminAudit({
      limit: wholeNumber(count, "a number from 1 to 100", 1, 100),
    });
    for (const { timeMs, actor, action, subject, room, detail } of entries.toReversed()) {
      const words = [dateAndTime(timeMs), actor, action, subject, room === "" ? "" : `in ${room}`, detail];
      note(words.filter((word) => word !== "").join(" "));
    }
    if (entries.length === 0) note("the audit log is empty");
  },
  sanctions: async (rest, { port, note }) => {
    if (rest.trim() !== "") throw new UsageError("sanctions takes nothing");
    const { sanctions } = await port.adminSanctions();
    if (sanctions.length === 0) note("nobody is muted or banned");
    for (const sanction of sanctions) note(describeSanction(sanction));
  },
};

async function adminUser(rest: string, { port, note, ask }: CommandContext): Promise<void> {
  const [word, more] = splitWord(rest);
  const action = USER_ACTIONS.get(word);
  if (action === undefined)
    throw new UsageError(`user takes ${[...USER_ACTIONS.keys()].join(", ")}, and a name`);
  const { name, durationMs, reason } = readVerdict(more);
  if (action === "setPassword") {
    if (ask === undefined) throw new UsageError("passwords are asked for on a terminal only (or use --json)");
    const password = await ask(`new password of ${name}: `, true);
    if (password === undefined || password === "") throw new UsageError("nothing was changed");
    await port.adminUser(name, action, { password });
  } else {
    await port.adminUser(name, action, { durationMs, reason });
  }
  note(`${word} ${name}: done`);
}

export const adminCommands: readonly ChatCommand[] = [
  {
    name: "admin",
    group: "administration",
    usage: "user|address|lockdown|invite|audit|sanctions …",
    meaning: "run the server",
    details: [
      "user kick|mute|ban|unmute|unban|promote|demote|delete|password NAME [TIME] [REASON]",
      "address ban|lift RANGE [TIME] [REASON]       such as 192.0.2.0/24",
      "lockdown none|no-new-accounts|no-guests|registered-only",
      "invite [USES] [TIME]                         a code for new accounts",
      "audit [COUNT]                                who did what",
      "sanctions                                    who is muted or banned on the server",
    ],
    completes: [Object.keys(parts)],
    run: async (rest, context) => {
      const [part, more] = splitWord(rest);
      const run = Object.hasOwn(parts, part) ? parts[part] : undefined;
      if (run === undefined) {
        const nearest = nearestName(part, Object.keys(parts));
        throw new UsageError(
          nearest === undefined || part === ""
            ? `it takes ${Object.keys(parts).join(", ")}`
            : `did you mean ${nearest}?`,
        );
      }
      await run(more, context);
    },
  },
];
