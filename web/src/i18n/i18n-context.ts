import { createContext, useContext } from "react";
import type { Language } from "../state/contract.ts";
import type { Dictionary } from "./dictionary.ts";
import { Formats } from "./formats.ts";

/** The words and formats of the chosen language. */
export interface I18n {
  readonly language: Language;
  readonly t: Dictionary;
  readonly format: Formats;
}

/** Languages by their own names, for the switch. */
export const languageNames: Readonly<Record<Language, string>> = { en: "English", ko: "한국어" };

/** `preferred`: the browser's languages in order; the first variant of `language` decides how dates look. */
export function makeI18n(language: Language, t: Dictionary, preferred: readonly string[]): I18n {
  const locale =
    preferred.find((tag) => tag === language || tag.toLowerCase().startsWith(`${language}-`)) ?? language;
  return { language, t, format: new Formats(locale, t) };
}

const Context = createContext<I18n | undefined>(undefined);

export const I18nProvider = Context.Provider;

export function useI18n(): I18n {
  const i18n = useContext(Context);
  if (i18n === undefined) throw new Error("there are no words above this view");
  return i18n;
}
