import type { AdminUserAction } from "../../../src/client/index.ts";
import { PacketType } from "../../../src/protocol/codes.ts";
import type { Attempt } from "../fact.ts";
import type { Device } from "./device.ts";
import { NO_SANCTION } from "./ledger.ts";
import { checkAudit, checkSanctions } from "./moderation-checks.ts";
import type { Person } from "./person.ts";
import type { Town } from "./town.ts";
import type { TownCommand } from "./town-command.ts";

type Commands = Record<
  | typeof PacketType.ADMIN_USER_REQUEST
  | typeof PacketType.ADMIN_ADDRESS_REQUEST
  | typeof PacketType.ADMIN_LOCKDOWN_REQUEST
  | typeof PacketType.ADMIN_INVITATION_REQUEST
  | typeof PacketType.AUDIT_LIST_REQUEST,
  TownCommand
>;

const LEVELS = ["none", "noNewAccounts", "noGuests", "registeredOnly"] as const;
const ACTIONS: readonly AdminUserAction[] = [
  "kick",
  "mute",
  "mute",
  "unmute",
  "unmute",
  "ban",
  "unban",
  "unban",
  "unban",
  "promote",
  "demote",
  "delete",
  "setPassword",
];
const OWN_ADDRESS = "127.0.0.0/8";

export const ADMIN_COMMANDS: Commands = {
  [PacketType.ADMIN_USER_REQUEST]: {
    weight: 6,
    codes: [
      "PERMISSION_DENIED",
      "USER_NOT_FOUND",
      "USER_OFFLINE",
      "PASSWORD_INVALID",
      "TEXT_INVALID",
      "LIMIT_REACHED",
    ],
    isRefusable: true,
    rule: [12, "the banned do not log in, the muted do not speak; administrators are those who were made so"],
    act: adminUser,
    check: (town) => {
      checkSanctions(town, 0);
      for (const { name } of town.people) {
        const account = town.disk.findAccount(name);
        const possible = town.ledger.isAdmin(name).possible();
        if (account !== undefined && !possible.includes(account.isAdmin))
          town.breach(12, `${name} is ${account.isAdmin ? "" : "not "}an administrator`);
      }
    },
  },
  [PacketType.ADMIN_ADDRESS_REQUEST]: {
    weight: 2,
    codes: ["PERMISSION_DENIED", "TEXT_INVALID", "LIMIT_REACHED"],
    isRefusable: true,
    rule: [12, "the banned ranges are the acknowledged ones; nobody shuts himself out"],
    act: (town, device) => {
      const { ledger, random } = town;
      const { name } = device.person;
      const cidr = random.chance(0.9) ? `192.0.2.${random.below(3) * 16}/28` : OWN_ADDRESS;
      const lift = cidr !== OWN_ADDRESS && random.chance(0.4);
      const reason = `why ${town.count()}.`;
      device.ask({
        what: "adminAddress",
        send: () => device.client.adminAddress(cidr, { lift, reason }),
        changes: [
          ...(cidr === OWN_ADDRESS ? [] : [ledger.addressBan(cidr).begin(lift ? undefined : reason)]),
          ledger.beginAct({
            actor: name,
            action: lift ? "address.unban" : "address.ban",
            subject: cidr,
            detail: reason,
            isUnique: true,
            mayBeNothing: false,
          }),
        ],
        onDone: (_, begunAt) => {
          if (cidr === OWN_ADDRESS) town.breach(12, `${name} banned its own address`);
          town.mustBeAdmin(`banned ${cidr}`, name, begunAt);
        },
      });
    },
    check: ({ ledger, disk, breach, wallMs }) => {
      const stored = disk.ask("readServerRules", { nowMs: wallMs() }).addressBans;
      for (let index = 0; index < 3; index++) {
        const cidr = `192.0.2.${index * 16}/28`;
        const reason = stored.find((ban) => ban.cidr === cidr)?.reason;
        const possible = ledger.addressBan(cidr).possible();
        if (!possible.includes(reason))
          breach(12, `${cidr} is banned for ${String(reason)}, not ${possible.join(" or ")}`);
      }
    },
  },
  [PacketType.ADMIN_LOCKDOWN_REQUEST]: {
    weight: 2,
    codes: ["PERMISSION_DENIED"],
    isRefusable: true,
    rule: [12, "the level is the acknowledged one; it refuses whom it should, and nobody else"],
    act: (town, device) => {
      const { ledger, random } = town;
      const { name } = device.person;
      const level = random.chance(0.5) || !town.isLockdownHarmless() ? 0 : random.below(LEVELS.length);
      device.ask({
        what: "adminLockdown",
        send: () => device.client.adminLockdown(LEVELS[level] ?? "none"),
        changes: [
          ledger.lockdown.begin(level),
          ledger.beginAct({
            actor: name,
            action: "server.lockdown",
            subject: "",
            detail: `level ${level}`,
            isUnique: false,
            mayBeNothing: false,
          }),
        ],
        onDone: (_, begunAt) => town.mustBeAdmin(`set the lockdown to ${level}`, name, begunAt),
      });
    },
    check: ({ ledger, disk, breach, wallMs }) => {
      const { lockdown } = disk.ask("readServerRules", { nowMs: wallMs() });
      const possible = ledger.lockdown.possible();
      if (!possible.includes(lockdown))
        breach(12, `the lockdown is ${lockdown}, not ${possible.join(" or ")}`);
    },
  },
  [PacketType.ADMIN_INVITATION_REQUEST]: {
    weight: 4,
    codes: ["PERMISSION_DENIED"],
    isRefusable: true,
    rule: [18, "an invitation makes as many accounts as it may, at most"],
    act: (town, device) => {
      const { ledger } = town;
      const { name } = device.person;
      const uses = 1 + town.random.below(2);
      device.ask({
        what: "adminInvitation",
        send: () => device.client.adminInvitation({ uses }),
        changes: [
          ledger.beginAct({
            actor: name,
            action: "invitation.create",
            subject: "",
            detail: `${uses} uses`,
            isUnique: false,
            mayBeNothing: false,
          }),
        ],
        onDone: ({ invitationCode }, begunAt) => {
          ledger.invitations.push({ code: invitationCode, uses, users: new Set() });
          town.mustBeAdmin("made an invitation", name, begunAt);
        },
      });
    },
    check: () => {}, // with the accounts that were made
  },
  [PacketType.AUDIT_LIST_REQUEST]: {
    weight: 2,
    codes: ["PERMISSION_DENIED"],
    isRefusable: true,
    rule: [
      15,
      "the audit log that is listed is the disk's: every act that was done, and none that was refused",
    ],
    act: (town, device) => {
      const { name } = device.person;
      device.ask({
        what: "adminAudit",
        send: () => device.client.adminAudit({ limit: 1 + town.random.below(20) }),
        onDone: ({ entries }, begunAt) => {
          town.mustBeAdmin("read the audit log", name, begunAt);
          const ids = entries.map(({ id }) => id);
          town.mustEqual(
            15,
            "the order of the audit log",
            ids,
            ids.toSorted((left, right) => right - left),
          );
        },
      });
    },
    check: async (town) => {
      checkAudit(town);
      const device = town.mayorsDevice();
      if (device === undefined) return;
      const listed: number[] = [];
      for (let before = 0, more = true; more; before = listed.at(-1) ?? 0) {
        const page = await device.client.adminAudit({ limit: 40, before });
        listed.push(...page.entries.map(({ id }) => id));
        ({ more } = page);
      }
      const stored = town.disk.ask("listAudit", { before: 0, limit: 10_000 });
      town.mustEqual(
        15,
        "the audit log",
        listed,
        stored.map(({ id }) => id),
      );
    },
  },
};

function adminUser(town: Town, device: Device): void {
  const { ledger, random } = town;
  const { name: who } = device.person;
  const wanted = town.pick(ACTIONS);
  const target = town.anybody();
  // The mayor stays; accounts that go are missed.
  const isSpared =
    target === town.mayor || (wanted === "delete" && !(town.mayBeDeleted(target) && random.chance(0.5)));
  const action = isSpared ? "unmute" : wanted;
  const name = random.chance(0.95) ? target.name : "nobody";
  const reason = `why ${town.count()}.`;
  const durationMs = random.chance(0.4) ? 0 : 300 + random.below(2000);
  const password = `set by ${who}, ${town.count()}`;
  device.ask({
    what: `adminUser ${action}`,
    send: () =>
      device.client.adminUser(name, action, {
        reason,
        durationMs,
        ...(action === "setPassword" ? { password } : {}),
      }),
    changes: [
      ...(name === target.name ? changesOf(town, target, action, { reason, durationMs, password }) : []),
      ledger.beginAct({
        actor: who,
        action: `user.${action}`,
        subject: name,
        detail: reason,
        isUnique: true,
        mayBeNothing: false,
      }),
    ],
    onDone: (_, begunAt) => {
      town.mustBeAdmin(`did ${action} to ${name}`, who, begunAt);
      if (name !== target.name) town.breach(12, `${who} did ${action} to nobody`);
      if (action !== "kick" && action !== "ban" && action !== "setPassword" && action !== "delete") return;
      for (const other of target.devices) ledger.endings.push({ device: other, begunAt, why: action });
    },
  });
}

function changesOf(
  { ledger, wallMs }: Town,
  { name, isGuest, tokens }: Person,
  action: AdminUserAction,
  {
    reason,
    durationMs,
    password,
  }: { readonly reason: string; readonly durationMs: number; readonly password: string },
): Attempt[] {
  const untilMs = durationMs === 0 ? Infinity : wallMs() + durationMs;
  switch (action) {
    case "mute":
    case "ban":
      return [ledger.sanction(action, 0, name).begin({ reason, untilMs, isForever: durationMs === 0 })];
    case "unmute":
      return [ledger.sanction("mute", 0, name).begin(NO_SANCTION)];
    case "unban":
      return [ledger.sanction("ban", 0, name).begin(NO_SANCTION)];
    case "promote":
      if (isGuest) return [];
      ledger.administrators.add(name);
      return [ledger.isAdmin(name).begin(true)];
    case "demote":
      return isGuest ? [] : [ledger.isAdmin(name).begin(false)];
    case "delete":
      if (isGuest) return [];
      ledger.noteDeletion(name);
      return [ledger.account(name).begin("deleted")];
    case "setPassword":
      if (isGuest) return [];
      return [
        ledger.password(name).begin(password),
        ...tokens.map((token) => ledger.token(token).begin("revoked")),
      ];
    case "kick":
      return [];
  }
}
