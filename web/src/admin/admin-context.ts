import { createContext, use } from "react";
import type { ToastItem } from "../ui/primitives/toast.tsx";
import type { AdminApi } from "./admin-api.ts";
import { AdminApiError } from "./admin-client.ts";
import type { Formats } from "./format.ts";
import type { AdminTexts } from "./i18n/en.ts";
import type { Language } from "./i18n/language.ts";
import type { LinkWatch } from "./link-watch.ts";

/** What every view works with; `language` decides `texts` and `formats`. */
export interface AdminContextValue {
  readonly api: AdminApi;
  readonly link: LinkWatch;
  readonly language: Language;
  readonly texts: AdminTexts;
  readonly formats: Formats;
  /** Milliseconds since 1970 by the browser's clock. */
  readonly nowMs: () => number;
  /** A short note that is read out. */
  readonly tell: (text: string, kind?: ToastItem["kind"]) => void;
  /** The token does not hold any more: back to the sign-in page. */
  readonly signedOut: () => void;
}

export const AdminContext = createContext<AdminContextValue | undefined>(undefined);

export function useAdmin(): AdminContextValue {
  const value = use(AdminContext);
  if (value === undefined) throw new Error("a view of the admin page needs its context");
  return value;
}

/** What went wrong, in words: ours where there are some for its code, else the server's own. */
export function wordsOf(error: unknown, texts: AdminTexts, formats: Formats): string {
  if (!(error instanceof AdminApiError)) return error instanceof Error ? error.message : String(error);
  const known = Object.hasOwn(texts.errors, error.code) ? texts.errors[error.code] : undefined;
  const words = known ?? texts.failed(error.message, error.code);
  return error.retryAfterMs > 0 ? `${words} ${texts.retryIn(formats.duration(error.retryAfterMs))}` : words;
}
