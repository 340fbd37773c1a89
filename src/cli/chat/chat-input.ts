import type { ChatCommand } from "./command.ts";
import { findCommand, unknownCommand } from "./command-table.ts";

/** What a typed line asks for. */
export type ChatInput =
  | { readonly kind: "nothing" }
  | { readonly kind: "say"; readonly text: string }
  | { readonly kind: "command"; readonly command: ChatCommand; readonly rest: string }
  /** Not sent anywhere; `problem` is to be shown. */
  | { readonly kind: "mistake"; readonly problem: string };

/** Reads a typed line. A line that begins with "//" is said, with one "/". */
export function readChatInput(line: string): ChatInput {
  const text = line.trimEnd();
  if (text.trim() === "") return { kind: "nothing" };
  if (!text.startsWith("/")) return { kind: "say", text };
  if (text.startsWith("//")) return { kind: "say", text: text.slice(1) };
  const [, name = "", rest = ""] = /^\/(\S*)\s*([^]*)$/u.exec(text) ?? [];
  const command = findCommand(name);
  return command === undefined
    ? { kind: "mistake", problem: unknownCommand(name) }
    : { kind: "command", command, rest };
}
