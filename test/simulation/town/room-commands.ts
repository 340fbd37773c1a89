import { ChatError, type RoomChange } from "../../../src/client/index.ts";
import { PacketType } from "../../../src/protocol/codes.ts";
import type { Attempt } from "../fact.ts";
import type { Device } from "./device.ts";
import { checkDeletedRooms, checkNames, checkRetention, checkSettings } from "./room-checks.ts";
import type { Setting, SettingName } from "./ledger.ts";
import type { Town } from "./town.ts";
import type { TownCommand } from "./town-command.ts";

type Commands = Record<
  | typeof PacketType.JOIN_ROOM_REQUEST
  | typeof PacketType.LEAVE_ROOM_REQUEST
  | typeof PacketType.CREATE_ROOM_REQUEST
  | typeof PacketType.UPDATE_ROOM_REQUEST
  | typeof PacketType.DELETE_ROOM_REQUEST,
  TownCommand
>;

const BAD_NAME = "..";

export const ROOM_COMMANDS: Commands = {
  [PacketType.JOIN_ROOM_REQUEST]: {
    weight: 24,
    codes: [
      "ROOM_NOT_FOUND",
      "ROOM_EXISTS",
      "NAME_INVALID",
      "ROOM_PASSWORD_WRONG",
      "BANNED",
      "USER_FULL",
      "TOO_MANY_ROOMS",
      "LIMIT_REACHED",
      "PERMISSION_DENIED",
    ],
    isRefusable: true,
    rule: [11, "who may come into a room can, and nobody else; it is found by its name, and no other"],
    act: (town, device) => {
      const { ledger, random } = town;
      const known = random.chance(0.9) ? town.pickOr(ledger.roomNames, "plaza-0") : `plaza-${town.count()}`;
      // What has a secret's name stays one: it is not made again for everybody.
      const mayMake = ledger.secretOf(known) === undefined && random.chance(0.15);
      const create = mayMake ? town.pick(["logged", "memory"] as const) : undefined;
      const password = random.chance(0.6) ? town.roomPasswordFor(known) : "";
      if (create !== undefined) ledger.addName(known);
      joinRoom(town, device, known, {
        ...(create === undefined ? {} : { create }),
        ...(password === "" ? {} : { password }),
      });
    },
    check: checkNames,
  },
  [PacketType.LEAVE_ROOM_REQUEST]: {
    weight: 3,
    codes: ["ROOM_NOT_FOUND", "NOT_A_MEMBER", "PERMISSION_DENIED"],
    isRefusable: true,
    rule: [12, "who left hears nothing more; who gave the room up is no member of it"],
    act: (town, device) => {
      const { ledger, random } = town;
      const roomId = random.chance(0.9) ? town.roomOf(device)?.roomId : device.client.rooms[0]?.roomId;
      if (roomId === undefined) return;
      const giveUp = random.chance(0.4);
      const { name, isGuest } = device.person;
      if (giveUp) ledger.forgetReading(roomId, name);
      device.ask({
        what: "leaveRoom",
        send: () => device.client.leaveRoom(roomId, { giveUp }),
        changes:
          giveUp && !isGuest && town.isLogged(roomId) ? [ledger.standing(roomId, name).begin("none")] : [],
        onDone: (_, begunAt) => {
          if (giveUp) ledger.noteOut(roomId, name, begunAt);
        },
      });
    },
    check: (town) => town.checkStandings(),
  },
  [PacketType.CREATE_ROOM_REQUEST]: {
    weight: 5,
    codes: [
      "NAME_INVALID",
      "ROOM_EXISTS",
      "PASSWORD_INVALID",
      "TEXT_INVALID",
      "USER_FULL",
      "TOO_MANY_ROOMS",
      "LIMIT_REACHED",
      "PERMISSION_DENIED",
    ],
    isRefusable: true,
    rule: [11, "a room that was made is as it was asked for, and its maker the owner"],
    act: createRoom,
    check: (town) => {
      for (const { id, kind } of town.ledger.rooms.values()) {
        if (kind === "memory" || town.ledger.roomState(id).possible().includes("deleted")) continue;
        if (town.disk.ask("findRoomById", { id }) === undefined) town.breach(11, `room ${id} is gone`);
      }
    },
  },
  [PacketType.UPDATE_ROOM_REQUEST]: {
    weight: 9,
    codes: [
      "ROOM_NOT_FOUND",
      "NOT_A_MEMBER",
      "PERMISSION_DENIED",
      "NAME_INVALID",
      "ROOM_EXISTS",
      "PASSWORD_INVALID",
      "TEXT_INVALID",
      "LIMIT_REACHED",
    ],
    isRefusable: true,
    rule: [11, "each setting and the name are the acknowledged ones; retention (14) leaves what it should"],
    act: updateRoom,
    check: (town) => {
      checkSettings(town);
      checkRetention(town);
    },
  },
  [PacketType.DELETE_ROOM_REQUEST]: {
    weight: 3,
    codes: ["ROOM_NOT_FOUND", "NOT_A_MEMBER", "PERMISSION_DENIED"],
    isRefusable: true,
    rule: [11, "a deleted room is gone for everybody: nobody finds it, is in it or hears of it"],
    act: (town, device) => {
      const roomId = town.random.chance(0.6) ? town.roomOf(device)?.roomId : device.client.rooms[0]?.roomId;
      if (roomId === undefined) return;
      const { ledger } = town;
      const { name } = device.person;
      const act = { actor: name, action: "room.delete", subject: "", detail: "", isUnique: false };
      device.ask({
        what: "deleteRoom",
        send: () => device.client.deleteRoom(roomId),
        changes: [
          ledger.roomState(roomId).begin("deleted"),
          ledger.beginAct({ ...act, mayBeNothing: false }),
        ],
        onDone: (_, begunAt) => town.mustHaveRole(12, "deleted", roomId, name, ["owner"], begunAt),
      });
    },
    check: checkDeletedRooms,
  },
};

/** Joins, and holds the outcome against what is known of the room. */
export function joinRoom(
  town: Town,
  device: Device,
  name: string,
  options: { readonly create?: "logged" | "memory"; readonly password?: string },
): void {
  const { ledger } = town;
  const who = device.person.name;
  const room = town.roomNamed(name);
  const key = room === undefined ? undefined : `${room.id} ${who}`;
  if (room !== undefined) ledger.noteJoin(room.id, who, Infinity);
  const isMember = room !== undefined && room.kind === "logged" && !device.person.isGuest;
  const changes = isMember ? [ledger.standing(room.id, who).begin("joined")] : [];
  const before = ledger.order.next();
  const [standing] = room === undefined ? [] : settledButFor(town, room.id, who);
  device.ask({
    what: "joinRoom",
    send: () => device.client.joinRoom(name, options),
    changes,
    onDone: (info, begunAt) => {
      if (!ledger.rooms.has(info.roomId)) ledger.inherited.add(info.roomId); // who is what there is not known
      ledger.addRoom({
        id: info.roomId,
        kind: info.kind === "memory" ? "memory" : "logged",
        firstName: name,
      });
      if (key === undefined || room === undefined || info.roomId !== room.id) {
        ledger.noteJoin(info.roomId, who, ledger.order.next());
        if (!device.person.isGuest && info.kind === "logged")
          ledger.standing(info.roomId, who).begin("joined");
        return;
      }
      ledger.noteJoin(room.id, who, ledger.order.next());
      const [isAdmin] = ledger.isAdmin(who).settledSince(before);
      const [ban] = ledger.sanction("ban", room.id, who).settledSince(begunAt);
      if (isAdmin === false && ban?.reason !== undefined && town.wallMs() < ban.untilMs)
        town.breach(12, `${who} is banned from ${name} (${ban.reason}) and came in`);
      const [state] = ledger.roomState(room.id).settledSince(begunAt);
      if (state === "deleted") town.breach(11, `${who} came into room ${room.id}, which is deleted`);
      const [access] = ledger.setting(room.id, "access").settledSince(begunAt);
      const [password] = ledger.setting(room.id, "password").settledSince(begunAt);
      const standings = ledger.standing(room.id, who).possible();
      const wasStranger = standing === "none" && standings.length === 1 && standings[0] === "joined";
      const isStranger = isAdmin === false && wasStranger && !ledger.inherited.has(room.id);
      if (isStranger && room.kind === "logged") {
        if (access === "private") town.breach(16, `${who} came into ${name}, which is private`);
        if (access === "password" && typeof password === "string" && password !== options.password)
          town.breach(11, `${who} came into ${name} with a wrong password`);
      }
      const [current] = ledger.setting(room.id, "name").settledSince(begunAt);
      if (typeof current === "string" && current !== name)
        town.breach(11, `${who} found room ${room.id} as ${name}, and it is called ${current}`);
    },
    onRefused: (code, begunAt) => {
      if (room === undefined) return;
      ledger.noteJoin(room.id, who, ledger.order.next());
      const [ban] = ledger.sanction("ban", room.id, who).settledSince(begunAt);
      if (code === "BANNED" && room.kind === "logged" && ban !== undefined && ban.reason === undefined)
        town.breach(12, `${who} is not banned from ${name} and was refused`);
      const [access] = ledger.setting(room.id, "access").settledSince(begunAt);
      const [password] = ledger.setting(room.id, "password").settledSince(begunAt);
      if (
        code === "ROOM_PASSWORD_WRONG" &&
        (access === "public" ||
          (typeof password === "string" && password === options.password && password !== ""))
      )
        town.breach(11, `${who} gave the right password of ${name} and was refused`);
      const [state] = ledger.roomState(room.id).settledSince(begunAt);
      const [current] = ledger.setting(room.id, "name").settledSince(begunAt);
      if (
        code === "ROOM_NOT_FOUND" &&
        room.kind === "logged" &&
        state === "there" &&
        current === name &&
        access === "public"
      )
        town.breach(11, `${who} did not find ${name}, which is there for everybody`);
    },
  });
}

/** The standing as it was certain before this attempt of the user's own. */
function settledButFor(town: Town, roomId: number, name: string): readonly [] | readonly [string] {
  const [standing, ...others] = town.ledger.standing(roomId, name).possible();
  return standing === "none" && others.every((other) => other === "joined") && others.length <= 1
    ? ["none"]
    : [];
}

function createRoom(town: Town, device: Device): void {
  const { ledger, random } = town;
  const { name: who, isGuest } = device.person;
  const access = town.pick(["public", "public", "password", "private", "private"] as const);
  const number = town.count();
  const dice = random.next();
  const name =
    dice < 0.05
      ? BAD_NAME
      : dice < 0.15
        ? town.pickOr(
            ledger.roomNames.filter((each) => ledger.secretOf(each) === undefined),
            "lobby",
          )
        : access === "private"
          ? `sec-${number}x`
          : `plaza-${number}`;
  const isNew = dice >= 0.15;
  const kind = isGuest || random.chance(0.2) ? ("memory" as const) : ("logged" as const);
  const topic = `about ${isNew ? name : number}`;
  const password = access === "password" ? `key of ${number}` : "";
  const slowReader = town.pick(["disconnect", "skipToLatest", "catchUp"] as const);
  if (isNew && access === "private") ledger.secrets.set(name, { knowers: new Set([who]), isOpen: false });
  if (isNew) ledger.addName(name);
  if (password !== "") town.roomPasswords.set(name, password);
  device.ask({
    what: "createRoom",
    send: () =>
      device.client.createRoom(name, {
        kind,
        access,
        topic,
        slowReader,
        ...(password === "" ? {} : { password }),
      }),
    onDone: ({ roomId }) => {
      ledger.addRoom({ id: roomId, kind, firstName: name });
      ledger.noteJoin(roomId, who, ledger.order.next());
      // Nobody else has been there to change it, unless somebody knew the name.
      ledger.noteSettings(roomId, { name, topic, access, password, slowReader });
      if (kind === "logged") {
        const standing = ledger.standing(roomId, who);
        const attempt = standing.begin("owner");
        if (standing.possible().length === 2) attempt.done();
      }
    },
  });
}

/** What somebody wants to change of a room, and what is known of it then. */
function updateRoom(town: Town, device: Device): void {
  const { ledger, random } = town;
  const { name: who } = device.person;
  const room = town.roomToManage(device);
  if (room === undefined) return;
  const { id: roomId } = room;
  const number = town.count();
  const secret = ledger.secretOf(room.firstName);
  const family = secret === undefined ? "plaza" : room.firstName;
  const password = `key of ${number}`;
  const changes: readonly (readonly [RoomChange, Partial<Record<SettingName, Setting>>])[] = [
    [{ topic: `topic ${number}.` }, { topic: `topic ${number}.` }],
    [{ topic: `topic ${number}.` }, { topic: `topic ${number}.` }],
    [{ name: `${family}-${number}` }, { name: `${family}-${number}` }],
    [{ access: "public" }, { access: "public", password: "" }],
    [{ access: "private" }, { access: "private", password: "" }],
    [
      { access: "password", password },
      { access: "password", password },
    ],
    [{ isArchived: true }, {}],
    [{ isArchived: random.chance(0.3) }, {}],
    [{ slowModeMs: random.below(2) * 300 }, {}],
    [{ slowReader: town.pick(["disconnect", "skipToLatest", "catchUp"] as const) }, {}],
    [{ retentionCount: 1 + random.below(3) }, {}],
    [{ retentionCount: random.below(3) * 4 }, {}],
    [{ retentionAgeMs: random.below(2) * 20_000 }, {}],
    [{ name: town.random.chance(0.5) ? BAD_NAME : "lobby" }, {}],
    [{ topic: "x".repeat(300) }, {}],
  ];
  const [change, given] = town.pick(changes);
  const isBad = change.name === BAD_NAME || change.name === "lobby" || (change.topic?.length ?? 0) > 256;
  const wanted: Partial<Record<SettingName, Setting>> = { ...given };
  if (change.isArchived !== undefined) wanted.archived = change.isArchived;
  if (change.slowModeMs !== undefined) wanted.slowModeMs = change.slowModeMs;
  if (change.slowReader !== undefined) wanted.slowReader = change.slowReader;
  if (change.retentionCount !== undefined) wanted.retentionCount = change.retentionCount;
  if (change.retentionAgeMs !== undefined) wanted.retentionAgeMs = change.retentionAgeMs;
  if (secret !== undefined && (change.access === "public" || change.access === "password"))
    secret.isOpen = true;
  if (typeof wanted.name === "string") ledger.addName(wanted.name);
  if (wanted.password === password)
    for (const name of town.namesOf(roomId)) town.roomPasswords.set(name, password);
  const attempts: Attempt[] = isBad
    ? []
    : Object.entries(wanted).map(([key, value]) => ledger.setting(roomId, key as SettingName).begin(value));
  if (wanted.topic !== undefined && !isBad) {
    const detail = `topic=${String(wanted.topic)}`;
    attempts.push(
      ledger.beginAct({
        actor: who,
        action: "room.update",
        subject: "",
        detail,
        isUnique: true,
        mayBeNothing: false,
      }),
    );
  }
  device.ask({
    what: "updateRoom",
    send: () => device.client.updateRoom(roomId, change),
    changes: attempts,
    onDone: (info, begunAt) => {
      if (isBad) town.breach(11, `${who} changed room ${roomId} to ${JSON.stringify(change)}`);
      const isModest = change.topic !== undefined || change.slowModeMs !== undefined;
      town.mustHaveRole(12, "changed", roomId, who, isModest ? ["owner", "moderator"] : ["owner"], begunAt);
      if (change.topic !== undefined && info.roomId !== roomId)
        town.breach(11, `${who} changed another room`);
    },
  });
}

/** For callers that wait: what is refused is no failure. */
export async function refusalOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "";
  } catch (error) {
    if (error instanceof ChatError) return error.code;
    throw error;
  }
}
