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
        <RowSigns item={room} mentionCount={room.mentionCount} />
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
        {/* Everything here is for this person. */}
        <RowSigns item={conversation} mentionCount={unreadCount} />
      </button>
    </li>
  );
});

interface RowSignsProps {
  readonly item: Pick<RoomItem, "failedCount" | "queuedCount" | "hasDraft" | "unreadCount">;
  /** Of what is unread, how much is for this person. */
  readonly mentionCount: number;
}

/** What waits in a place: failed and queued messages, a draft, what is unread. */
function RowSigns({ item, mentionCount }: RowSignsProps): ReactElement {
  const { failedCount, queuedCount, hasDraft, unreadCount } = item;
  const { t } = useI18n();
  return (
    <>
      {failedCount > 0 ? (
        <span className="side-sign side-sign-fault" title={t.side.failed(failedCount)}>
          <Icon name="warning" size={14} />
          <span className="visually-hidden">{t.side.failed(failedCount)}</span>
        </span>
      ) : queuedCount > 0 ? (
        <span className="side-sign" title={t.side.queued(queuedCount)}>
          <Icon name="clock" size={14} />
          <span className="visually-hidden">{t.side.queued(queuedCount)}</span>
        </span>
      ) : (
        hasDraft && (
          <span className="side-sign" title={t.side.draft}>
            <Icon name="edit" size={13} />
            <span className="visually-hidden">{t.side.draft}</span>
          </span>
        )
      )}
      {mentionCount > 0 ? (
        <Badge
          count={mentionCount}
          isMention
          label={mentionCount === unreadCount ? t.side.unread(unreadCount) : t.side.mentions(mentionCount)}
        />
      ) : (
        <Badge count={unreadCount} limit={999} label={t.side.unread(unreadCount)} />
      )}
    </>
  );
}
