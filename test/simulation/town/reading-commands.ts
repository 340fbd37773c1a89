import { PacketType } from "../../../src/protocol/codes.ts";
import { checkHistory, checkSearch, wordsOf } from "./reading-checks.ts";
import type { TownCommand } from "./town-command.ts";

type Commands = Record<
  | typeof PacketType.ROOM_LIST_REQUEST
  | typeof PacketType.MEMBER_LIST_REQUEST
  | typeof PacketType.USER_LIST_REQUEST
  | typeof PacketType.HISTORY_REQUEST
  | typeof PacketType.SEARCH_REQUEST,
  TownCommand
>;

const NO_ROOM = 77_777;

export const READING_COMMANDS: Commands = {
  [PacketType.ROOM_LIST_REQUEST]: {
    weight: 4,
    codes: [],
    isRefusable: false,
    rule: [15, "lists of rooms are the disk's; private rooms are in none but their members' (16)"],
    act: (town, device) => {
      const scope = town.pick(["open", "mine", "direct"] as const);
      device.ask({
        what: "listRooms",
        send: () => device.client.listRooms({ scope, limit: 1 + town.random.below(10) }),
        onDone: ({ rooms }) => {
          for (const { name, access } of rooms)
            if (scope === "open" && access === "private")
              town.breach(16, `${name} is in the list of open rooms`);
        },
      });
    },
    check: (town) =>
      town.forEachOnline(async (device) => {
        const { name } = device.person;
        const open = await town.allRooms(device, "open");
        const memory = town.memoryRooms();
        const stored = town.disk.ask("listOpenRooms", { prefix: "", after: "", limit: 1000 });
        const logged = open.filter(({ kind }) => kind === "logged").map((room) => room.name);
        town.mustEqual(
          15,
          `open rooms, as ${name} sees them`,
          logged,
          stored.map((room) => room.name),
        );
        for (const room of open)
          if (room.kind === "memory" && memory.get(room.roomId) === "private")
            town.breach(16, `${room.name} is in the list of open rooms`);
        const account = town.disk.findAccount(name);
        if (account === undefined) return;
        const mine = (await town.allRooms(device, "mine")).filter(({ kind }) => kind === "logged");
        const own = town.disk.ask("listRoomsOf", { userId: account.id, after: "", limit: 1000 });
        const shown = mine.map((room) => `${room.name} ${room.role}`);
        town.mustEqual(
          15,
          `${name}'s rooms`,
          shown,
          own.map((room) => `${room.name} ${room.role}`),
        );
      }),
  },
  [PacketType.MEMBER_LIST_REQUEST]: {
    weight: 2,
    codes: ["ROOM_NOT_FOUND", "NOT_A_MEMBER"],
    isRefusable: true,
    rule: [15, "members are the disk's, with their roles; present are those who are in the room"],
    act: (town, device) => {
      const roomId = town.random.chance(0.75) ? town.roomOf(device)?.roomId : NO_ROOM;
      if (roomId === undefined) return;
      device.ask({
        what: "members",
        send: () => device.client.members(roomId, { limit: 1 + town.random.below(10) }),
        onDone: () => {
          if (roomId === NO_ROOM) town.breach(15, "a room that there is not has members");
        },
      });
    },
    check: (town) =>
      town.forEachOnline(async (device) => {
        for (const { roomId, name, kind } of device.rooms) {
          if (kind !== "logged") continue;
          const { members } = await device.client.members(roomId, { limit: 200 });
          const stored = town.disk.ask("listMembers", { roomId, afterKey: "", limit: 200 });
          const shown = members.map((member) => `${member.name} ${member.role} ${member.displayName}`);
          const there = stored.members.map((member) => `${member.name} ${member.role} ${member.displayName}`);
          town.mustEqual(15, `the members of ${name}`, shown, there);
          const present = members.filter(({ isPresent }) => isPresent).map((member) => member.name);
          const inRoom = town
            .namesIn(roomId)
            .filter((each) => members.some((member) => member.name === each));
          town.mustEqual(15, `who is present in ${name}`, present.toSorted(), inRoom.toSorted());
        }
      }),
  },
  [PacketType.USER_LIST_REQUEST]: {
    weight: 2,
    codes: ["ROOM_NOT_FOUND", "NOT_A_MEMBER"],
    isRefusable: true,
    rule: [15, "who is listed in a room is in it, and the other way round"],
    act: (town, device) => {
      const roomId = town.random.chance(0.75) ? town.roomOf(device)?.roomId : NO_ROOM;
      if (roomId === undefined) return;
      device.ask({
        what: "listUsers",
        send: () => device.client.listUsers(roomId, { limit: 1 + town.random.below(10) }),
        onDone: () => {
          if (roomId === NO_ROOM) town.breach(15, "there are users in a room that there is not");
        },
      });
    },
    check: (town) =>
      town.forEachOnline(async (device) => {
        for (const { roomId, name } of device.rooms) {
          const { names, total } = await device.client.listUsers(roomId, { limit: 200 });
          town.mustEqual(15, `who is in ${name}`, names.toSorted(), town.namesIn(roomId).toSorted());
          if (total !== names.length)
            town.breach(15, `${total} users are in ${name}, and ${names.length} are named`);
        }
      }),
  },
  [PacketType.HISTORY_REQUEST]: {
    weight: 4,
    codes: ["ROOM_NOT_FOUND", "NOT_A_MEMBER"],
    isRefusable: true,
    rule: [13, "a page, by whatever it was asked for, is that part of the log"],
    act: (town, device) => {
      const roomId = town.random.chance(0.9) ? town.messageFor(device)?.roomId : NO_ROOM;
      if (roomId === undefined) return;
      const at = town.random.below(30);
      const range = town.pick([
        { after: at },
        { before: at + 1 },
        { around: at + 1 },
        { fromTimeMs: town.wallMs() - 100 * at },
      ]);
      device.ask({
        what: "history",
        send: () => device.client.history(roomId, { ...range, limit: 1 + town.random.below(20) }),
        onDone: ({ messages }) => {
          const offsets = messages.map(({ offset }) => offset);
          for (const [index, offset] of offsets.entries())
            if (index > 0 && offset !== (offsets[index - 1] ?? 0) + 1)
              town.breach(13, `a page of history has ${offsets.join(", ")}`);
        },
      });
    },
    check: checkHistory,
  },
  [PacketType.SEARCH_REQUEST]: {
    weight: 3,
    codes: ["ROOM_NOT_FOUND", "NOT_A_MEMBER"],
    isRefusable: true,
    rule: [
      13,
      "a search finds all that the log shows with the word, where its user may read, and nothing else",
    ],
    act: (town, device) => {
      const word = town.words().split(" ")[0] ?? "";
      const roomId = town.pick([0, 0, town.messageFor(device)?.roomId ?? 0, NO_ROOM]);
      device.ask({
        what: "search",
        send: () => device.client.search(word, { roomId }),
        onDone: ({ messages }) => {
          for (const { text } of messages)
            if (!wordsOf(text).some((each) => each.startsWith(word)))
              town.breach(13, `"${text}" was found for ${word}`);
        },
      });
    },
    check: checkSearch,
  },
};
