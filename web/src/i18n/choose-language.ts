import type { Language } from "../state/contract.ts";

/** The first of the browser's languages that there are words for; English when there is none. */
export function chooseLanguage(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const [primary = ""] = tag.toLowerCase().split("-");
    if (primary === "ko" || primary === "en") return primary;
  }
  return "en";
}
