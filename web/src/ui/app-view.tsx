import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/primitives.css";
import "../styles/chat.css";
import "../styles/messages.css";
import "../styles/composer.css";
import "../styles/dialogs.css";
import "../styles/sign-in.css";
import { type ReactElement, useLayoutEffect } from "react";
import { I18nProvider } from "../i18n/i18n-context.ts";
import { useLanguage } from "../i18n/use-language.ts";
import { ChatPage } from "./chat/chat-page.tsx";
import { Button } from "./primitives/button.tsx";
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

function Page({ context, languages }: AppViewProps): ReactElement | null {
  const session = context.useSlice("session");
  const { language, theme } = context.useSlice("preferences");
  const { i18n, hasFailed } = useLanguage(language, languages);

  useLayoutEffect(() => {
    const { documentElement: root } = document;
    root.lang = i18n?.language ?? language;
    if (theme === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = theme;
  }, [i18n, language, theme]);

  if (i18n === undefined) return hasFailed ? <NoWords /> : null;

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

/** The dictionary could not be loaded: what there is to say is said in both languages. */
function NoWords(): ReactElement {
  return (
    <main className="empty-state" role="alert">
      <p lang="en">This page could not be loaded in full.</p>
      <p lang="ko">페이지를 모두 불러오지 못했습니다.</p>
      <Button onClick={() => location.reload()}>Load again · 다시 불러오기</Button>
    </main>
  );
}
