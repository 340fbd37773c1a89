import { type ReactElement, useCallback, useEffect, useRef, useSyncExternalStore } from "react";
import { Button } from "../ui/primitives/button.tsx";
import { useAdmin } from "./admin-context.ts";
import type { Overview } from "./admin-types.ts";
import type { Language } from "./i18n/language.ts";
import { LanguagePicker } from "./parts/language-picker.tsx";
import { Pill } from "./parts/pill.tsx";
import { useHashView, type ViewName, viewNames } from "./use-hash-view.ts";
import { usePoll } from "./use-poll.ts";
import { AuditView } from "./views/audit.tsx";
import { DisconnectsView } from "./views/disconnects.tsx";
import { OverviewView } from "./views/overview.tsx";
import { RoomsView } from "./views/rooms.tsx";
import { SanctionsView } from "./views/sanctions.tsx";
import { ServerView } from "./views/server.tsx";
import { SessionsView } from "./views/sessions.tsx";
import { UsersView } from "./views/users.tsx";

interface ShellProps {
  readonly onSignOut: () => void;
  readonly onLanguage: (language: Language) => void;
}

/** The page of somebody who is signed in: head, sections, one view. */
export function Shell({ onSignOut, onLanguage }: ShellProps): ReactElement {
  const { api, texts } = useAdmin();
  const { name, rest } = useHashView();
  const headingRef = useRef<HTMLHeadingElement>(null);
  const hasMoved = useRef(false);
  const overview = usePoll(
    useCallback((signal: AbortSignal) => api.overview(signal), [api]),
    1000,
  );

  // A reader hears where a link has led; on the first view the page begins at its top.
  useEffect(() => {
    if (hasMoved.current) headingRef.current?.focus();
    hasMoved.current = true;
  }, [name]);

  return (
    <div className="admin-page">
      <a
        className="admin-skip"
        href="#content"
        onClick={(event) => {
          // The part after "#" names the view.
          event.preventDefault();
          headingRef.current?.focus();
        }}
      >
        {texts.skip}
      </a>
      <header className="admin-head">
        <p className="admin-wordmark">Portico</p>
        <Readiness overview={overview.data} />
        <span className="admin-head-space" />
        <LanguagePicker onLanguage={onLanguage} />
        <Button kind="quiet" onClick={onSignOut}>
          {texts.signOut}
        </Button>
      </header>
      <SilenceBar />
      <nav className="admin-nav scrolls" aria-label={texts.sections}>
        <ul>
          {viewNames.map((view) => (
            <li key={view}>
              <a href={`#${view}`} aria-current={view === name ? "page" : undefined}>
                {texts.views[view]}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <main className="admin-main">
        <h1 ref={headingRef} tabIndex={-1}>
          {texts.views[name]}
        </h1>
        <View name={name} rest={rest} overview={overview.data} refresh={overview.refresh} />
      </main>
    </div>
  );
}

interface ViewProps {
  readonly name: ViewName;
  readonly rest: string;
  readonly overview: Overview | undefined;
  readonly refresh: () => void;
}

function View({ name, rest, overview, refresh }: ViewProps): ReactElement {
  switch (name) {
    case "overview":
      return <OverviewView overview={overview} />;
    case "sessions":
      return <SessionsView key={rest} startsSlowOnly={rest === "slow"} />;
    case "users":
      return <UsersView />;
    case "rooms":
      return <RoomsView />;
    case "disconnects":
      return <DisconnectsView />;
    case "sanctions":
      return <SanctionsView key={rest} startRoom={decoded(rest)} />;
    case "audit":
      return <AuditView />;
    case "server":
      return <ServerView overview={overview} refresh={refresh} />;
  }
}

/** What somebody may have typed into the address is no reason to fail. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

function Readiness({ overview }: { readonly overview: Overview | undefined }): ReactElement {
  const { texts, link } = useAdmin();
  const { isSilent } = useSyncExternalStore(link.subscribe, link.state);
  if (overview === undefined || isSilent) return <Pill tone="plain">{texts.unknown}</Pill>;
  const { readiness, lockdown } = overview;
  return (
    <>
      <Pill tone={readiness === "serving" ? "good" : "warning"}>{texts.readiness[readiness]}</Pill>
      {lockdown > 0 && (
        <Pill tone="warning">
          {texts.server.lockdown} {lockdown}
        </Pill>
      )}
    </>
  );
}

/** Says honestly that what is shown is old; always there, so that readers hear what comes into it. */
function SilenceBar(): ReactElement {
  const { texts, formats, link } = useAdmin();
  const { isSilent, heardMs } = useSyncExternalStore(link.subscribe, link.state);
  const words = heardMs === 0 ? texts.silenceFromStart : texts.silence(formats.time(heardMs));
  return (
    <div role="status" className={isSilent ? "admin-silence" : "visually-hidden"}>
      {isSilent ? words : ""}
    </div>
  );
}
