import type { ComposerSnapshot } from "./composer.ts";
import type { TimelineSnapshot, TypingSnapshot } from "./messages.ts";
import type { Notice, PreferencesSnapshot } from "./page.ts";
import type { MembersSnapshot } from "./people.ts";
import type { PlaceSnapshot, SideListSnapshot } from "./places.ts";
import type { SearchSnapshot } from "./search.ts";
import type { ConnectionStatus, SessionSnapshot } from "./session.ts";

/** Everything together, for containers and for stories of the views. */
export interface AppSnapshot {
  readonly session: SessionSnapshot;
  readonly connection: ConnectionStatus;
  readonly sideList: SideListSnapshot;
  readonly place: PlaceSnapshot | undefined;
  readonly timeline: TimelineSnapshot | undefined;
  readonly typing: TypingSnapshot;
  readonly composer: ComposerSnapshot | undefined;
  readonly members: MembersSnapshot | undefined;
  readonly search: SearchSnapshot;
  readonly notices: readonly Notice[];
  readonly preferences: PreferencesSnapshot;
}
