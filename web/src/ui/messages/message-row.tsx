import { memo, type ReactElement, useRef } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { MessageItem, Permissions } from "../../state/contract.ts";
import { classNames } from "../class-names.ts";
import { failureText } from "../failure-text.ts";
import { Icon } from "../icons.tsx";
import { Avatar } from "../primitives/avatar.tsx";
import { Spinner } from "../primitives/spinner.tsx";
import { MessageText } from "../text/message-text.tsx";
import { MessageActions } from "./message-actions.tsx";
import { ReactionsRow } from "./reactions-row.tsx";
import { ReplyExcerpt } from "./reply-excerpt.tsx";
import { rightsOver, type RowHandlers } from "./row-handlers.ts";

/** Of a long text; the rest is there to be read line by line. */
const SPOKEN_CHARACTERS = 500;

interface MessageRowProps {
  readonly message: MessageItem;
  readonly permissions: Permissions;
  readonly myKey: string;
  /** Pointed at or focused: its actions are shown. */
  readonly isActive: boolean;
  /** The one stop of the Tab key among the rows. */
  readonly isTabStop: boolean;
  readonly isHighlighted: boolean;
  readonly handlers: RowHandlers;
}

/** One message. Renders again only when it, or its being active, changes. */
export const MessageRow = memo(function MessageRow(props: MessageRowProps): ReactElement {
  const { message, permissions, myKey, isActive, isTabStop, isHighlighted, handlers } = props;
  const { t, format } = useI18n();
  const profileAnchor = useRef<HTMLButtonElement>(null);
  const rights = rightsOver(message, permissions);
  const { sender, displayName, offset, state, deleted } = message;
  const shown = displayName === "" ? sender : displayName;
  // What is read out when the row gets the focus.
  const spoken = deleted ? t.messages.deleted : message.text.slice(0, SPOKEN_CHARACTERS);
  const time = (
    <time
      className="message-time"
      dateTime={new Date(message.timeMs).toISOString()}
      title={format.full(message.timeMs)}
    >
      {format.time(message.timeMs)}
    </time>
  );

  return (
    <article
      data-key={message.key}
      data-offset={offset}
      data-state={state}
      tabIndex={isTabStop ? 0 : -1}
      aria-label={`${t.messages.announced(shown, spoken)}, ${format.time(message.timeMs)}`}
      className={classNames(
        "message",
        message.isGroupStart && "message-first",
        message.mentionsMe && !deleted && "message-mentions-me",
        isHighlighted && "message-highlighted",
        isActive && "message-active",
        state !== "sent" && `message-${state}`,
      )}
    >
      {message.replyTo !== undefined && (
        <ReplyExcerpt reply={message.replyTo} isReachable={isActive} onJump={handlers.jumpTo} />
      )}
      <div className="message-gutter">
        {message.isGroupStart ? <Avatar name={sender} displayName={displayName} /> : time}
      </div>
      <div className="message-body">
        {message.isGroupStart ? (
          <div className="message-head">
            <button
              ref={profileAnchor}
              type="button"
              className="message-sender"
              tabIndex={isActive ? 0 : -1}
              aria-label={t.messages.openProfile(sender)}
              onClick={() => handlers.openProfile(sender, profileAnchor)}
            >
              {shown}
            </button>
            {displayName !== "" && displayName !== sender && <span className="message-name">{sender}</span>}
            {time}
          </div>
        ) : (
          <span className="visually-hidden">{sender}</span>
        )}
        {deleted ? (
          <p className="message-deleted">
            <Icon name="trash" size={14} /> {t.messages.deleted}
          </p>
        ) : (
          <div className="message-text">
            <MessageText
              text={message.text}
              myKey={myKey}
              isReachable={isActive}
              onCopy={handlers.copyText}
            />
            {message.edited && (
              <span
                className="message-edited"
                title={message.editedMs > 0 ? t.messages.editedAt(format.full(message.editedMs)) : undefined}
              >
                ({t.messages.edited})
              </span>
            )}
          </div>
        )}
        <MessageStatus message={message} handlers={handlers} />
        <ReactionsRow
          reactions={message.reactions}
          isReachable={isActive}
          mayReact={rights.mayReact}
          onToggle={(emoji) => handlers.react(offset, emoji)}
          onAdd={(anchor) => handlers.open(message.key, "emoji", anchor)}
        />
      </div>
      {isActive && state === "sent" && !deleted && (
        <MessageActions message={message} rights={rights} handlers={handlers} />
      )}
    </article>
  );
});

/** Where an own message is on its way, when it has not arrived. */
function MessageStatus({
  message,
  handlers,
}: {
  readonly message: MessageItem;
  readonly handlers: RowHandlers;
}): ReactElement | null {
  const { t } = useI18n();
  if (message.isChanging) {
    return (
      <p className="message-status">
        <Spinner /> {t.messages.changing}
      </p>
    );
  }
  switch (message.state) {
    case "sent":
      return null;
    case "sending":
      return (
        <p className="message-status">
          <Icon name="clock" size={13} /> {t.messages.sending}
        </p>
      );
    case "queued":
      return (
        <p className="message-status">
          <Icon name="offline" size={13} /> {t.messages.queued}
        </p>
      );
    case "failed":
      return (
        <div className="message-status message-fault">
          <Icon name="warning" size={14} />
          <span>
            {t.messages.failed} {message.failure === undefined ? "" : failureText(message.failure, t)}
          </span>
          <button type="button" className="link-button" onClick={() => handlers.retry(message.key)}>
            {t.messages.retry}
          </button>
          <button type="button" className="link-button" onClick={() => handlers.discard(message.key)}>
            {t.messages.discard}
          </button>
        </div>
      );
  }
}
