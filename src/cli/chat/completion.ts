import { nameKey } from "../../protocol/names.ts";
import type { ArgumentKind } from "./command.ts";
import { chatCommands, findCommand } from "./command-table.ts";
import type { Conversations } from "./conversations.ts";

/** What a word could become. */
export interface Completion {
  /** The line with as much of the word as all candidates have in common. */
  readonly text: string;
  readonly cursor: number;
  /** More than one: the person has to go on. */
  readonly candidates: readonly string[];
}

/** Completes the word before the cursor: a command, its arguments, or a name in what is said. */
export function complete(text: string, cursor: number, conversations: Conversations): Completion {
  const before = text.slice(0, cursor);
  const start = before.search(/\S*$/u);
  const word = before.slice(start);
  const { candidates, tail } = candidatesFor(before.slice(0, start), word, conversations);
  if (candidates.length === 0) return { text, cursor, candidates };
  const common = candidates.length === 1 ? `${candidates[0]}${tail}` : commonStart(candidates);
  // What is common may be shorter than what was typed, where only the case differs.
  const completed = common.length >= word.length ? common : word;
  return {
    text: text.slice(0, start) + completed + text.slice(cursor),
    cursor: start + completed.length,
    candidates,
  };
}

interface Candidates {
  readonly candidates: readonly string[];
  /** What follows when there is only one. */
  readonly tail: string;
}

function candidatesFor(before: string, word: string, conversations: Conversations): Candidates {
  if (before === "" && word.startsWith("/") && !word.startsWith("//")) {
    return {
      candidates: matching(
        chatCommands.map(({ name }) => `/${name}`),
        word,
      ),
      tail: " ",
    };
  }
  const words = before.split(/\s+/u);
  const command = /^\/[^/]/.test(before) ? findCommand((words[0] ?? "").slice(1)) : undefined;
  if (command === undefined) {
    const isAt = word.startsWith("@");
    if (word === "" || (before.startsWith("/") && !before.startsWith("//")))
      return { candidates: [], tail: "" };
    const names = [...conversations.current.names].map((name) => (isAt ? `@${name}` : name));
    return { candidates: matching(names, word), tail: before === "" && !isAt ? ": " : " " };
  }
  // The command itself is the first word; what is before the cursor ends with a space.
  const kind = command.completes?.[words.length - 2];
  return { candidates: kind === undefined ? [] : matching(namesFor(kind, conversations), word), tail: " " };
}

function namesFor(kind: ArgumentKind, { list, current }: Conversations): readonly string[] {
  if (typeof kind !== "string") return kind;
  switch (kind) {
    case "user":
      return [
        ...new Set([...current.names, ...list.filter(({ isDirect }) => isDirect).map(({ name }) => name)]),
      ];
    case "room":
      return list.filter(({ isDirect }) => !isDirect).map(({ name }) => name);
    case "place":
      return [...list.map(({ title }) => title), ...[...current.names].map((name) => `@${name}`)];
    case "command":
      return chatCommands.map(({ name }) => name);
    case "text":
      return [];
  }
}

function matching(candidates: readonly string[], word: string): string[] {
  const key = nameKey(word);
  return [...new Set(candidates)].filter((candidate) => nameKey(candidate).startsWith(key)).sort();
}

function commonStart(candidates: readonly string[]): string {
  const [first = "", ...others] = candidates;
  const letters = Array.from(first);
  let length = letters.length;
  for (const other of others) {
    const otherLetters = Array.from(other);
    let same = 0;
    while (same < length && nameKey(otherLetters[same] ?? "") === nameKey(letters[same] ?? "")) same++;
    length = same;
  }
  return letters.slice(0, length).join("");
}
