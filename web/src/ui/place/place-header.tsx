import type { ReactElement } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { PlaceSnapshot } from "../../state/contract.ts";
import { Avatar } from "../primitives/avatar.tsx";
import { IconButton } from "../primitives/button.tsx";
import { MenuButton, type MenuItem } from "../primitives/menu.tsx";
import { Icon } from "../icons.tsx";
import { RoomIcon } from "../side/room-icon.tsx";

export type Panel = "members" | "search";

export interface PlaceHeaderActions {
  readonly back: () => void;
  readonly togglePanel: (panel: Panel) => void;
  readonly settings: () => void;
  readonly invite: () => void;
  readonly sanctions: () => void;
  readonly leave: (giveUp: boolean) => void;
  readonly setBlocked: (isBlocked: boolean) => void;
}

interface PlaceHeaderProps {
  readonly place: PlaceSnapshot;
  readonly panel: Panel | undefined;
  readonly actions: PlaceHeaderActions;
}

/** Where one is, and what can be done with it. */
export function PlaceHeader({ place, panel, actions }: PlaceHeaderProps): ReactElement {
  const { t, format } = useI18n();
  const isRoom = place.kind === "room";
  const { permissions } = place;
  const items: MenuItem[] = [];
  const add = (isOffered: boolean, item: MenuItem): void => void (isOffered && items.push(item));
  add(isRoom && place.settings !== undefined, {
    id: "settings",
    label: t.place.settings,
    icon: "gear",
    onSelect: actions.settings,
  });
  add(isRoom && permissions.mayInvite, {
    id: "invite",
    label: t.place.invite,
    icon: "personAdd",
    onSelect: actions.invite,
  });
  add(isRoom && permissions.mayModerate, {
    id: "sanctions",
    label: t.place.moderation,
    icon: "shield",
    onSelect: actions.sanctions,
  });
  add(isRoom && permissions.mayLeave, {
    id: "leave",
    label: t.place.leave,
    icon: "door",
    startsGroup: true,
    onSelect: () => actions.leave(false),
  });
  add(isRoom && permissions.mayLeave && place.role !== "none", {
    id: "giveUp",
    label: t.place.giveUp,
    icon: "close",
    isDanger: true,
    onSelect: () => actions.leave(true),
  });
  add(!isRoom, {
    id: "block",
    label: place.isBlocked ? t.place.unblock : t.place.block,
    icon: "ban",
    isDanger: !place.isBlocked,
    onSelect: () => actions.setBlocked(!place.isBlocked),
  });

  return (
    <header className="place-header">
      <IconButton icon="back" label={t.app.back} className="place-back" onClick={actions.back} />
      <div className="place-words">
        <h1 className="place-title">
          {isRoom ? (
            <RoomIcon access={place.access} kind={place.roomKind} isArchived={place.isArchived} size={18} />
          ) : (
            <Avatar
              name={place.title}
              size="small"
              isPresent={place.presence === "unknown" ? undefined : place.presence === "online"}
              presenceLabel={place.presence === "online" ? t.side.online : t.side.offlinePresence}
            />
          )}
          <span className="place-name">{place.title}</span>
          {place.isArchived && <span className="tag tag-warning">{t.place.archived}</span>}
          {place.roomKind === "memory" && (
            <span className="tag" title={t.place.memory}>
              {t.place.memoryTag}
            </span>
          )}
        </h1>
        {place.topic !== "" ? (
          <p className="place-topic" title={place.topic}>
            {place.topic}
          </p>
        ) : (
          isRoom &&
          permissions.mayEditTopic && (
            <button type="button" className="place-topic place-set-topic" onClick={actions.settings}>
              {t.place.setTopic}
            </button>
          )
        )}
      </div>
      {isRoom && (
        <button
          type="button"
          className="place-members"
          aria-pressed={panel === "members"}
          aria-label={`${t.place.showMembers}: ${t.place.members(place.memberCount)}`}
          title={t.place.members(place.memberCount)}
          onClick={() => actions.togglePanel("members")}
        >
          <Icon name="people" size={18} />
          <span aria-hidden="true">{format.number(place.memberCount)}</span>
        </button>
      )}
      <IconButton
        icon="search"
        label={t.place.search}
        keys="/"
        isPressed={panel === "search"}
        onClick={() => actions.togglePanel("search")}
      />
      {items.length > 0 && <MenuButton label={t.place.more} icon="more" items={items} />}
    </header>
  );
}
