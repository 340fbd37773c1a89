import { type ReactElement, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type ToastItem, Toasts } from "../ui/primitives/toast.tsx";
import { AdminApi } from "./admin-api.ts";
import { AdminClient, type FetchLike } from "./admin-client.ts";
import { AdminContext, type AdminContextValue } from "./admin-context.ts";
import { formatsFor } from "./format.ts";
import { chooseLanguage, type Language, textsOf } from "./i18n/language.ts";
import { LinkWatch } from "./link-watch.ts";
import type { PageStorage } from "./page-storage.ts";
import { Shell } from "./shell.tsx";
import { SignIn } from "./sign-in.tsx";

interface AdminAppProps {
  readonly storage: PageStorage;
  readonly fetch: FetchLike;
  readonly browserLanguages: readonly string[];
  readonly nowMs: () => number;
}

/** How long a note stays, milliseconds. */
const TOAST_MS = 6000;
const TOAST_LIMIT = 4;

/** The whole page: signed in with a token, or not. */
export function AdminApp({ storage, fetch, browserLanguages, nowMs }: AdminAppProps): ReactElement {
  const [token, setToken] = useState(() => storage.token);
  const [hasExpired, setExpired] = useState(false);
  const [language, setLanguage] = useState(() => chooseLanguage(storage.language, browserLanguages));
  const { toasts, tell, dismiss } = useToasts();
  const link = useMemo(() => new LinkWatch(nowMs), [nowMs]);

  const texts = textsOf(language);
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = texts.title;
  }, [language, texts]);

  const change = (chosen: Language): void => {
    storage.keepLanguage(chosen);
    setLanguage(chosen);
  };
  const signIn = (accepted: string): void => {
    storage.keepToken(accepted);
    setExpired(false);
    setToken(accepted);
  };
  const signOut = useCallback(
    (isExpired: boolean): void => {
      storage.forgetToken();
      setExpired(isExpired);
      setToken("");
    },
    [storage],
  );

  const value = useMemo<AdminContextValue>(
    () => ({
      api: new AdminApi(new AdminClient({ fetch, token })),
      link,
      language,
      texts,
      formats: formatsFor(language),
      nowMs,
      tell,
      signedOut: () => signOut(true),
    }),
    [fetch, token, link, language, texts, nowMs, tell, signOut],
  );

  return (
    <AdminContext value={value}>
      {token === "" ? (
        <SignIn
          makeApi={(tried) => new AdminApi(new AdminClient({ fetch, token: tried }))}
          hasExpired={hasExpired}
          onSignedIn={signIn}
          onLanguage={change}
        />
      ) : (
        <Shell onSignOut={() => signOut(false)} onLanguage={change} />
      )}
      <Toasts label={texts.notes} dismissLabel={texts.actions.close} toasts={toasts} onDismiss={dismiss} />
    </AdminContext>
  );
}

function useToasts(): {
  readonly toasts: readonly ToastItem[];
  readonly tell: AdminContextValue["tell"];
  readonly dismiss: (id: string) => void;
} {
  const [toasts, setToasts] = useState<readonly ToastItem[]>([]);
  const nextId = useRef(1);
  const dismiss = useCallback((id: string) => {
    setToasts((shown) => shown.filter((toast) => toast.id !== id));
  }, []);
  const tell = useCallback<AdminContextValue["tell"]>(
    (text, kind = "note") => {
      const id = String(nextId.current++);
      setToasts((shown) => [...shown, { id, text, kind }].slice(-TOAST_LIMIT));
      setTimeout(() => dismiss(id), TOAST_MS);
    },
    [dismiss],
  );
  return { toasts, tell, dismiss };
}
