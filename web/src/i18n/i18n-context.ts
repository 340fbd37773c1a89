import { createContext, useContext } from "react";
import type { Language } from "../state/contract.ts";
import type { Dictionary } from "./dictionary.ts";
import { en } from "./en.ts";
import { Formats } from "./formats.ts";
import { ko } from "./ko.ts";

/** The words and formats of the chosen language. */
export interface I18n {
  readonly language: Language;
  readonly t: Dictionary;
  readonly format: Formats;
}

const dictionaries: Readonly<Record<Language, Dictionary>> = { en, ko };

/** Languages by their own names, for the switch. */
export const languageNames: Readonly<Record<Language, string>> = { en: "English", ko: "한국어" };

/** `preferred`: the browser's languages in order; the first variant of `language` decides how dates look. */
export function makeI18n(language: Language, preferred: readonly string[]): I18n {
  const locale =
    preferred.find((tag) => tag === language || tag.toLowerCase().startsWith(`${language}-`)) ?? language;
  const t = dictionaries[language];
  return { language, t, format: new Formats(locale, t) };
}

const Context = createContext<I18n>(makeI18n("en", []));

export const I18nProvider = Context.Provider;

export function useI18n(): I18n {
  return useContext(Context);
}
