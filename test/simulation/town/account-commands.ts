import { PacketType } from "../../../src/protocol/codes.ts";
import type { Attempt } from "../fact.ts";
import type { Device } from "./device.ts";
import type { Town } from "./town.ts";
import type { TownCommand } from "./town-command.ts";

type Commands = Record<
  | typeof PacketType.REGISTER_REQUEST
  | typeof PacketType.LOGIN_REQUEST
  | typeof PacketType.LOGOUT_REQUEST
  | typeof PacketType.CHANGE_PASSWORD_REQUEST
  | typeof PacketType.SET_DISPLAY_NAME_REQUEST
  | typeof PacketType.DELETE_ACCOUNT_REQUEST
  | typeof PacketType.TOKEN_LIST_REQUEST
  | typeof PacketType.REVOKE_TOKEN_REQUEST
  | typeof PacketType.BLOCK_USER_REQUEST
  | typeof PacketType.BLOCK_LIST_REQUEST,
  TownCommand
>;

const TOO_SHORT = "short";
const CONTROL = "\u0007";

export const ACCOUNT_COMMANDS: Commands = {
  [PacketType.REGISTER_REQUEST]: {
    weight: 6,
    codes: [
      "NAME_TAKEN",
      "NAME_INVALID",
      "PASSWORD_INVALID",
      "REGISTRATION_CLOSED",
      "INVITATION_INVALID",
      "ALREADY_LOGGED_IN",
      "BANNED",
      "LOCKDOWN",
    ],
    isRefusable: true,
    rule: [10, "an account that was made is there, and as many with an invitation as may be"],
    act: (town) => town.arrivals.register(),
    check: ({ ledger, disk, breach, people, isInvitationRequired }) => {
      for (const { name, isGuest } of people) {
        if (isGuest) continue;
        const states = ledger.account(name).possible();
        const isThere = disk.findAccount(name) !== undefined;
        if (isThere ? states.includes("there") : states.some((state) => state !== "there")) continue;
        breach(
          10,
          `${name}'s account is ${isThere ? "" : "not "}there, and should be ${states.join(" or ")}`,
        );
      }
      for (const { code, uses, users } of ledger.invitations) {
        const madeCount = [...users].filter((name) => {
          const states = ledger.account(name).possible();
          return disk.findAccount(name) !== undefined || states.every((state) => state === "deleted");
        }).length;
        if (isInvitationRequired && madeCount > uses)
          breach(18, `${code} is good for ${uses} accounts and made ${madeCount}`);
      }
    },
  },
  [PacketType.LOGIN_REQUEST]: {
    weight: 8,
    codes: [
      "AUTH_FAILED",
      "TOKEN_INVALID",
      "NAME_INVALID",
      "NAME_TAKEN",
      "LOGIN_USER_ALREADY",
      "ALREADY_LOGGED_IN",
      "USER_FULL",
      "GUESTS_NOT_ALLOWED",
      "VERSION_UNSUPPORTED",
      "BANNED",
      "LOCKDOWN",
    ],
    isRefusable: true,
    rule: [10, "who may log in can, and nobody else: not the deleted, the banned, with a revoked token"],
    act: (town) => town.arrivals.logIn(),
    check: (town) => town.arrivals.checkLogins(),
  },
  [PacketType.LOGOUT_REQUEST]: {
    weight: 1,
    codes: [],
    isRefusable: false,
    rule: [10, "a session that logged out hears nothing more; with `forget` its token logs nobody in"],
    act: (_town, { client }) => void client.close(),
    check: () => {}, // at every login (login-watch.ts), and on the wire
  },
  [PacketType.CHANGE_PASSWORD_REQUEST]: {
    weight: 2,
    codes: ["AUTH_FAILED", "PASSWORD_INVALID", "PERMISSION_DENIED"],
    isRefusable: true,
    rule: [10, "the password is the acknowledged one; other sessions have ended, other tokens are revoked"],
    act: (town, device) => {
      const { ledger, random } = town;
      const { name } = device.person;
      const old = random.chance(0.8) ? town.pick(ledger.password(name).possible()) : "some other password";
      const next = random.chance(0.9) ? `secret number ${town.count()}` : TOO_SHORT;
      const isGuest = device.person.isGuest;
      const noted = isGuest ? [] : [ledger.password(name).begin(next), ...revokeOthers(town, device)];
      const others = othersOf(device);
      device.ask({
        what: "changePassword",
        send: () => device.client.changePassword(old, next),
        changes: noted,
        onDone: (_, begunAt) => {
          if (isGuest) town.breach(10, `${name} is a guest and changed a password`);
          for (const other of others) ledger.endings.push({ device: other, begunAt, why: "the password" });
        },
        onRefused: (code, begunAt) => {
          const [password] = ledger.password(name).settledSince(begunAt);
          const [state] = ledger.account(name).settledSince(begunAt);
          if (code === "AUTH_FAILED" && password === old && state === "there")
            town.breach(10, `${name}'s own password was refused`);
        },
      });
    },
    check: ({ ledger, disk, breach, people }) => {
      for (const { name } of people) {
        const account = disk.findAccount(name);
        const possible = ledger.password(name).possible();
        if (
          account !== undefined &&
          !possible.some((password) => account.passwordHash === `quick:${password}`)
        )
          breach(10, `${name}'s password is ${account.passwordHash}, not ${possible.join(" or ")}`);
      }
      for (const { device, begunAt, why } of ledger.endings) {
        if (device.isOnline && device.onlineSince < begunAt)
          breach(10, `a session of ${device.person.name} outlived a change of ${why}`);
      }
    },
  },
  [PacketType.SET_DISPLAY_NAME_REQUEST]: {
    weight: 2,
    codes: ["NAME_INVALID", "PERMISSION_DENIED"],
    isRefusable: true,
    rule: [10, "the display name is the acknowledged one"],
    act: (town, device) => {
      const { name, isGuest } = device.person;
      const shown = town.random.chance(0.85) ? `${name} the ${town.count()}th` : `${name}${CONTROL}`;
      device.ask({
        what: "setDisplayName",
        send: () => device.client.setDisplayName(shown),
        changes: isGuest ? [] : [town.ledger.displayName(name).begin(shown)],
        onDone: () => {
          if (isGuest || shown.endsWith(CONTROL)) town.breach(10, `${name} is shown as "${shown}"`);
        },
      });
    },
    check: ({ ledger, disk, breach, people }) => {
      for (const { name } of people) {
        const account = disk.findAccount(name);
        const possible = ledger.displayName(name).possible();
        if (account !== undefined && !possible.includes(account.displayName))
          breach(10, `${name} is shown as "${account.displayName}", not "${possible.join('" or "')}"`);
      }
    },
  },
  [PacketType.DELETE_ACCOUNT_REQUEST]: {
    weight: 3,
    codes: ["AUTH_FAILED", "PERMISSION_DENIED"],
    isRefusable: true,
    rule: [10, "an account that was deleted logs nobody in, and its name is on nothing that it said"],
    act: (town, device) => {
      const { ledger, random } = town;
      const { name, isGuest } = device.person;
      const isMeant = random.chance(0.5) && town.mayBeDeleted(device.person);
      const password = isMeant ? town.pick(ledger.password(name).possible()) : "not the password";
      const changes = isMeant && !isGuest ? [ledger.account(name).begin("deleted")] : [];
      if (isMeant) ledger.noteDeletion(name);
      device.ask({
        what: "deleteAccount",
        send: () => device.client.deleteAccount(password),
        changes,
        onDone: () => {
          if (!isMeant) town.breach(10, `${name}'s account was deleted with another password`);
        },
      });
    },
    check: ({ ledger, disk, breach, people }) => {
      for (const { name } of people) {
        if (disk.findAccount(name) !== undefined || !ledger.account(name).possible().includes("deleted"))
          continue;
        for (const { id } of ledger.rooms.values()) {
          if (disk.log(id).some(({ senderName }) => senderName === name))
            breach(10, `${name} was deleted and is named in room ${id}`);
        }
      }
    },
  },
  [PacketType.TOKEN_LIST_REQUEST]: {
    weight: 3,
    codes: ["PERMISSION_DENIED"],
    isRefusable: true,
    rule: [15, "the list of tokens is the disk's, and has this session's own"],
    act: (town, device) => {
      const { client, person } = device;
      device.ask({
        what: "tokens",
        send: () => client.tokens(),
        onDone: (tokens) => {
          const own = tokens.filter(({ isCurrent }) => isCurrent);
          if (own.length > 1) town.breach(15, `${person.name} has ${own.length} current tokens`);
          const [current] = own;
          if (current !== undefined && client.token !== undefined)
            person.tokenIds.set(current.tokenId, client.token);
        },
      });
    },
    check: (town) =>
      town.forEachOnline(async (device) => {
        const { name, isGuest } = device.person;
        const account = town.disk.findAccount(name);
        if (isGuest || account === undefined) return;
        const listed = await device.client.tokens();
        const stored = town.disk.ask("listTokens", { userId: account.id, nowMs: town.wallMs() });
        town.mustEqual(
          15,
          `${name}'s tokens`,
          listed.map(({ tokenId }) => tokenId),
          stored.map(({ id }) => id),
        );
      }),
  },
  [PacketType.REVOKE_TOKEN_REQUEST]: {
    weight: 2,
    codes: ["TOKEN_INVALID", "PERMISSION_DENIED"],
    isRefusable: true,
    rule: [10, "a token that was revoked logs nobody in, and the sessions that came with it have ended"],
    act: (town, device) => {
      const { ledger, random } = town;
      const { tokenIds, isGuest, name } = device.person;
      const dice = random.next();
      const [tokenId, token] = dice < 0.4 ? [] : (town.pick([...tokenIds, [999_999_999, ""] as const]) ?? []);
      if (tokenId !== undefined && token === device.client.token) return;
      const changes =
        isGuest || token === ""
          ? []
          : token === undefined
            ? revokeOthers(town, device)
            : [ledger.token(token).begin("revoked")];
      // Those that came with the same token stay.
      const others = othersOf(device).filter(
        ({ client }) =>
          tokenId === undefined && client.token !== undefined && client.token !== device.client.token,
      );
      device.ask({
        what: "revokeToken",
        send: () => device.client.revokeToken(tokenId ?? "others"),
        changes,
        onDone: (_, begunAt) => {
          if (isGuest || token === "") town.breach(10, `${name} revoked a token that there is not`);
          for (const other of others) ledger.endings.push({ device: other, begunAt, why: "the tokens" });
        },
        onRefused: (code) => {
          // It was revoked, or dropped as the longest unused, before.
          if (code === "TOKEN_INVALID" && tokenId === undefined)
            town.breach(10, `${name} could not revoke its other tokens`);
        },
      });
    },
    check: ({ ledger, breach, people }) => {
      for (const { name, devices } of people) {
        for (const { client, isOnline } of devices) {
          if (
            isOnline &&
            client.token !== undefined &&
            ledger
              .token(client.token)
              .possible()
              .every((state) => state === "revoked")
          )
            breach(10, `${name} is logged in with a token that was revoked`);
        }
      }
    },
  },
  [PacketType.BLOCK_USER_REQUEST]: {
    weight: 3,
    codes: ["USER_NOT_FOUND", "LIMIT_REACHED", "PERMISSION_DENIED"],
    isRefusable: true,
    rule: [17, "who is blocked is, and only they: their whispers are refused and not heard"],
    act: (town, device) => {
      const { name, isGuest } = device.person;
      const other = town.random.chance(0.85) ? town.anybody() : device.person;
      const isBlocked = town.random.chance(0.6);
      const asked = town.random.chance(0.9) ? other.name : "nobody";
      const isNoted = !isGuest && asked === other.name && other !== device.person;
      device.ask({
        what: "block",
        send: () => (isBlocked ? device.client.block(asked) : device.client.unblock(asked)),
        changes: isNoted ? [town.ledger.block(name, asked).begin(isBlocked)] : [],
        onDone: () => {
          if (!isNoted) town.breach(17, `${name} blocked ${asked}`);
        },
      });
    },
    check: ({ ledger, disk, breach, people }) => {
      for (const { name } of people) {
        const account = disk.findAccount(name);
        if (account === undefined) continue;
        const names = disk.ask("listBlocks", { userId: account.id });
        for (const other of people) {
          if (other.isGuest || disk.findAccount(other.name) === undefined) continue;
          const isBlocked = names.includes(other.name);
          if (!ledger.block(name, other.name).possible().includes(isBlocked))
            breach(17, `${name} ${isBlocked ? "blocks" : "does not block"} ${other.name}`);
        }
      }
    },
  },
  [PacketType.BLOCK_LIST_REQUEST]: {
    weight: 3,
    codes: ["PERMISSION_DENIED"],
    isRefusable: true,
    rule: [15, "the list of the blocked is the disk's"],
    act: (town, device) => {
      const { isGuest, name } = device.person;
      device.ask({
        what: "blocks",
        send: () => device.client.blocks(),
        onDone: (names) => {
          if (isGuest || names.includes(name)) town.breach(17, `${name} blocks ${names.join(", ")}`);
        },
      });
    },
    check: (town) =>
      town.forEachOnline(async (device) => {
        const account = town.disk.findAccount(device.person.name);
        if (device.person.isGuest || account === undefined) return;
        const listed = await device.client.blocks();
        const stored = town.disk.ask("listBlocks", { userId: account.id });
        town.mustEqual(15, `whom ${device.person.name} blocks`, listed, stored);
      }),
  },
};

function othersOf(device: Device): Device[] {
  return device.person.devices.filter((other) => other !== device && other.isOnline);
}

/** Every token of the user but the device's own is of no use any more, if it is done. */
function revokeOthers({ ledger }: Town, device: Device): Attempt[] {
  const others = device.person.tokens.filter((token) => token !== device.client.token);
  return others.map((token) => ledger.token(token).begin("revoked"));
}
