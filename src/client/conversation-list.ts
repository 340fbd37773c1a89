import { PacketType } from "../protocol/codes.ts";
import { RoomListRequest_Scope } from "../protocol/generated/portico/v1/portico_pb.js";
import { ChatError, isTransient } from "./chat-error.ts";
import type { ClientEnvironment, ClientTimer } from "./environment.ts";
import { type RoomListing, roomListing } from "./room-info.ts";
import type { ServerLink } from "./server-link.ts";

/** Conversations in one page; the most that the protocol allows. */
const PAGE_CONVERSATIONS = 100;

/** Between attempts when the server does not say how long to wait. */
const LIST_PAUSE_MS = 500;

export interface ConversationListOptions {
  readonly environment: ClientEnvironment;
  readonly requestTimeoutMs: number;
  /** With each page, the latest conversations first. */
  readonly onPage: (page: readonly RoomListing[]) => void;
  /** No more pages come: all were read, or as many as wanted, or the server does not list conversations. */
  readonly onEnd: () => void;
}

/** Reads the user's direct conversations, page after page, as often as it takes on one connection. */
export class ConversationList {
  readonly #options: ConversationListOptions;
  #link: ServerLink | undefined;
  #timer: ClientTimer | undefined;

  constructor(options: ConversationListOptions) {
    this.#options = options;
  }

  get isReading(): boolean {
    return this.#link !== undefined;
  }

  /** At most `pageLimit` pages of the latest. */
  read(link: ServerLink, pageLimit: number): void {
    this.#link = link;
    this.#ask(link, "", pageLimit);
  }

  stop(): void {
    this.#link = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #ask(link: ServerLink, after: string, pagesLeft: number): void {
    const fields = { scope: RoomListRequest_Scope.DIRECT, after, limit: PAGE_CONVERSATIONS };
    link.request(PacketType.ROOM_LIST_REQUEST, fields, this.#options.requestTimeoutMs, (answer) => {
      if (this.#link !== link) return;
      if (answer instanceof ChatError) {
        this.#onRefused(link, answer, after, pagesLeft);
        return;
      }
      const page = answer.rooms.map(roomListing);
      const last = page.at(-1);
      const isLast = !answer.more || last === undefined || pagesLeft <= 1;
      this.#options.onPage(page);
      if (this.#link !== link) return; // a listener has closed the client
      if (isLast) this.#end();
      else this.#ask(link, last.cursor, pagesLeft - 1);
    });
  }

  #onRefused(link: ServerLink, error: ChatError, after: string, pagesLeft: number): void {
    if (error.code === "CONNECTION_LOST") return;
    if (isTransient(error.code) || error.code === "TIMEOUT") {
      this.#timer = this.#options.environment.startTimer(Math.max(error.retryAfterMs, LIST_PAUSE_MS), () =>
        this.#ask(link, after, pagesLeft),
      );
    } else {
      this.#end();
    }
  }

  #end(): void {
    this.#link = undefined;
    this.#options.onEnd();
  }
}
