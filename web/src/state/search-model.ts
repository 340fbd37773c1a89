import type { RoomMessage } from "../../../src/client/client-events.ts";
import type { MessagePage, SearchOptions } from "../../../src/client/reading-api.ts";
import { checkQuery } from "../../../src/protocol/text.ts";
import type { Failure, PlaceKey, SearchHit, SearchSnapshot } from "./contract.ts";

/** Hits asked for first, and with "more" where the server has no way to go on: the most it gives. */
const FIRST_HITS = 30;
const MOST_HITS = 100;

export interface SearchModelOptions {
  readonly search: (query: string, options: SearchOptions) => Promise<MessagePage>;
  /** Where a hit lies. */
  readonly placeOf: (message: RoomMessage) => {
    readonly key: PlaceKey;
    readonly title: string;
    readonly isDirect: boolean;
  };
  readonly toFailure: (error: unknown) => Failure;
  readonly onChange: () => void;
}

export const IDLE_SEARCH: SearchSnapshot = {
  query: "",
  scope: "everywhere",
  state: "idle",
  hits: [],
  hasMore: false,
  failure: undefined,
};

/** One search at a time; a new one makes the one before it nobody's. */
export class SearchModel {
  readonly #options: SearchModelOptions;
  #snapshot: SearchSnapshot = IDLE_SEARCH;
  #roomId = 0;
  #generation = 0;

  constructor(options: SearchModelOptions) {
    this.#options = options;
  }

  get snapshot(): SearchSnapshot {
    return this.#snapshot;
  }

  /** `roomId` 0: everywhere. A query that the server would not take finds nothing. */
  start(query: string, scope: "everywhere" | "here", roomId: number): void {
    this.#generation++;
    this.#roomId = scope === "here" ? roomId : 0;
    const isGood = checkQuery(query).ok;
    this.#become({
      query,
      scope,
      state: isGood ? "searching" : "idle",
      hits: [],
      hasMore: false,
      failure: undefined,
    });
    if (isGood) void this.#ask({ limit: FIRST_HITS }, []);
  }

  more(): void {
    const { state, hasMore, hits } = this.#snapshot;
    if (state === "searching" || !hasMore) return;
    this.#become({ ...this.#snapshot, state: "searching", failure: undefined });
    const last = hits.at(-1);
    if (this.#roomId > 0 && last !== undefined)
      void this.#ask({ limit: FIRST_HITS, before: last.offset }, hits);
    else void this.#ask({ limit: MOST_HITS }, []);
  }

  clear(): void {
    this.#generation++;
    this.#become(IDLE_SEARCH);
  }

  async #ask(range: SearchOptions, before: readonly SearchHit[]): Promise<void> {
    const generation = this.#generation;
    const { query } = this.#snapshot;
    const roomId = this.#roomId;
    try {
      const page = await this.#options.search(query, roomId > 0 ? { ...range, roomId } : range);
      if (generation !== this.#generation) return;
      const hits = [...before, ...page.messages.map((message) => this.#hit(message))];
      const canGoOn = roomId > 0 || range.limit !== MOST_HITS;
      this.#become({ ...this.#snapshot, state: "done", hits, hasMore: page.more && canGoOn });
    } catch (error) {
      if (generation !== this.#generation) return;
      this.#become({ ...this.#snapshot, state: "failed", failure: this.#options.toFailure(error) });
    }
  }

  #hit(message: RoomMessage): SearchHit {
    const { key, title, isDirect } = this.#options.placeOf(message);
    const { roomId, offset, sender, text, timeMs } = message;
    return {
      key: `${roomId}:${offset}`,
      place: key,
      placeTitle: title,
      isDirect,
      offset,
      sender,
      text,
      timeMs,
    };
  }

  #become(snapshot: SearchSnapshot): void {
    this.#snapshot = snapshot;
    this.#options.onChange();
  }
}
