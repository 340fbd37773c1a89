import { type ReactElement, type RefObject, useMemo } from "react";
import type { PlaceSnapshot, SearchHit } from "../../state/contract.ts";
import { MembersPanel } from "../panel/members-panel.tsx";
import { SearchPanel } from "../panel/search-panel.tsx";
import type { Panel } from "../place/place-header.tsx";
import { useView } from "../view-context.ts";
import type { ChatDialog } from "./chat-dialog.ts";

/** Narrower than this, the panel lies over the conversation: it goes when it has done its service. */
const OVER_BELOW = "(max-width: 1100px)";

interface SidePanelProps {
  readonly panel: Panel;
  readonly place: PlaceSnapshot | undefined;
  readonly onDialog: (dialog: ChatDialog) => void;
  readonly onPerson: (name: string, anchor: RefObject<HTMLElement | null>) => void;
  readonly onClose: () => void;
}

/** The panel that is open, connected. */
export function SidePanel({
  panel,
  place,
  onDialog,
  onPerson,
  onClose,
}: SidePanelProps): ReactElement | null {
  return panel === "search" || place === undefined ? (
    <ConnectedSearch hasPlace={place !== undefined} onClose={onClose} />
  ) : (
    <ConnectedMembers place={place} onDialog={onDialog} onPerson={onPerson} onClose={onClose} />
  );
}

function ConnectedSearch({
  hasPlace,
  onClose,
}: {
  readonly hasPlace: boolean;
  readonly onClose: () => void;
}): ReactElement {
  const { actions, now, useSlice } = useView();
  const panelActions = {
    search: actions.search,
    searchMore: actions.searchMore,
    clearSearch: actions.clearSearch,
    jump: (hit: SearchHit) => {
      actions.jumpTo(hit.place, hit.offset);
      if (window.matchMedia(OVER_BELOW).matches) onClose();
    },
  };
  return (
    <SearchPanel
      search={useSlice("search")}
      hasPlace={hasPlace}
      now={now}
      actions={panelActions}
      onClose={onClose}
    />
  );
}

function ConnectedMembers({
  place,
  onDialog,
  onPerson,
  onClose,
}: {
  readonly place: PlaceSnapshot;
  readonly onDialog: (dialog: ChatDialog) => void;
  readonly onPerson: (name: string, anchor: RefObject<HTMLElement | null>) => void;
  readonly onClose: () => void;
}): ReactElement {
  const { actions, now, useSlice } = useView();
  const panelActions = useMemo(
    () => ({
      load: actions.loadMembers,
      loadMore: actions.loadMoreMembers,
      invite: () => onDialog({ kind: "invite" }),
      openProfile: onPerson,
    }),
    [actions, onDialog, onPerson],
  );
  return (
    <MembersPanel
      place={place}
      members={useSlice("members")}
      now={now}
      actions={panelActions}
      onClose={onClose}
    />
  );
}
