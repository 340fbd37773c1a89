import { type ReactElement, useEffect, useRef, useState } from "react";
import { languageNames, useI18n } from "../../i18n/i18n-context.ts";
import type { EndReason, Language, SessionSnapshot } from "../../state/contract.ts";
import { Icon } from "../icons.tsx";
import { Spinner } from "../primitives/spinner.tsx";
import { Tabs } from "../primitives/tabs.tsx";
import { useView } from "../view-context.ts";
import { GuestForm } from "./guest-form.tsx";
import { RegisterForm } from "./register-form.tsx";
import { SignInForm } from "./sign-in-form.tsx";

type Way = "signIn" | "register" | "guest";

/** Before one is in: why one is out, and the ways in that the server allows. */
export function SignInPage({ session }: { readonly session: SessionSnapshot }): ReactElement {
  const { t, language } = useI18n();
  const { actions, useSlice } = useView();
  const connection = useSlice("connection");
  const { phase, server, end, failure, lastName } = session;
  const [way, setWay] = useState<Way>("signIn");
  const [name, setName] = useState(lastName);
  const [failedWay, setFailedWay] = useState<Way>();
  const isBusy = phase === "signingIn";
  // A failure belongs to the form that was sent.
  const shared = {
    name,
    onName: setName,
    isBusy,
    failure: failedWay === way ? failure : undefined,
    onSend: () => setFailedWay(way),
  };
  const isNamed = server !== undefined && server.name.toLowerCase() !== t.app.name.toLowerCase();
  const isUnreachable =
    !isBusy && server === undefined && connection.lastError !== "" && connection.phase !== "online";

  // When the page comes up; not when another tab is chosen: the arrow keys would leave the tabs.
  const card = useRef<HTMLDivElement>(null);
  const isStarting = phase === "starting";
  useEffect(() => {
    const fields = [...(card.current?.querySelectorAll("input") ?? [])];
    (fields.find(({ value }) => value === "") ?? fields[0])?.focus();
  }, [isStarting]);

  if (isStarting) {
    return (
      <main className="sign-in">
        <div className="sign-in-start">
          <Logo />
          <Spinner label={t.app.loading} />
        </div>
      </main>
    );
  }
  return (
    <main className="sign-in">
      <div className="sign-in-card" ref={card}>
        <header className="sign-in-head">
          <Logo />
          <h1>{t.app.name}</h1>
          <p className="muted">{isNamed ? t.signIn.onServer(server.name) : t.signIn.tagline}</p>
        </header>
        {end !== undefined && <EndNote end={end} />}
        {isUnreachable && (
          <p className="form-fault" role="status">
            <Icon name="offline" size={16} />
            <span>{t.connection.lost}</span>
          </p>
        )}
        <Tabs
          label={t.signIn.tabs}
          selected={way}
          onSelect={setWay}
          tabs={[
            {
              id: "signIn",
              label: t.signIn.tabSignIn,
              content: () => <SignInForm {...shared} login={actions.login} />,
            },
            {
              id: "register",
              label: t.signIn.tabRegister,
              content: () => <RegisterForm {...shared} server={server} register={actions.register} />,
            },
            ...(server?.guestsAllowed === false
              ? []
              : ([
                  {
                    id: "guest",
                    label: t.signIn.tabGuest,
                    content: () => <GuestForm {...shared} guest={actions.guest} />,
                  },
                ] as const)),
          ]}
        />
      </div>
      <LanguageSwitch language={language} label={t.signIn.language} onChoose={actions.setLanguage} />
    </main>
  );
}

/** Why one is here again. It has the focus first, so that it is read out. */
function EndNote({ end }: { readonly end: EndReason }): ReactElement {
  const { t, format } = useI18n();
  const { now } = useView();
  const words = t.ends[end.why];
  const isCalm = end.why === "loggedOut" || end.why === "accountDeleted";
  return (
    <section className={isCalm ? "end-note" : "end-note end-note-grave"} role="alert">
      <Icon name={isCalm ? "check" : "warning"} />
      <div>
        <h2>{words.title}</h2>
        <p>
          {words.text} {end.untilMs > 0 && t.end.until(format.until(end.untilMs, now()))}
        </p>
        {end.detail !== "" && !isCalm && <p className="muted">{t.end.detail(end.detail)}</p>}
      </div>
    </section>
  );
}

function LanguageSwitch({
  language,
  label,
  onChoose,
}: {
  readonly language: Language;
  readonly label: string;
  readonly onChoose: (language: Language) => void;
}): ReactElement {
  return (
    <footer className="sign-in-foot" role="group" aria-label={label}>
      <Icon name="globe" size={16} />
      {(["en", "ko"] as const).map((other) => (
        <button
          key={other}
          type="button"
          lang={other}
          aria-pressed={other === language}
          onClick={() => onChoose(other)}
        >
          {languageNames[other]}
        </button>
      ))}
    </footer>
  );
}

/** The sign of the house: a roof on three columns. */
export function Logo({ size = 44 }: { readonly size?: number }): ReactElement {
  return (
    <svg className="logo" aria-hidden="true" width={size} height={size} viewBox="0 0 64 64">
      <rect className="logo-ground" width="64" height="64" rx="15" />
      <path
        className="logo-house"
        d="M13 25 32 13l19 12v4H13zM17 33h6v14h-6zm12 0h6v14h-6zm12 0h6v14h-6zM12 50h40v4H12z"
      />
    </svg>
  );
}
