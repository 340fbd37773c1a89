import { OnDemand } from "../loading/on-demand.ts";
import type { Language } from "../state/contract.ts";
import type { Dictionary } from "./dictionary.ts";

/** Each language's words: a page loads those that it shows. */
export const dictionaries: Readonly<Record<Language, OnDemand<Dictionary>>> = {
  en: new OnDemand(async () => (await import("./en.ts")).en),
  ko: new OnDemand(async () => (await import("./ko.ts")).ko),
};
