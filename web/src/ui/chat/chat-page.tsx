import { type ReactElement, type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import { preparePageParts } from "../../loading/page-parts.ts";
import type { Me, Outcome } from "../../state/contract.ts";
import { classNames } from "../class-names.ts";
import type { ComposerHandle } from "../composer/composer.tsx";
import { ConnectionBanner } from "../connection-banner.tsx";
import { failureText } from "../failure-text.ts";
import { Icon } from "../icons.tsx";
import type { Panel } from "../place/place-header.tsx";
import { Toasts } from "../primitives/toast.tsx";
import { ProfileBar } from "../side/profile-bar.tsx";
import { SideList } from "../side/side-list.tsx";
import { Logo } from "../sign-in/sign-in-page.tsx";
import { useView } from "../view-context.ts";
import type { ChatDialog } from "./chat-dialog.ts";
import { ConversationPane } from "./conversation-pane.tsx";
import { DemandedDialogs, DemandedPanel } from "./demanded-views.tsx";
import { nextPlace } from "./next-place.ts";
import { noticeText } from "./notice-text.ts";
import { PersonMenu } from "./person-menu.tsx";
import { useShortcuts } from "./use-shortcuts.ts";
import { useToasts } from "./use-toasts.ts";

interface OpenPerson {
  readonly name: string;
  readonly anchor: RefObject<HTMLElement | null>;
}

/**
 * Everything that one sees when signed in. What is open besides the conversation (a dialog, the panel,
 * somebody's menu) is this page's own; everything else is the application's.
 */
export function ChatPage({ me }: { readonly me: Me }): ReactElement {
  const { t } = useI18n();
  const { actions, useSlice, now } = useView();
  const sideList = useSlice("sideList");
  const place = useSlice("place");
  const [dialog, setDialog] = useState<ChatDialog>();
  const [panel, setPanel] = useState<Panel>();
  const [person, setPerson] = useState<OpenPerson>();
  const { toasts, show, dismiss } = useToasts();
  const composer = useRef<ComposerHandle>(null);
  const connection = useSlice("connection");
  const people = useSlice("composer")?.mentionNames ?? NO_NAMES;
  useEffect(preparePageParts, []);
  const serverName = useSlice("session").server?.name ?? "";

  const openPerson = useCallback((name: string, anchor: RefObject<HTMLElement | null>): void => {
    setPerson({ name, anchor });
  }, []);
  const togglePanel = useCallback((wanted: Panel): void => {
    setPanel((before) => (before === wanted ? undefined : wanted));
  }, []);
  const closePanel = useCallback((): void => {
    setPanel(undefined);
    composer.current?.focus();
  }, []);
  const run = (action: () => Promise<Outcome>): void => {
    void action().then((outcome) => {
      if (!outcome.ok) show(failureText(outcome.failure, t), "error");
    });
  };

  const sideActions = useMemo(
    () => ({
      open: actions.openPlace,
      create: () => setDialog({ kind: "createRoom", name: "" }),
      browse: () => setDialog({ kind: "browse" }),
      newConversation: () => setDialog({ kind: "direct" }),
      accept: (roomId: number) => {
        void actions.acceptInvitation(roomId).then((outcome) => {
          if (!outcome.ok) show(failureText(outcome.failure, t), "error");
        });
      },
      decline: actions.dismissInvitation,
    }),
    [actions, show, t],
  );

  useShortcuts({
    switcher: () => setDialog({ kind: "switcher" }),
    search: () => setPanel("search"),
    help: () => setDialog({ kind: "shortcuts" }),
    members: () => place?.kind === "room" && togglePanel("members"),
    move: (step, unread) => {
      const key = nextPlace(sideList, step, unread);
      if (key !== undefined) actions.openPlace(key);
    },
    nextRegion: focusNextRegion,
    escape: () => {
      if (panel !== undefined) closePanel();
      else composer.current?.focus();
    },
  });

  const hasPanel = panel !== undefined && (panel === "search" || place?.kind === "room");
  return (
    <div
      className={classNames(
        "chat",
        sideList.current === undefined && "chat-at-list",
        hasPanel && "chat-with-panel",
      )}
    >
      <div className="side" data-region="side" tabIndex={-1}>
        <header className="side-title">
          <Logo size={26} />
          <span>{serverName === "" || serverName === "portico" ? t.app.name : serverName}</span>
        </header>
        <SideList sideList={sideList} actions={sideActions} />
        <ProfileBar
          me={me}
          connection={connection}
          actions={{
            account: () => setDialog({ kind: "account" }),
            shortcuts: () => setDialog({ kind: "shortcuts" }),
            switcher: () => setDialog({ kind: "switcher" }),
            signOut: actions.logout,
          }}
        />
      </div>
      <main className="conversation" data-region="conversation" tabIndex={-1}>
        <ConnectionBanner connection={connection} now={now} onRetry={actions.retryNow} />
        {place === undefined ? (
          <NothingOpen />
        ) : (
          <ConversationPane
            key={place.key}
            place={place}
            me={me}
            panel={hasPanel ? panel : undefined}
            composer={composer}
            onPanel={togglePanel}
            onDialog={setDialog}
            onPerson={openPerson}
            onToast={show}
          />
        )}
      </main>
      {hasPanel && (
        <DemandedPanel
          panel={panel}
          place={place}
          onDialog={setDialog}
          onPerson={openPerson}
          onClose={closePanel}
          onFailed={() => {
            closePanel();
            show(t.app.partFailed, "error");
          }}
        />
      )}
      {person !== undefined && (
        <PersonMenu
          name={person.name}
          anchor={person.anchor}
          me={me}
          place={place}
          onMention={(name) => composer.current?.insert(`@${name} `)}
          onDialog={setDialog}
          onRun={run}
          onClose={() => setPerson(undefined)}
        />
      )}
      {dialog !== undefined && (
        <DemandedDialogs
          dialog={dialog}
          me={me}
          place={place}
          people={people}
          onOpen={setDialog}
          onToast={(text) => show(text)}
        />
      )}
      <PageToasts own={toasts} onDismissOwn={dismiss} />
    </div>
  );
}

const NO_NAMES: readonly string[] = [];

/** The application's notices and the page's own notes, in one place. */
function PageToasts({
  own,
  onDismissOwn,
}: {
  readonly own: ReturnType<typeof useToasts>["toasts"];
  readonly onDismissOwn: (id: string) => void;
}): ReactElement {
  const { t } = useI18n();
  const { actions, useSlice } = useView();
  const notices = useSlice("notices").map((notice) => ({
    id: `notice ${notice.id}`,
    text: noticeText(notice, t),
    kind: notice.tone === "info" ? ("note" as const) : notice.tone,
  }));
  return (
    <Toasts
      label={t.app.notifications}
      dismissLabel={t.app.dismiss}
      toasts={[...notices, ...own]}
      onDismiss={(id) => {
        if (id.startsWith("notice ")) actions.dismissNotice(Number(id.slice("notice ".length)));
        else onDismissOwn(id);
      }}
    />
  );
}

function NothingOpen(): ReactElement {
  const { t } = useI18n();
  return (
    <div className="empty-state">
      <Icon name="hash" size={36} />
      <h1>{t.place.nothingOpen}</h1>
      <p className="muted">{t.place.nothingOpenHint}</p>
    </div>
  );
}

/** F6: side list, conversation, writing, panel, and round again; Shift+F6 the other way. */
function focusNextRegion(step: 1 | -1): void {
  const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")].filter(
    (region) => region.offsetParent !== null,
  );
  // The innermost region that has the focus is the last that contains it.
  const at = regions.findLastIndex((region) => region.contains(document.activeElement));
  const next = regions[(at + step + regions.length) % regions.length];
  const first = next?.querySelector<HTMLElement>('textarea, [aria-current="page"], [tabindex="0"], input');
  (next?.dataset["region"] === "conversation"
    ? (next.querySelector<HTMLElement>('[data-key][tabindex="0"]') ?? next)
    : (first ?? next)
  )?.focus();
}
