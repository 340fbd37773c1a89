import type { Language, PreferencesSnapshot, ThemeChoice } from "./contract.ts";
import type { PageHost } from "./page-host.ts";

const LANGUAGE = "portico.language";
const THEME = "portico.theme";
const NOTIFICATIONS = "portico.notifications";

/** What the user has chosen on this device. */
export class Preferences {
  readonly #host: PageHost;
  readonly #onChange: () => void;

  constructor(host: PageHost, onChange: () => void) {
    this.#host = host;
    this.#onChange = onChange;
  }

  get snapshot(): PreferencesSnapshot {
    return { language: this.#language, theme: this.#theme, notifications: this.notifications };
  }

  get notifications(): PreferencesSnapshot["notifications"] {
    const permission = this.#host.notificationPermission();
    if (permission === "unsupported" || permission === "denied") return permission;
    const isWanted = this.#host.lasting.get(NOTIFICATIONS) === "on";
    return permission === "granted" && isWanted ? "on" : "off";
  }

  setLanguage(language: Language): void {
    this.#set(LANGUAGE, language);
  }

  setTheme(theme: ThemeChoice): void {
    this.#set(THEME, theme === "system" ? undefined : theme);
  }

  setNotifications(isOn: boolean): void {
    this.#set(NOTIFICATIONS, isOn ? "on" : undefined);
  }

  async requestNotifications(): Promise<void> {
    await this.#host.requestNotifications();
    this.setNotifications(this.#host.notificationPermission() === "granted");
  }

  get #language(): Language {
    const chosen = this.#host.lasting.get(LANGUAGE);
    if (chosen === "en" || chosen === "ko") return chosen;
    for (const tag of this.#host.languages) {
      if (/^ko\b/i.test(tag)) return "ko";
      if (/^en\b/i.test(tag)) return "en";
    }
    return "en";
  }

  get #theme(): ThemeChoice {
    const chosen = this.#host.lasting.get(THEME);
    return chosen === "light" || chosen === "dark" ? chosen : "system";
  }

  #set(name: string, text: string | undefined): void {
    this.#host.lasting.set(name, text);
    this.#onChange();
  }
}
