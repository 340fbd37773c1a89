import {
  type ChatCommand,
  offsetOf,
  oneWord,
  splitWord,
  UsageError,
  wholeNumber,
  wordsOf,
} from "./command.ts";
import { dateAndTime, harmless } from "./line-format.ts";
import { fitText } from "./text-width.ts";

/** Columns of a message that was found. */
const HIT_COLUMNS = 70;

export const readingCommands: readonly ChatCommand[] = [
  {
    name: "history",
    group: "reading",
    usage: "[COUNT | DATE]",
    meaning: "older messages (PageUp too), or those from a day on",
    details: ["COUNT is 1 … 200, 50 when left out; DATE is written 2026-03-09, or 2026-03-09T14:30."],
    run: async (rest, context) => {
      const [word = "50", ...more] = wordsOf(rest);
      if (more.length > 0) throw new UsageError("it takes a count or a date");
      if (!/^\d{4}-\d\d-\d\d/.test(word)) {
        return context.showOlder(wholeNumber(word, "a count from 1 to 200 or a date", 1, 200));
      }
      // Without a time, ECMAScript reads a date as of UTC.
      const timeMs = Date.parse(word.includes("T") ? word : `${word}T00:00`);
      if (Number.isNaN(timeMs)) throw new UsageError(`"${word}" is no date`);
      return context.showFrom(timeMs);
    },
  },
  {
    name: "search",
    group: "reading",
    usage: "[--here] WORDS",
    meaning: "messages with all these words, in every room you may read",
    run: async (rest, context) => {
      const [first, others] = splitWord(rest);
      const isHere = first === "--here";
      const query = isHere ? others : rest.trim();
      if (query === "") throw new UsageError("it takes words");
      const { roomId } = context.conversations.current;
      const { messages: hits, more } = await context.port.search(query, {
        limit: 30,
        ...(isHere ? { roomId } : {}),
      });
      for (const { room, offset, timeMs, sender, text } of hits.toReversed()) {
        const line = `${dateAndTime(timeMs)} ${room} #${offset} ${sender}: ${harmless(text)}`;
        context.note(fitText(line, HIT_COLUMNS));
      }
      context.note(
        hits.length === 0
          ? "nothing found"
          : `${more ? "the newest " : ""}${hits.length} found; /goto NUMBER shows one`,
      );
    },
  },
  {
    name: "goto",
    group: "reading",
    usage: "NUMBER | end",
    meaning: "show the messages around one, or the newest",
    completes: [["end"]],
    run: async (rest, context) => {
      const word = oneWord(rest, "a message's number, or end");
      await (word === "end" ? context.showLatest() : context.showAround(offsetOf(word, context)));
    },
  },
  {
    name: "read",
    group: "reading",
    usage: "[all]",
    meaning: "mark this room, or all of them, as read",
    completes: [["all"]],
    run: async (rest, context) => {
      const word = rest.trim();
      if (!["", "all"].includes(word)) throw new UsageError("it takes nothing, or all");
      const { list, current } = context.conversations;
      for (const each of word === "all" ? list : [current]) {
        each.unreadCount = 0;
        each.mentionCount = 0;
        if (each.roomId === 0 || each.lastOffset === 0 || each.readOffset >= each.lastOffset) continue;
        await context.port.markRead(each.roomId, each.lastOffset);
        each.readOffset = each.lastOffset;
      }
      context.note("marked as read");
    },
  },
];
