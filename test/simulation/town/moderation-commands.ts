import { PacketType } from "../../../src/protocol/codes.ts";
import type { Attempt } from "../fact.ts";
import { checkAudit, checkSanctions } from "./moderation-checks.ts";
import { NO_SANCTION } from "./ledger.ts";
import type { Town } from "./town.ts";
import type { TownCommand } from "./town-command.ts";

type Commands = Record<
  | typeof PacketType.INVITE_REQUEST
  | typeof PacketType.SET_ROLE_REQUEST
  | typeof PacketType.MODERATE_REQUEST
  | typeof PacketType.SANCTION_LIST_REQUEST,
  TownCommand
>;

export const MODERATION_COMMANDS: Commands = {
  [PacketType.INVITE_REQUEST]: {
    weight: 12,
    codes: [
      "ROOM_NOT_FOUND",
      "NOT_A_MEMBER",
      "PERMISSION_DENIED",
      "USER_NOT_FOUND",
      "BANNED",
      "LIMIT_REACHED",
    ],
    isRefusable: true,
    rule: [12, "who was invited may come in, and is a member or invited until somebody changes it"],
    act: (town, device) => {
      const { ledger, random } = town;
      const room = town.roomOf(device);
      if (room === undefined) return;
      const { roomId } = room;
      const { name: who } = device.person;
      const invited = town.anybody();
      const name = random.chance(0.8) ? invited.name : "nobody";
      ledger.letKnow(roomId, name);
      const standing = ledger.standing(roomId, name);
      const isNoted = !invited.isGuest && name === invited.name && town.isLogged(roomId);
      // Of a member nothing changes; where that is not known, what is done may have changed nothing.
      const isNew = isNoted && standing.possible().every((possible) => possible === "none");
      if (isNoted && !isNew && standing.possible().includes("none")) standing.begin("invited");
      device.ask({
        what: "invite",
        send: () => device.client.invite(roomId, name),
        changes: [
          ...(isNew ? [standing.begin("invited")] : []),
          ledger.beginAct({
            actor: who,
            action: "room.invite",
            subject: name,
            detail: "",
            isUnique: false,
            mayBeNothing: true,
          }),
        ],
        onDone: (_, begunAt) => {
          if (name !== invited.name) town.breach(12, `${who} invited nobody`);
          const [ban] = ledger.sanction("ban", roomId, name).settledSince(begunAt);
          if (ban?.reason !== undefined && town.wallMs() < ban.untilMs && town.isLogged(roomId))
            town.breach(12, `${who} invited ${name}, who is banned from room ${roomId}`);
        },
      });
    },
    check: (town) => town.checkStandings(),
  },
  [PacketType.SET_ROLE_REQUEST]: {
    weight: 5,
    codes: ["ROOM_NOT_FOUND", "NOT_A_MEMBER", "PERMISSION_DENIED", "USER_NOT_FOUND", "LIMIT_REACHED"],
    isRefusable: true,
    rule: [12, "each role is the one that was set last; only owners set it"],
    act: (town, device) => {
      const { ledger, random } = town;
      const room = town.roomToManage(device);
      if (room === undefined) return;
      const { name: who } = device.person;
      const other = town.anybody();
      const name = random.chance(0.95) ? other.name : "nobody";
      const role = town.pick(["member", "moderator", "owner"] as const);
      ledger.letKnow(room.id, name);
      const isNoted = !other.isGuest && name === other.name && room.kind === "logged";
      device.ask({
        what: "setRole",
        send: () => device.client.setRole(room.id, name, role),
        changes: [
          ...(isNoted ? [ledger.standing(room.id, name).begin(role)] : []),
          ledger.beginAct({
            actor: who,
            action: "room.role",
            subject: name,
            detail: role,
            isUnique: false,
            mayBeNothing: true,
          }),
        ],
        onDone: (_, begunAt) => {
          town.mustHaveRole(12, `made ${name} ${role} in`, room.id, who, ["owner"], begunAt);
          if (name !== other.name) town.breach(12, `${who} made nobody ${role}`);
        },
      });
    },
    check: (town) => town.checkStandings(),
  },
  [PacketType.MODERATE_REQUEST]: {
    weight: 18,
    codes: [
      "ROOM_NOT_FOUND",
      "NOT_A_MEMBER",
      "PERMISSION_DENIED",
      "USER_NOT_FOUND",
      "USER_OFFLINE",
      "TEXT_INVALID",
      "LIMIT_REACHED",
    ],
    isRefusable: true,
    rule: [
      12,
      "the muted are not heard, the banned are out and hear nothing; each act is in the audit log (15)",
    ],
    act: moderate,
    check: (town) => {
      for (const { id, kind } of town.ledger.rooms.values()) if (kind === "logged") checkSanctions(town, id);
      checkAudit(town);
    },
  },
  [PacketType.SANCTION_LIST_REQUEST]: {
    weight: 2,
    codes: ["PERMISSION_DENIED", "ROOM_NOT_FOUND", "NOT_A_MEMBER"],
    isRefusable: true,
    rule: [15, "the list of sanctions is the disk's; only moderators and administrators see it"],
    act: (town, device) => {
      const { name } = device.person;
      const roomId = town.random.chance(0.6) ? town.roomToManage(device)?.id : undefined;
      device.ask({
        what: "sanctions",
        send: () => (roomId === undefined ? device.client.adminSanctions() : device.client.sanctions(roomId)),
        onDone: (_, begunAt) => {
          if (roomId === undefined) town.mustBeAdmin("saw the sanctions", name, begunAt);
          else town.mustHaveRole(12, "saw the sanctions of", roomId, name, ["owner", "moderator"], begunAt);
        },
      });
    },
    check: async (town) => {
      const device = town.mayorsDevice();
      if (device === undefined) return;
      const nowMs = town.wallMs();
      const listed = await device.client.adminSanctions();
      const stored = town.disk.ask("listSanctions", { roomId: 0, nowMs, limit: 100 });
      town.mustEqual(
        15,
        "the server's sanctions",
        listed.sanctions.map(({ subject, reason }) => `${subject} ${reason}`),
        stored.map(({ subject, reason }) => `${subject} ${reason}`),
      );
    },
  },
};

function moderate(town: Town, device: Parameters<TownCommand["act"]>[1]): void {
  const { ledger, random } = town;
  const room = town.roomToManage(device);
  if (room === undefined) return;
  const { id: roomId } = room;
  const { name: who } = device.person;
  const target = town.anybody();
  const name = random.chance(0.95) ? target.name : "nobody";
  const action = town.pick(["kick", "mute", "mute", "unmute", "ban", "ban", "unban", "unban"] as const);
  const reason = random.chance(0.95) ? `why ${town.count()}.` : "x".repeat(300);
  const durationMs = random.chance(0.5) ? 0 : 300 + random.below(3000);
  const isKnown = name === target.name && room.kind === "logged";
  const changes: Attempt[] = [];
  if (reason.length < 300)
    changes.push(
      ledger.beginAct({
        actor: who,
        action: `room.${action}`,
        subject: name,
        detail: reason,
        isUnique: true,
        mayBeNothing: false,
      }),
    );
  if (isKnown && (action === "mute" || action === "ban")) {
    const untilMs = durationMs === 0 ? Infinity : town.wallMs() + durationMs;
    changes.push(
      ledger.sanction(action, roomId, name).begin({ reason, untilMs, isForever: durationMs === 0 }),
    );
  } else if (isKnown && (action === "unmute" || action === "unban")) {
    changes.push(ledger.sanction(action === "unmute" ? "mute" : "ban", roomId, name).begin(NO_SANCTION));
  }
  if (isKnown && action === "ban") {
    ledger.forgetReading(roomId, name);
    if (!target.isGuest) changes.push(ledger.standing(roomId, name).begin("none"));
  }
  device.ask({
    what: "moderate",
    send: () => device.client.moderate(roomId, name, action, { reason, durationMs }),
    changes,
    onDone: (_, begunAt) => {
      town.mustHaveRole(12, `did ${action} in`, roomId, who, ["owner", "moderator"], begunAt);
      if (name !== target.name || reason.length > 256) town.breach(12, `${who} did ${action} to nobody`);
      if (action === "kick" || action === "ban") ledger.noteOut(roomId, name, begunAt);
    },
  });
}
