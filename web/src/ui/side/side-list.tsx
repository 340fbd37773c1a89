import { type ReactElement, useState } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { InvitationItem, SideListSnapshot } from "../../state/contract.ts";
import { matchNames } from "../composer/completion.ts";
import { Icon } from "../icons.tsx";
import { Button, IconButton } from "../primitives/button.tsx";
import { MenuButton } from "../primitives/menu.tsx";
import { Spinner } from "../primitives/spinner.tsx";
import { ConversationRow, RoomRow } from "./side-rows.tsx";

export interface SideListActions {
  readonly open: (key: string) => void;
  readonly create: () => void;
  readonly browse: () => void;
  readonly newConversation: () => void;
  readonly accept: (roomId: number) => void;
  readonly decline: (roomId: number) => void;
}

interface SideListProps {
  readonly sideList: SideListSnapshot;
  readonly actions: SideListActions;
}

/** Rooms, direct conversations and invitations, with a field that filters them by name. */
export function SideList({ sideList, actions }: SideListProps): ReactElement {
  const { t } = useI18n();
  const [filter, setFilter] = useState("");
  const { current, invitations, isLoading } = sideList;
  const rooms = filtered(sideList.rooms, filter, ({ name }) => name);
  const conversations = filtered(sideList.conversations, filter, ({ peer }) => peer);
  const isNothing = filter.trim() !== "" && rooms.length + conversations.length === 0;

  return (
    <>
      <div className="side-filter field-search">
        <div className="field-box">
          <Icon name="search" size={16} />
          <input
            type="search"
            aria-label={t.side.filter}
            placeholder={t.side.filter}
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
            onKeyDown={(event) => {
              if (event.nativeEvent.isComposing) return;
              if (event.key === "Escape" && filter !== "") {
                event.stopPropagation();
                setFilter("");
              }
              const first = rooms[0]?.key ?? conversations[0]?.key;
              if (event.key === "Enter" && first !== undefined && filter.trim() !== "") {
                setFilter("");
                actions.open(first);
              }
            }}
          />
        </div>
      </div>
      <nav className="side-scroller scrolls" aria-label={t.side.label}>
        {invitations.map((invitation) => (
          <Invitation key={invitation.roomId} invitation={invitation} actions={actions} />
        ))}
        <section aria-labelledby="side-rooms">
          <div className="side-head">
            <h2 id="side-rooms">{t.side.rooms}</h2>
            <MenuButton
              label={t.side.addRoom}
              icon="plus"
              size="small"
              items={[
                { id: "browse", label: t.side.browseRooms, icon: "compass", onSelect: actions.browse },
                { id: "create", label: t.side.createRoom, icon: "plus", onSelect: actions.create },
              ]}
            />
          </div>
          <ul>
            {rooms.map((room) => (
              <RoomRow key={room.key} room={room} isCurrent={room.key === current} onOpen={actions.open} />
            ))}
          </ul>
        </section>
        <section aria-labelledby="side-direct">
          <div className="side-head">
            <h2 id="side-direct">{t.side.direct}</h2>
            <IconButton
              icon="plus"
              size="small"
              label={t.side.newConversation}
              onClick={actions.newConversation}
            />
          </div>
          <ul>
            {conversations.map((conversation) => (
              <ConversationRow
                key={conversation.key}
                conversation={conversation}
                isCurrent={conversation.key === current}
                onOpen={actions.open}
              />
            ))}
          </ul>
          {sideList.conversations.length === 0 && !isLoading && (
            <p className="side-note">{t.side.noConversations}</p>
          )}
        </section>
        {isLoading && (
          <p className="side-note">
            <Spinner />
          </p>
        )}
        {isNothing && <p className="side-note">{t.side.nothingFound}</p>}
      </nav>
    </>
  );
}

/** Those whose names match, in their own order. */
function filtered<Item>(
  items: readonly Item[],
  filter: string,
  nameOf: (item: Item) => string,
): readonly Item[] {
  const wanted = filter.trim();
  if (wanted === "") return items;
  const names = new Set(matchNames(items.map(nameOf), wanted, items.length));
  return items.filter((item) => names.has(nameOf(item)));
}

function Invitation({
  invitation,
  actions,
}: {
  readonly invitation: InvitationItem;
  readonly actions: SideListActions;
}): ReactElement {
  const { t } = useI18n();
  const { roomId, room, by } = invitation;
  return (
    <section className="invitation" aria-label={`${t.side.invitedBy(by)}: ${room}`}>
      <p>
        <b># {room}</b>
        <span className="field-note">{t.side.invitedBy(by)}</span>
      </p>
      <div className="invitation-actions">
        <Button size="small" kind="primary" onClick={() => actions.accept(roomId)}>
          {t.side.accept}
        </Button>
        <Button size="small" kind="quiet" onClick={() => actions.decline(roomId)}>
          {t.side.decline}
        </Button>
      </div>
    </section>
  );
}
