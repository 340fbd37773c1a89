import { useMemo, useState } from "react";
import { useOnDemand } from "../loading/use-on-demand.ts";
import type { Language } from "../state/contract.ts";
import { dictionaries } from "./dictionaries.ts";
import { type I18n, makeI18n } from "./i18n-context.ts";

/** The language's words; those of the language before until they are there. `hasFailed`: there are none at all. */
export function useLanguage(
  language: Language,
  preferred: readonly string[],
): { readonly i18n: I18n | undefined; readonly hasFailed: boolean } {
  const { part, hasFailed } = useOnDemand(dictionaries[language]);
  const next = useMemo(
    () => (part === undefined ? undefined : makeI18n(language, part, preferred)),
    [language, part, preferred],
  );
  const [last, setLast] = useState(next);
  if (next !== undefined && next !== last) setLast(next);
  const i18n = next ?? last;
  return { i18n, hasFailed: hasFailed && i18n === undefined };
}
