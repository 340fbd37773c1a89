import { type FormEvent, type ReactElement, useState } from "react";
import { Button } from "../ui/primitives/button.tsx";
import { TextField } from "../ui/primitives/text-field.tsx";
import type { AdminApi } from "./admin-api.ts";
import { AdminApiError } from "./admin-client.ts";
import { useAdmin, wordsOf } from "./admin-context.ts";
import type { Language } from "./i18n/language.ts";
import { LanguagePicker } from "./parts/language-picker.tsx";

interface SignInProps {
  readonly makeApi: (token: string) => AdminApi;
  /** The token that was used is wrong by now. */
  readonly hasExpired: boolean;
  readonly onSignedIn: (token: string) => void;
  readonly onLanguage: (language: Language) => void;
}

export function SignIn({ makeApi, hasExpired, onSignedIn, onLanguage }: SignInProps): ReactElement {
  const { texts, formats } = useAdmin();
  const [token, setToken] = useState("");
  const [failure, setFailure] = useState<string | undefined>(hasExpired ? texts.signIn.expired : undefined);
  const [isBusy, setBusy] = useState(false);

  async function tryToken(given: string): Promise<void> {
    setBusy(true);
    setFailure(undefined);
    try {
      await makeApi(given).overview();
      onSignedIn(given);
    } catch (error) {
      const isWrong = error instanceof AdminApiError && error.isSignedOut;
      setFailure(isWrong ? texts.signIn.wrong : wordsOf(error, texts, formats));
      setBusy(false);
    }
  }

  function onSubmit(event: FormEvent): void {
    event.preventDefault();
    const given = token.trim();
    if (given === "") setFailure(texts.signIn.missing);
    else if (!isBusy) void tryToken(given);
  }

  return (
    <main className="admin-sign-in">
      <form className="admin-sign-in-card" onSubmit={onSubmit} aria-labelledby="sign-in-heading" noValidate>
        <p className="admin-wordmark">Portico</p>
        <h1 id="sign-in-heading">{texts.signIn.heading}</h1>
        <TextField
          label={texts.signIn.token}
          hint={texts.signIn.hint}
          error={failure}
          type="password"
          // Not a password to be kept: it changes with the server's settings.
          autoComplete="off"
          autoFocus
          spellCheck={false}
          maxLength={512}
          value={token}
          onChange={setToken}
        />
        <Button kind="primary" size="large" type="submit" isBusy={isBusy} isWide>
          {texts.signIn.submit}
        </Button>
        <LanguagePicker onLanguage={onLanguage} />
      </form>
    </main>
  );
}
