import type { Conversation, Note, ShownMessage } from "./conversation.ts";
import type { Conversations } from "./conversations.ts";

/** What of a conversation was fetched. */
export type LoadedPart = "latest" | "older" | "newer" | "around";

/** Where a chat session shows what it knows. */
export interface ChatScreen {
  /** Undefined where nobody can be asked. Resolves with undefined when the person does not answer. */
  readonly ask: ((question: string, isSecret: boolean) => Promise<string | undefined>) | undefined;
  /** What there is to be shown from now on. */
  begin(shown: ShownState): void;
  /** A new message, at the end of its conversation. */
  said(conversation: Conversation, message: ShownMessage): void;
  /** A message was edited, deleted or reacted to; `what` says so in words. */
  changed(conversation: Conversation, what: string): void;
  noted(note: Note): void;
  /** Messages were fetched, oldest first. `around`: the one that was asked for. */
  loaded(
    conversation: Conversation,
    messages: readonly ShownMessage[],
    part: LoadedPart,
    around?: number,
  ): void;
  /** Something else is another than it was: unread counts, the current conversation, the connection. */
  refresh(): void;
}

/** What a screen looks at when it draws. */
export interface ShownState {
  readonly conversations: Conversations;
  /** "" until the login. */
  readonly user: string;
  readonly nowMs: () => number;
  readonly isOnline: () => boolean;
  readonly pendingCount: () => number;
}
