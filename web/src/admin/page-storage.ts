/** The part of Web Storage that is used. */
export type StorageLike = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const TOKEN_KEY = "portico.admin.token";
/** The same as the chat page's: who has chosen there has chosen here. */
const LANGUAGE_KEY = "portico.language";
const THEME_KEY = "portico.theme";

/**
 * What the page keeps: the token for this tab alone (it is gone when the tab is closed), the language for
 * good. A browser that denies storage makes it forget, nothing worse.
 */
export class PageStorage {
  readonly #session: () => StorageLike;
  readonly #local: () => StorageLike;

  /** Functions, because asking a browser for its storage may throw. */
  constructor(session: () => StorageLike, local: () => StorageLike) {
    this.#session = session;
    this.#local = local;
  }

  get token(): string {
    return attempt(() => this.#session().getItem(TOKEN_KEY)) ?? "";
  }

  keepToken(token: string): void {
    attempt(() => this.#session().setItem(TOKEN_KEY, token));
  }

  forgetToken(): void {
    attempt(() => this.#session().removeItem(TOKEN_KEY));
  }

  get language(): string | null {
    return attempt(() => this.#local().getItem(LANGUAGE_KEY)) ?? null;
  }

  /** What was chosen on the chat page; undefined: as the device. */
  get theme(): "light" | "dark" | undefined {
    const theme = attempt(() => this.#local().getItem(THEME_KEY));
    return theme === "light" || theme === "dark" ? theme : undefined;
  }

  keepLanguage(language: string): void {
    attempt(() => this.#local().setItem(LANGUAGE_KEY, language));
  }
}

function attempt<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
