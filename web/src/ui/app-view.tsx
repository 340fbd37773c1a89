import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/primitives.css";
import "../styles/chat.css";
import "../styles/messages.css";
import "../styles/composer.css";
import "../styles/dialogs.css";
import "../styles/sign-in.css";
import { type ReactElement, useLayoutEffect, useMemo } from "react";
import { I18nProvider, makeI18n } from "../i18n/i18n-context.ts";
import { ChatPage } from "./chat/chat-page.tsx";
import { SignInPage } from "./sign-in/sign-in-page.tsx";
import { type ViewContext, ViewProvider } from "./view-context.ts";

interface AppViewProps {
  readonly context: ViewContext;
  /** The user's, the preferred first: which variant of a language writes dates. */
  readonly languages: readonly string[];
}

/** The whole page: the ways in, or the chat, in the chosen language and theme. */
export function AppView({ context, languages }: AppViewProps): ReactElement {
  return (
    <ViewProvider value={context}>
      <Page context={context} languages={languages} />
    </ViewProvider>
  );
}

function Page({ context, languages }: AppViewProps): ReactElement {
  const session = context.useSlice("session");
  const { language, theme } = context.useSlice("preferences");
  const i18n = useMemo(() => makeI18n(language, languages), [language, languages]);

  useLayoutEffect(() => {
    const { documentElement: root } = document;
    root.lang = language;
    if (theme === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = theme;
  }, [language, theme]);

  return (
    <I18nProvider value={i18n}>
      {session.phase === "signedIn" && session.me !== undefined ? (
        <ChatPage me={session.me} />
      ) : (
        <SignInPage session={session} />
      )}
    </I18nProvider>
  );
}
