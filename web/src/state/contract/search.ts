import type { Failure } from "./page.ts";
import type { PlaceKey } from "./places.ts";

export interface SearchHit {
  readonly key: string;
  readonly place: PlaceKey;
  /** A room's name, or the other user's. */
  readonly placeTitle: string;
  readonly isDirect: boolean;
  readonly offset: number;
  readonly sender: string;
  readonly text: string;
  readonly timeMs: number;
}

export interface SearchSnapshot {
  readonly query: string;
  /** Everywhere, or in the open place alone. */
  readonly scope: "everywhere" | "here";
  /** "idle": nothing was searched for yet. */
  readonly state: "idle" | "searching" | "done" | "failed";
  readonly hits: readonly SearchHit[];
  readonly hasMore: boolean;
  readonly failure: Failure | undefined;
}
