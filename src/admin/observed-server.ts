import type { ChatServer } from "../chat/chat-server.ts";

/** What watching needs of a chat server: reading, and the two looks that do something (ping, end). */
export type ObservedServer = Pick<
  ChatServer,
  "addresses" | "backend" | "counters" | "histograms" | "inspect"
>;

export type SessionTotals = ReturnType<ObservedServer["inspect"]["totals"]>;
