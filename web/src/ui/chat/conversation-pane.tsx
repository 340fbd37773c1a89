import { type ReactElement, type RefObject, useEffect, useMemo, useState } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { Me, PlaceSnapshot, TimelineSnapshot } from "../../state/contract.ts";
import { Composer, type ComposerHandle } from "../composer/composer.tsx";
import { copyText } from "../copy-text.ts";
import { FailureNote } from "../failure-note.tsx";
import { LiveAnnouncer } from "../messages/live-announcer.tsx";
import { MessageList } from "../messages/message-list.tsx";
import type { RowHandlers } from "../messages/row-handlers.ts";
import { type Panel, PlaceHeader } from "../place/place-header.tsx";
import { TypingLine } from "../place/typing-line.tsx";
import { Button } from "../primitives/button.tsx";
import { Spinner } from "../primitives/spinner.tsx";
import type { ToastItem } from "../primitives/toast.tsx";
import { useView } from "../view-context.ts";
import type { ChatDialog } from "./chat-dialog.ts";

interface ConversationPaneProps {
  readonly place: PlaceSnapshot;
  readonly me: Me;
  readonly panel: Panel | undefined;
  readonly composer: RefObject<ComposerHandle | null>;
  readonly onPanel: (panel: Panel) => void;
  readonly onDialog: (dialog: ChatDialog) => void;
  readonly onPerson: (name: string, anchor: RefObject<HTMLElement | null>) => void;
  readonly onToast: (text: string, kind?: ToastItem["kind"]) => void;
}

/** The open place: its head, its messages and where one writes. */
export function ConversationPane(props: ConversationPaneProps): ReactElement {
  const { place, me, panel, composer, onPanel, onDialog, onPerson, onToast } = props;
  const { t } = useI18n();
  const { actions } = useView();

  const headerActions = {
    back: () => actions.openPlace(undefined),
    togglePanel: onPanel,
    settings: () => onDialog({ kind: "settings" }),
    invite: () => onDialog({ kind: "invite" }),
    sanctions: () => onDialog({ kind: "sanctions" }),
    leave: (giveUp: boolean) => onDialog({ kind: "leave", giveUp }),
    setBlocked: (isBlocked: boolean) => {
      void (isBlocked ? actions.block(place.title) : actions.unblock(place.title)).then((outcome) => {
        if (!outcome.ok) onToast(t.failures[outcome.failure.code], "error");
      });
    },
  };

  return (
    <section className="place" aria-label={t.place.label(place.title)}>
      <PlaceHeader place={place} panel={panel} actions={headerActions} />
      {place.state === "ready" ? (
        <>
          <Messages
            place={place}
            me={me}
            onDialog={onDialog}
            onPerson={onPerson}
            onToast={onToast}
            onLeave={() => composer.current?.focus()}
          />
          <Writing place={place} handle={composer} unblock={() => headerActions.setBlocked(false)} />
        </>
      ) : (
        <div className="empty-state">
          {place.state === "joining" ? (
            <Spinner label={t.place.joining(place.title)} />
          ) : (
            <>
              <p>{t.place.joinFailed(place.title)}</p>
              <FailureNote failure={place.failure} />
              <Button
                onClick={() =>
                  place.failure?.code === "ROOM_PASSWORD_WRONG"
                    ? onDialog({ kind: "roomPassword", room: place.title })
                    : actions.openPlace(place.key)
                }
              >
                {t.app.retry}
              </Button>
            </>
          )}
        </div>
      )}
    </section>
  );
}

interface MessagesProps {
  readonly place: PlaceSnapshot;
  readonly me: Me;
  readonly onDialog: (dialog: ChatDialog) => void;
  readonly onPerson: ConversationPaneProps["onPerson"];
  readonly onToast: ConversationPaneProps["onToast"];
  readonly onLeave: () => void;
}

/** Renders with each change of the timeline, and nothing around it does. */
function Messages({ place, me, onDialog, onPerson, onToast, onLeave }: MessagesProps): ReactElement | null {
  const { t } = useI18n();
  const { actions, now, linkTo, useSlice } = useView();
  const timeline = useSlice("timeline");
  const generation = useGeneration(timeline);

  const handlers = useMemo((): Omit<RowHandlers, "open"> => {
    const copy = (text: string, done: string): void => {
      void copyText(text).then((isCopied) =>
        onToast(isCopied ? done : t.app.copyFailed, isCopied ? "success" : "error"),
      );
    };
    return {
      react: (offset, emoji) => void actions.react(offset, emoji),
      reply: actions.startReply,
      edit: actions.startEdit,
      remove: (message) => onDialog({ kind: "remove", message }),
      copyText: (text) => copy(text, t.app.copied),
      copyLink: (offset) => copy(linkTo(place.key, offset), t.messages.linkCopied),
      retry: actions.retry,
      discard: actions.discard,
      jumpTo: (offset) => actions.jumpTo(place.key, offset),
      openProfile: onPerson,
    };
  }, [actions, linkTo, place.key, onDialog, onPerson, onToast, t]);

  if (timeline === undefined || timeline.place !== place.key) return <div className="message-pane" />;
  return (
    <>
      <MessageList
        key={generation}
        timeline={timeline}
        place={place}
        myName={me.name}
        now={now}
        handlers={handlers}
        actions={actions}
        onLeave={onLeave}
      />
      <LiveAnnouncer timeline={timeline} />
    </>
  );
}

/** Rises when all rows are others: the list begins anew, with nothing of the old sizes and positions. */
function useGeneration(timeline: TimelineSnapshot | undefined): number {
  const [seen, setSeen] = useState({ timeline, generation: 0 });
  if (timeline === seen.timeline) return seen.generation;
  const isOther = timeline?.change === "replace";
  const generation = isOther ? seen.generation + 1 : seen.generation;
  setSeen({ timeline, generation });
  return generation;
}

/** Renders with each change of the composer and of who is typing. */
function Writing({
  place,
  handle,
  unblock,
}: {
  readonly place: PlaceSnapshot;
  readonly handle: RefObject<ComposerHandle | null>;
  readonly unblock: () => void;
}): ReactElement | null {
  const { actions, now, useSlice } = useView();
  const composer = useSlice("composer");
  const typing = useSlice("typing");
  const hasComposer = composer !== undefined;
  useEffect(() => {
    // On a phone the keyboard would come up over what one came to read.
    if (hasComposer && !window.matchMedia("(pointer: coarse), (max-width: 640px)").matches) {
      if (document.querySelector("dialog[open]") === null) handle.current?.focus();
    }
  }, [place.key, hasComposer, handle]);
  if (composer === undefined || composer.place !== place.key) return null;
  return (
    <div className="writing" data-region="writing">
      <TypingLine typing={typing} />
      <Composer
        ref={handle}
        composer={composer}
        title={place.kind === "room" ? `#${place.title}` : place.title}
        now={now}
        actions={{
          send: actions.send,
          setDraft: actions.setDraft,
          typing: actions.typing,
          startEditLast: actions.startEditLast,
          cancelCompose: actions.cancelCompose,
          unblock,
          join: () => actions.openPlace(place.key),
        }}
      />
    </div>
  );
}
