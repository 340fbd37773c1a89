import { chooseLanguage as choosePreferred } from "../../i18n/choose-language.ts";
import { type AdminTexts, en } from "./en.ts";
import { ko } from "./ko.ts";

export type Language = "en" | "ko";

export const languages: readonly { readonly code: Language; readonly name: string }[] = [
  { code: "en", name: "English" },
  { code: "ko", name: "한국어" },
];

const texts: Readonly<Record<Language, AdminTexts>> = { en, ko };

export function textsOf(language: Language): AdminTexts {
  return texts[language];
}

/** The one that was chosen before, else the first of the browser's that there is, else English. */
export function chooseLanguage(stored: string | null, wanted: readonly string[]): Language {
  return choosePreferred(stored === null ? wanted : [stored, ...wanted]);
}
