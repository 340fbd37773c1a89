import { DURATION_FORMAT, parseDuration } from "../../base/duration.ts";
import type { ChatPort } from "./chat-port.ts";
import type { Conversation, ShownMessage } from "./conversation.ts";
import type { Conversations } from "./conversations.ts";

export type CommandGroup =
  "talk" | "rooms" | "reading" | "moderation" | "account" | "administration" | "client";

/** What an argument is, for completion. */
export type ArgumentKind = "user" | "room" | "place" | "command" | "text" | readonly string[];

/** What commands act on and with. */
export interface CommandContext {
  readonly port: ChatPort;
  readonly conversations: Conversations;
  /** The user's own name. */
  readonly user: string;
  readonly nowMs: () => number;
  readonly note: (text: string) => void;
  readonly alarm: (text: string) => void;
  /** Sends, and shows what becomes of it. */
  readonly say: (conversation: Conversation, text: string, replyTo?: number) => void;
  /** Makes it the current one, and shows its newest messages. */
  readonly goTo: (conversation: Conversation) => Promise<void>;
  readonly remove: (conversation: Conversation) => void;
  readonly showOlder: (count: number) => Promise<void>;
  readonly showAround: (offset: number) => Promise<void>;
  readonly showFrom: (timeMs: number) => Promise<void>;
  readonly showLatest: () => Promise<void>;
  /** Undefined where nobody can be asked. */
  readonly ask: ((question: string, isSecret: boolean) => Promise<string | undefined>) | undefined;
  /** Who whispered last; "" when nobody has. */
  readonly lastWhisperer: string;
  readonly forgetToken: () => void;
  readonly end: () => void;
}

export interface ChatCommand {
  /** Without its slash. */
  readonly name: string;
  readonly group: CommandGroup;
  /** What follows the name: "NAME [TIME] [REASON]". */
  readonly usage: string;
  readonly meaning: string;
  /** More of it, for `/help name`. */
  readonly details?: readonly string[];
  readonly completes?: readonly ArgumentKind[];
  /** Throws UsageError when `rest` is not what is expected. */
  readonly run: (rest: string, context: CommandContext) => Promise<void> | void;
}

/** What was typed after a command is not what it takes; the message says what it takes. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The first word, and what follows it. */
export function splitWord(text: string): [word: string, rest: string] {
  const [, word = "", rest = ""] = /^\s*(\S*)\s*([^]*)$/u.exec(text) ?? [];
  return [word, rest.trimEnd()];
}

export function wordsOf(text: string): string[] {
  return text.trim() === "" ? [] : text.trim().split(/\s+/u);
}

/** One word and nothing after it. */
export function oneWord(rest: string, what: string): string {
  const words = wordsOf(rest);
  if (words.length !== 1 || words[0] === undefined) throw new UsageError(`it takes ${what}`);
  return words[0];
}

export function nothing(rest: string): void {
  if (rest.trim() !== "") throw new UsageError("it takes nothing");
}

/** Milliseconds; "3d" too, and "forever" is 0. */
export function durationOf(text: string): number {
  if (text === "forever" || text === "off" || text === "0") return 0;
  const days = /^(\d{1,5})d$/.exec(text);
  const ms = days === null ? parseDuration(text) : Number(days[1]) * 86_400_000;
  if (ms === undefined) throw new UsageError(`"${text}" is not ${DURATION_FORMAT}, "3d" or "forever"`);
  return ms;
}

export function isDuration(text: string): boolean {
  return /^(?:\d[\d.]*(?:ms|s|m|h|d)|forever)$/.test(text);
}

export function wholeNumber(
  text: string,
  what: string,
  least = 0,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || value < least || value > most) {
    throw new UsageError(`"${text}" is not ${what}`);
  }
  return value;
}

/** A message's offset: "12", "#12", or "." for the last one that `isMeant`. */
export function offsetOf(
  text: string,
  { conversations }: CommandContext,
  isMeant: (message: ShownMessage) => boolean = () => true,
): number {
  if (text === ".") {
    const last = conversations.current.lastMessage((message) => !message.isDeleted && isMeant(message));
    if (last === undefined) throw new UsageError("there is no such message here");
    return last.offset;
  }
  return wholeNumber(text.replace(/^#/, ""), 'a message\'s number ("12", or "." for the last one)', 1);
}

/** The room that a command is about: the current one. Direct conversations have no settings and no members. */
export function currentRoom({ conversations }: CommandContext): Conversation {
  const { current } = conversations;
  if (current.isDirect) throw new UsageError("this is a direct conversation; go to a room first (/go)");
  return current;
}
