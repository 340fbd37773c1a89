import {
  type ChatCommand,
  type CommandContext,
  currentRoom,
  offsetOf,
  splitWord,
  UsageError,
} from "./command.ts";

function ownOffset(text: string, context: CommandContext): number {
  return offsetOf(text, context, ({ isOwn }) => isOwn);
}

/** The log that messages of the current conversation are in. */
function currentLog({ conversations }: CommandContext): number {
  const { roomId } = conversations.current;
  if (roomId === 0) throw new UsageError("nothing was said here yet");
  return roomId;
}

export const talkCommands: readonly ChatCommand[] = [
  {
    name: "w",
    group: "talk",
    usage: "NAME TEXT",
    meaning: "whisper to one person",
    completes: ["user", "text"],
    run: (rest, context) => {
      const [name, text] = splitWord(rest);
      if (text === "") throw new UsageError("it takes a name and a text");
      context.say(context.conversations.direct(name.replace(/^@/, "")), text);
    },
  },
  {
    name: "r",
    group: "talk",
    usage: "TEXT",
    meaning: "answer whoever whispered last",
    run: (rest, context) => {
      if (rest.trim() === "") throw new UsageError("it takes a text");
      if (context.lastWhisperer === "") throw new UsageError("nobody has whispered to you yet");
      context.say(context.conversations.direct(context.lastWhisperer), rest.trim());
    },
  },
  {
    name: "reply",
    group: "talk",
    usage: "NUMBER TEXT",
    meaning: "answer a message",
    details: ['NUMBER is what stands behind a message after "#", or "." for the last one.'],
    run: (rest, context) => {
      const [number, text] = splitWord(rest);
      if (text === "") throw new UsageError("it takes a message's number and a text");
      context.say(
        context.conversations.current,
        text,
        offsetOf(number, context, ({ isOwn }) => !isOwn),
      );
    },
  },
  {
    name: "edit",
    group: "talk",
    usage: "NUMBER TEXT",
    meaning: "change a message of yours",
    details: ['NUMBER is what stands behind a message after "#", or "." for your last one.'],
    run: async (rest, context) => {
      const [number, text] = splitWord(rest);
      if (text === "") throw new UsageError("it takes a message's number and its new text");
      await context.port.edit(currentLog(context), ownOffset(number, context), text);
    },
  },
  {
    name: "delete",
    group: "talk",
    usage: "NUMBER",
    meaning: "delete a message; its text is gone for everybody",
    run: async (rest, context) => {
      const [number, more] = splitWord(rest);
      if (number === "" || more !== "") throw new UsageError("it takes a message's number");
      await context.port.delete(currentLog(context), ownOffset(number, context));
    },
  },
  {
    name: "react",
    group: "talk",
    usage: "NUMBER EMOJI [--remove]",
    meaning: "react to a message",
    run: async (rest, context) => {
      const [number, more] = splitWord(rest);
      const [reaction, flag] = splitWord(more);
      if (reaction === "" || !["", "--remove"].includes(flag)) {
        throw new UsageError("it takes a message's number and an emoji, and --remove to take it back");
      }
      const offset = offsetOf(number, context);
      await context.port.react(currentLog(context), offset, reaction, { remove: flag !== "" });
    },
  },
  {
    name: "invite",
    group: "talk",
    usage: "NAME",
    meaning: "invite somebody into this room",
    completes: ["user"],
    run: async (rest, context) => {
      const [name, more] = splitWord(rest);
      if (name === "" || more !== "") throw new UsageError("it takes a name");
      const { roomId, title } = currentRoom(context);
      await context.port.invite(roomId, name);
      context.note(`${name} is invited to ${title}`);
    },
  },
];
