import { ChatError } from "../../client/index.ts";
import {
  type ChatCommand,
  type CommandContext,
  currentRoom,
  nothing,
  oneWord,
  splitWord,
  UsageError,
  wordsOf,
} from "./command.ts";
import type { CreateRoomOptions, RoomListing } from "./chat-port.ts";
import { counted } from "./line-format.ts";
import { describeRoom, readRoomChange, roomSettings } from "./room-settings.ts";

/** Entries listed by one command at most; people, rooms. */
const LIST_LIMIT = 1000;

async function go(name: string, password: string | undefined, context: CommandContext): Promise<void> {
  const room = await context.port
    .joinRoom(name, password === undefined ? {} : { password })
    .catch((error: unknown) => {
      if (!(error instanceof ChatError) || error.code !== "ROOM_NOT_FOUND") throw error;
      throw new ChatError("ROOM_NOT_FOUND", `there is no room ${name} for you; /create ${name} makes one`);
    });
  const conversation = context.conversations.room(room.roomId, room.name);
  conversation.topic = room.topic;
  conversation.isJoined = true;
  await context.goTo(conversation);
  const topic = room.topic === "" ? "" : `: ${room.topic}`;
  context.note(
    `you are in ${room.name} now, with ${counted(Math.max(0, room.memberCount - 1), "other")}${topic}`,
  );
}

/** Everything that a paged request lists, up to the limit. */
async function allPages<Entry>(
  page: (after: Entry | undefined) => Promise<{ readonly entries: readonly Entry[]; readonly more: boolean }>,
): Promise<Entry[]> {
  const all: Entry[] = [];
  for (;;) {
    const { entries, more } = await page(all.at(-1));
    all.push(...entries);
    if (!more || entries.length === 0 || all.length >= LIST_LIMIT) return all;
  }
}

export const roomCommands: readonly ChatCommand[] = [
  {
    name: "join",
    group: "rooms",
    usage: "NAME [PASSWORD]",
    meaning: "go into a room",
    completes: ["room"],
    run: async (rest, context) => {
      const [name, password, ...more] = wordsOf(rest);
      if (name === undefined || more.length > 0)
        throw new UsageError("it takes a room's name, and its password");
      await go(name, password, context);
    },
  },
  {
    name: "create",
    group: "rooms",
    usage: "NAME [--private | --password WORD] [--memory]",
    meaning: "make a room",
    details: [
      "--private    only those who are invited come in, and nobody else knows of it",
      "--password   only those who know the password come in",
      "--memory     nothing is kept on disk; the room ends with the last one who leaves it",
    ],
    run: async (rest, context) => {
      const [name, ...flags] = wordsOf(rest);
      if (name === undefined || name.startsWith("--")) throw new UsageError("it takes a name for the room");
      const { roomId, name: written } = await context.port.createRoom(name, readCreateFlags(flags));
      await context.goTo(context.conversations.room(roomId, written));
      context.note(`${written} is yours; /invite NAME asks others in, /set shows its settings`);
    },
  },
  {
    name: "go",
    group: "rooms",
    usage: "NAME | @NAME",
    meaning: "go to another room or direct conversation (Alt-1 … Alt-9 too)",
    completes: ["place"],
    run: async (rest, context) => {
      const name = oneWord(rest, "the name of a room, or @ and the name of a person");
      const known = context.conversations.byName(name);
      if (known?.isJoined === true) await context.goTo(known);
      else if (name.startsWith("@")) await context.goTo(context.conversations.direct(name.slice(1)));
      else await go(name, undefined, context);
    },
  },
  {
    name: "leave",
    group: "rooms",
    usage: "[--give-up]",
    meaning: "leave this room",
    details: ["--give-up    be no member of it any more; a private room needs another invitation then"],
    completes: [["--give-up"]],
    run: async (rest, context) => {
      if (!["", "--give-up"].includes(rest.trim())) throw new UsageError("it takes nothing, or --give-up");
      const { conversations } = context;
      const { current } = conversations;
      if (current === conversations.lobby) {
        throw new UsageError("the lobby is where everybody is; /quit leaves the server");
      }
      if (!current.isDirect) await context.port.leaveRoom(current.roomId, { giveUp: rest.trim() !== "" });
      context.remove(current);
      await context.goTo(conversations.lobby);
      context.note(`you have left ${current.title} and are in ${conversations.lobby.title}`);
    },
  },
  {
    name: "rooms",
    group: "rooms",
    usage: "[open [BEGINNING] | mine | direct]",
    meaning: "the rooms you are in, or others",
    completes: [["open", "mine", "direct"]],
    run: async (rest, context) => {
      const [scope = "", prefix = "", ...more] = wordsOf(rest);
      if (scope === "") return listJoined(context);
      const isScope = scope === "open" || scope === "mine" || scope === "direct";
      if (!isScope || more.length > 0 || (prefix !== "" && scope !== "open")) {
        throw new UsageError("it takes open (and how the name begins), mine or direct");
      }
      const rooms = await allPages<RoomListing>(async (last) => {
        const after = last === undefined ? {} : { after: last.cursor };
        const page = await context.port.listRooms({ scope, prefix, limit: 100, ...after });
        return { entries: page.rooms, more: page.more };
      });
      if (rooms.length === 0) context.note("there are none");
      for (const room of rooms) context.note(describeEntry(room));
    },
  },
  {
    name: "who",
    group: "rooms",
    usage: "",
    meaning: "who is in this room now",
    run: async (rest, context) => {
      nothing(rest);
      const room = currentRoom(context);
      let total = 0;
      const names = await allPages<string>(async (last) => {
        const page = await context.port.listUsers(room.roomId, { after: last ?? "", limit: 200 });
        ({ total } = page);
        return { entries: page.names, more: page.more };
      });
      for (const name of names) room.meet(name);
      const others = total > names.length ? `, and ${total - names.length} more` : "";
      context.note(`${total} in ${room.title}: ${names.join(", ")}${others}`);
    },
  },
  {
    name: "members",
    group: "rooms",
    usage: "",
    meaning: "the members of this room, with their roles",
    run: async (rest, context) => {
      nothing(rest);
      const room = currentRoom(context);
      const members = await allPages(async (last: { readonly name: string } | undefined) => {
        const page = await context.port.members(room.roomId, { after: last?.name ?? "", limit: 200 });
        return { entries: page.members, more: page.more };
      });
      for (const { name, displayName, role, isPresent, mutedUntilMs } of members.values()) {
        room.meet(name);
        const facts = [
          ...(displayName === "" ? [] : [displayName]),
          ...(role === "none" ? [] : [role]),
          isPresent ? "here" : "away",
          ...(mutedUntilMs > context.nowMs() ? ["muted"] : []),
        ];
        context.note(`${name}: ${facts.join(", ")}`);
      }
      context.note(counted(members.length, "member"));
    },
  },
  {
    name: "topic",
    group: "rooms",
    usage: "[TEXT | --clear]",
    meaning: "what this room is about",
    run: async (rest, context) => {
      const room = currentRoom(context);
      const text = rest.trim();
      if (text === "") {
        context.note(room.topic === "" ? `${room.title} has no topic` : `${room.title}: ${room.topic}`);
        return;
      }
      const { topic } = await context.port.updateRoom(room.roomId, { topic: text === "--clear" ? "" : text });
      room.topic = topic;
      context.note(topic === "" ? `${room.title} has no topic now` : `${room.title}: ${topic}`);
    },
  },
  {
    name: "set",
    group: "rooms",
    usage: "[KEY VALUE …]",
    meaning: "this room's settings",
    details: roomSettings,
    completes: [
      ["name", "access", "password", "slow-mode", "slow-reader", "keep-age", "keep-count", "archived"],
    ],
    run: async (rest, context) => {
      const room = currentRoom(context);
      const known = context.port.rooms.find(({ roomId }) => roomId === room.roomId);
      const words = wordsOf(rest);
      if (words.length === 0) {
        if (known === undefined) throw new UsageError("you are not in this room");
        for (const fact of describeRoom(known)) context.note(fact);
        return;
      }
      const changed = await context.port.updateRoom(room.roomId, readRoomChange(words));
      room.name = changed.name;
      context.note(describeRoom(changed).join("; "));
    },
  },
  {
    name: "delete-room",
    group: "rooms",
    usage: "NAME",
    meaning: "delete this room, and everything said in it, for ever",
    details: ["NAME is this room's name, to show that it is meant."],
    run: async (rest, context) => {
      const room = currentRoom(context);
      if (rest.trim() !== room.name) throw new UsageError(`it takes the name of this room: ${room.name}`);
      await context.port.deleteRoom(room.roomId);
      context.remove(room);
      await context.goTo(context.conversations.lobby);
      context.note(`${room.title} is deleted`);
    },
  },
];

function readCreateFlags(flags: readonly string[]): CreateRoomOptions {
  let options: CreateRoomOptions = {};
  for (let index = 0; index < flags.length; index++) {
    const flag = flags[index];
    const next = flags[index + 1];
    if (flag === "--private" && options.access === undefined) options = { ...options, access: "private" };
    else if (flag === "--memory") options = { ...options, kind: "memory" };
    else if (flag === "--password" && options.access === undefined && next !== undefined) {
      options = { ...options, access: "password", password: next };
      index++;
    } else throw new UsageError("after the name it takes --private or --password WORD, and --memory");
  }
  return options;
}

function listJoined({ conversations, note }: CommandContext): void {
  for (const [index, each] of conversations.list.entries()) {
    const mark = each === conversations.current ? "*" : " ";
    const unread = each.unreadCount > 0 ? `, ${each.unreadCount} unread` : "";
    const away = each.isJoined ? "" : " (not in it now)";
    note(`${mark} ${index + 1} ${each.title}${unread}${away}`);
  }
}

function describeEntry(room: RoomListing): string {
  const facts = [
    ...(room.kind === "direct" ? [] : [`${room.memberCount} in it`]),
    ...(room.access === "public" || room.kind === "direct" ? [] : [room.access]),
    ...(room.kind === "memory" ? ["memory"] : []),
    ...(room.isArchived ? ["archived"] : []),
    ...(room.unreadCount > 0 ? [`${room.unreadCount} unread`] : []),
  ];
  const [name] = splitWord(room.name);
  const title = room.kind === "direct" ? `@${name}` : name;
  return [title, ...(facts.length > 0 ? [`(${facts.join(", ")})`] : []), room.topic].join(" ").trimEnd();
}
