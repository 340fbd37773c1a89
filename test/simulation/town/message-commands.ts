import type { Receipt } from "../../../src/client/index.ts";
import { PacketType } from "../../../src/protocol/codes.ts";
import { logMismatch } from "../rules.ts";
import { firstText } from "../simulated-user.ts";
import type { Device } from "./device.ts";
import { checkRefusedToSpeak, checkSpoken } from "./speech-rules.ts";
import type { Town } from "./town.ts";
import type { TownCommand } from "./town-command.ts";

type Commands = Record<
  | typeof PacketType.PUBLISH_REQUEST
  | typeof PacketType.EDIT_MESSAGE_REQUEST
  | typeof PacketType.DELETE_MESSAGE_REQUEST
  | typeof PacketType.REACT_REQUEST
  | typeof PacketType.WHISPER_REQUEST
  | typeof PacketType.MARK_READ_REQUEST,
  TownCommand
>;

const REACTIONS = ["👍", "🎉", "❤️"];
const NOT_AN_EMOJI = "thumbs up";

export const MESSAGE_COMMANDS: Commands = {
  [PacketType.PUBLISH_REQUEST]: {
    weight: 30,
    codes: [
      "TEXT_INVALID",
      "TEXT_REFUSED",
      "ROOM_NOT_FOUND",
      "NOT_A_MEMBER",
      "MUTED",
      "SLOW_MODE",
      "ROOM_ARCHIVED",
      "LOCKDOWN",
    ],
    isRefusable: true,
    rule: [2, "what was acknowledged is in the log at its offset; the muted and so on are refused (12)"],
    act: (town, device) => {
      const room = town.roomOf(device);
      if (room === undefined) return;
      const { roomId } = room;
      const text = town.random.chance(0.97) ? town.textFor(device, roomId) : "\u0007";
      town.say(text, device);
      const options = town.random.chance(0.2) ? { replyTo: 1 + town.random.below(9) } : {};
      device.ask({
        what: "publish",
        send: () => device.client.publish(roomId, text, options),
        onDone: (receipt, begunAt) => {
          device.noteEntry(roomId, "text", text, receipt);
          checkSpoken(town, device, roomId, begunAt);
        },
        onRefused: (code, begunAt) => checkRefusedToSpeak(town, device, roomId, code, begunAt),
      });
    },
    check: (town) => {
      checkEntries(town, "text");
      checkHeard(town);
    },
  },
  [PacketType.EDIT_MESSAGE_REQUEST]: {
    weight: 5,
    codes: [
      "TEXT_INVALID",
      "TEXT_REFUSED",
      "ROOM_NOT_FOUND",
      "NOT_A_MEMBER",
      "MESSAGE_NOT_FOUND",
      "PERMISSION_DENIED",
      "MUTED",
      "BLOCKED",
      "ROOM_ARCHIVED",
      "LOCKDOWN",
    ],
    isRefusable: true,
    rule: [2, "an edit that was acknowledged is in the log, of a room or a conversation; only one's own"],
    act: (town, device) => {
      const target = town.messageFor(device);
      if (target === undefined) return;
      const { roomId, offset, sender } = target;
      const text = `${firstText(target.text)} (edited ${town.count()})`;
      change(
        town,
        device,
        roomId,
        "edit",
        text,
        () => device.client.edit(roomId, offset, text),
        () => {
          if (sender !== device.person.name)
            town.breach(12, `${device.person.name} edited ${sender}'s "${text}"`);
        },
      );
    },
    check: (town) => checkEntries(town, "edit"),
  },
  [PacketType.DELETE_MESSAGE_REQUEST]: {
    weight: 3,
    codes: ["ROOM_NOT_FOUND", "NOT_A_MEMBER", "MESSAGE_NOT_FOUND", "PERMISSION_DENIED"],
    isRefusable: true,
    rule: [2, "a message whose deletion was acknowledged is erased"],
    act: (town, device) => {
      const target = town.messageFor(device);
      if (target === undefined) return;
      const { roomId, offset } = target;
      device.ask({
        what: "delete",
        send: () => device.client.delete(roomId, offset),
        onDone: (receipt) => {
          device.noteEntry(roomId, "delete", "", receipt);
          if (receipt.offset > 0) town.erased.push({ roomId, offset });
        },
      });
    },
    check: (town) => {
      checkEntries(town, "delete");
      for (const { roomId, offset } of town.erased) {
        const entry = town.entryAt(roomId, offset);
        if (entry !== undefined && (entry.text !== "" || !entry.deleted))
          town.breach(2, `${offset} of room ${roomId} was deleted and says "${entry.text}"`);
      }
    },
  },
  [PacketType.REACT_REQUEST]: {
    weight: 5,
    codes: [
      "TEXT_INVALID",
      "ROOM_NOT_FOUND",
      "NOT_A_MEMBER",
      "MESSAGE_NOT_FOUND",
      "MUTED",
      "BLOCKED",
      "ROOM_ARCHIVED",
      "LOCKDOWN",
    ],
    isRefusable: true,
    rule: [2, "a reaction that was acknowledged with an offset is in the log there"],
    act: (town, device) => {
      const target = town.messageFor(device);
      if (target === undefined) return;
      const { roomId, offset } = target;
      const reaction = town.random.chance(0.93) ? town.pick(REACTIONS) : NOT_AN_EMOJI;
      const remove = town.random.chance(0.3);
      const kind = remove ? "reactionRemoved" : "reaction";
      change(
        town,
        device,
        roomId,
        kind,
        reaction,
        () => device.client.react(roomId, offset, reaction, { remove }),
        () => {},
      );
    },
    check: (town) => {
      checkEntries(town, "reaction");
      checkEntries(town, "reactionRemoved");
    },
  },
  [PacketType.WHISPER_REQUEST]: {
    weight: 10,
    codes: ["USER_NOT_FOUND", "USER_OFFLINE", "BLOCKED", "TEXT_INVALID", "TEXT_REFUSED", "MUTED", "LOCKDOWN"],
    isRefusable: true,
    rule: [17, "a whisper that was acknowledged is in its log once; who is blocked whispers in vain"],
    act: (town, device) => {
      const { ledger, random } = town;
      const { name } = device.person;
      const other = town.anybody();
      const to = random.chance(0.95) ? other.name : "nobody";
      const text = `dm:${name}:${to}: ${town.words()}`;
      town.say(text, device);
      device.ask({
        what: "whisper",
        send: () => device.client.whisper(to, text),
        onDone: (receipt, begunAt) => {
          device.noteEntry(receipt.roomId, "text", text, receipt);
          if (to !== other.name) town.breach(17, `${name} whispered to nobody`);
          const [isBlocked] = ledger.block(to, name).settledSince(begunAt);
          if (isBlocked === true && !other.isGuest && to !== name)
            town.breach(17, `${name} is blocked by ${to} and whispered "${text}"`);
          checkSpoken(town, device, 0, begunAt);
        },
        onRefused: (code, begunAt) => {
          const [isBlocked] = ledger.block(to, name).settledSince(begunAt);
          if (code === "BLOCKED" && isBlocked === false) town.breach(17, `${to} does not block ${name}`);
          checkRefusedToSpeak(town, device, 0, code, begunAt);
        },
      });
    },
    check: (town) => {
      for (const { text, roomId } of town.ledger.entries) {
        if (!text.startsWith("dm:")) continue;
        const count = town.disk
          .log(roomId)
          .filter((entry) => entry.kind === "text" && entry.text === text).length;
        if (count > 1) town.breach(3, `the whisper "${text}" is there ${count} times`);
      }
    },
  },
  [PacketType.MARK_READ_REQUEST]: {
    weight: 5,
    codes: ["ROOM_NOT_FOUND", "NOT_A_MEMBER", "PERMISSION_DENIED"],
    isRefusable: true,
    rule: [13, "a read mark never goes back, and what is counted unread is what lies behind it"],
    act: (town, device) => {
      const { ledger, random } = town;
      const target = town.messageFor(device);
      if (target === undefined) return;
      const { name, isGuest } = device.person;
      const roomId = random.chance(0.95) ? target.roomId : 77_777;
      const key = `${roomId} ${name}`;
      const goneBefore = ledger.readingEnds.get(key);
      device.ask({
        what: "markRead",
        send: () => device.client.markRead(roomId, target.offset),
        onDone: () => {
          if (isGuest || roomId !== target.roomId) town.breach(13, `${name} read what there is not`);
          if (ledger.readingEnds.get(key) !== goneBefore) return;
          ledger.readUpTo.set(key, Math.max(ledger.readUpTo.get(key) ?? 0, target.offset));
        },
      });
    },
    check: checkUnread,
  },
};

function change(
  town: Town,
  device: Device,
  roomId: number,
  kind: "edit" | "reaction" | "reactionRemoved",
  text: string,
  send: () => Promise<Receipt>,
  onDone: () => void,
): void {
  device.ask({
    what: kind,
    send,
    onDone: (receipt, begunAt) => {
      device.noteEntry(roomId, kind, text, receipt);
      onDone();
      if (receipt.offset > 0) checkSpoken(town, device, town.ledger.rooms.has(roomId) ? roomId : 0, begunAt);
    },
    onRefused: (code, begunAt) => checkRefusedToSpeak(town, device, roomId, code, begunAt),
  });
}

/** Rule 2: what was acknowledged is at its offset, unless its room was deleted or keeps no more of it. */
function checkEntries(town: Town, kind: string): void {
  for (const entry of town.ledger.entries) {
    if (entry.kind !== kind || town.isForgotten(entry.roomId, entry.offset)) continue;
    const there = town.entryAt(entry.roomId, entry.offset);
    const why = logMismatch(entry, there);
    if (why !== "")
      town.breach(
        2,
        `${entry.by}'s ${kind} was acknowledged at ${entry.offset} of room ${entry.roomId}: ${why}`,
      );
  }
}

/** Rule 1: what was heard of a room or conversation is what its log has. */
function checkHeard(town: Town): void {
  for (const person of town.people) {
    for (const { heard } of person.devices) {
      for (const entry of heard) {
        if (!town.isLogged(entry.roomId) || town.isForgotten(entry.roomId, entry.offset)) continue;
        const why = logMismatch(entry, town.entryAt(entry.roomId, entry.offset));
        if (why !== "")
          town.breach(1, `${person.name} heard ${entry.offset} of room ${entry.roomId}: ${why}`);
      }
    }
  }
}

/** Rule 13 for everybody who is there. */
async function checkUnread(town: Town): Promise<void> {
  await town.forEachOnline(async (device) => {
    const { name, isGuest } = device.person;
    const account = town.disk.findAccount(name);
    if (isGuest || account === undefined) return;
    const [mine, direct] = [
      await device.client.listRooms({ scope: "mine", limit: 100 }),
      await device.client.listRooms({ scope: "direct", limit: 100 }),
    ];
    for (const listed of [...mine.rooms, ...direct.rooms]) {
      if (listed.kind === "memory") continue;
      const { roomId, readOffset, unreadCount } = listed;
      const least = town.ledger.readUpTo.get(`${roomId} ${name}`) ?? 0;
      if (readOffset < least)
        town.breach(13, `${name} had read ${least} of ${listed.name}, and now ${readOffset}`);
      const unread = town.disk
        .log(roomId)
        .filter(
          ({ offset, kind, deleted, senderId }) =>
            offset > readOffset && kind === "text" && !deleted && senderId !== account.id,
        );
      if (unread.length !== unreadCount)
        town.breach(13, `${name} has ${unreadCount} unread of ${listed.name}, not ${unread.length}`);
      const last = town.disk.log(roomId).at(-1)?.offset ?? 0;
      if (last !== listed.lastOffset)
        town.breach(15, `${listed.name} ends at ${last}, not ${listed.lastOffset}`);
    }
  });
}
