import { nearestName } from "../base/nearest-name.ts";

/** What a typed line asks for. */
export type ChatInput =
  | { readonly kind: "nothing" }
  | { readonly kind: "say"; readonly text: string }
  | { readonly kind: "whisper"; readonly to: string; readonly text: string }
  | { readonly kind: "join"; readonly room: string }
  | { readonly kind: "who" | "leave" | "rooms" | "help" | "quit" }
  /** Not sent anywhere; `problem` is to be shown. */
  | { readonly kind: "mistake"; readonly problem: string };

interface CommandHelp {
  readonly usage: string;
  readonly meaning: string;
}

export const chatCommands: Readonly<Record<string, CommandHelp>> = {
  "/w": { usage: "/w name text", meaning: "whisper to one person" },
  "/who": { usage: "/who", meaning: "who is in this room" },
  "/join": { usage: "/join room", meaning: "go to a room, made if there is none of this name" },
  "/leave": { usage: "/leave", meaning: "leave this room and go back to the lobby" },
  "/rooms": { usage: "/rooms", meaning: "the rooms you are in" },
  "/help": { usage: "/help", meaning: "this list" },
  "/quit": { usage: "/quit", meaning: "leave (Ctrl-D does the same)" },
};

/** Reads a typed line. A line that begins with "//" is said, with one "/". */
export function readChatInput(line: string): ChatInput {
  const text = line.trimEnd();
  if (text.trim() === "") return { kind: "nothing" };
  if (!text.startsWith("/")) return { kind: "say", text };
  if (text.startsWith("//")) return { kind: "say", text: text.slice(1) };
  const [, command = "", rest = ""] = /^(\/\S*)\s*(.*)$/su.exec(text) ?? [];
  switch (command) {
    case "/w": {
      const [, to, said] = /^(\S+)\s+(\S.*)$/su.exec(rest) ?? [];
      return to === undefined || said === undefined ? misused("/w") : { kind: "whisper", to, text: said };
    }
    case "/join":
      return /^\S+$/u.test(rest) ? { kind: "join", room: rest } : misused("/join");
    case "/who":
    case "/leave":
    case "/rooms":
    case "/help":
    case "/quit":
      if (rest !== "") return misused(command);
      return { kind: kindOf[command] };
    default:
      return { kind: "mistake", problem: unknown(command) };
  }
}

const kindOf = {
  "/who": "who",
  "/leave": "leave",
  "/rooms": "rooms",
  "/help": "help",
  "/quit": "quit",
} as const;

function misused(command: string): ChatInput {
  return { kind: "mistake", problem: `it is: ${chatCommands[command]?.usage ?? command}` };
}

function unknown(command: string): string {
  const nearest = nearestName(command, Object.keys(chatCommands));
  const hint = nearest === undefined ? "/help lists the commands" : `did you mean ${nearest}?`;
  return `there is no ${command}; ${hint} (to say a line that begins with "/", begin it with "//")`;
}
