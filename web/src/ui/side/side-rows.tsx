import { memo, type ReactElement } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { ConversationItem, RoomItem } from "../../state/contract.ts";
import { classNames } from "../class-names.ts";
import { Icon } from "../icons.tsx";
import { Avatar } from "../primitives/avatar.tsx";
import { Badge } from "../primitives/badge.tsx";
import { RoomIcon } from "./room-icon.tsx";

interface RoomRowProps {
  readonly room: RoomItem;
  readonly isCurrent: boolean;
  readonly onOpen: (key: string) => void;
}

export const RoomRow = memo(function RoomRow({ room, isCurrent, onOpen }: RoomRowProps): ReactElement {
  const { key, name, topic, unreadCount } = room;
  return (
    <li>
      <button
        type="button"
        data-place={key}
        aria-current={isCurrent ? "page" : undefined}
        title={topic === "" ? name : `${name}: ${topic}`}
        className={classNames(
          "side-row",
          unreadCount > 0 && "side-row-unread",
          (room.isArchived || !room.isJoined) && "side-row-quiet",
        )}
        onClick={() => onOpen(key)}
      >
        <RoomIcon access={room.access} kind={room.kind} isArchived={room.isArchived} />
        <span className="side-name">{name}</span>
        <RowSigns item={room} />
        <RoomCounts unreadCount={unreadCount} mentionCount={room.mentionCount} />
      </button>
    </li>
  );
});

interface ConversationRowProps {
  readonly conversation: ConversationItem;
  readonly isCurrent: boolean;
  readonly onOpen: (key: string) => void;
}

export const ConversationRow = memo(function ConversationRow({
  conversation,
  isCurrent,
  onOpen,
}: ConversationRowProps): ReactElement {
  const { t } = useI18n();
  const { key, peer, presence, isBlocked, unreadCount } = conversation;
  return (
    <li>
      <button
        type="button"
        data-place={key}
        aria-current={isCurrent ? "page" : undefined}
        className={classNames(
          "side-row",
          unreadCount > 0 && "side-row-unread",
          isBlocked && "side-row-quiet",
        )}
        onClick={() => onOpen(key)}
      >
        <Avatar
          name={peer}
          size="small"
          isPresent={presence === "unknown" ? undefined : presence === "online"}
          presenceLabel={presence === "online" ? t.side.online : t.side.offlinePresence}
        />
        <span className="side-name">{peer}</span>
        {isBlocked && (
          <span className="side-sign" title={t.side.blocked}>
            <Icon name="ban" size={14} />
            <span className="visually-hidden">{t.side.blocked}</span>
          </span>
        )}
        <RowSigns item={conversation} />
        {/* Everything here is for this person. */}
        <Badge count={unreadCount} isMention label={t.side.unread(unreadCount)} />
      </button>
    </li>
  );
});

interface RowSignsProps {
  readonly item: Pick<RoomItem, "failedCount" | "queuedCount" | "hasDraft">;
}

/** What waits in a place: failed and queued messages, a draft. */
function RowSigns({ item }: RowSignsProps): ReactElement | null {
  const { failedCount, queuedCount, hasDraft } = item;
  const { t } = useI18n();
  if (failedCount > 0) {
    return (
      <span className="side-sign side-sign-fault" title={t.side.failed(failedCount)}>
        <Icon name="warning" size={14} />
        <span className="visually-hidden">{t.side.failed(failedCount)}</span>
      </span>
    );
  }
  if (queuedCount > 0) {
    return (
      <span className="side-sign" title={t.side.queued(queuedCount)}>
        <Icon name="clock" size={14} />
        <span className="visually-hidden">{t.side.queued(queuedCount)}</span>
      </span>
    );
  }
  if (!hasDraft) return null;
  return (
    <span className="side-sign" title={t.side.draft}>
      <Icon name="edit" size={13} />
      <span className="visually-hidden">{t.side.draft}</span>
    </span>
  );
}

interface RoomCountsProps {
  readonly unreadCount: number;
  /** Of those. */
  readonly mentionCount: number;
}

/** What is unread in a room, and how much of it names this person: two numbers, one sentence. */
function RoomCounts({ unreadCount, mentionCount }: RoomCountsProps): ReactElement {
  const { t } = useI18n();
  const label =
    mentionCount > 0 ? t.side.unreadWithMentions(unreadCount, mentionCount) : t.side.unread(unreadCount);
  return (
    <>
      <Badge count={unreadCount} limit={999} label={label} />
      <Badge count={mentionCount} isMention sign="@" label={undefined} />
    </>
  );
}
