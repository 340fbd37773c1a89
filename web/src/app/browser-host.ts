import { browserEnvironment } from "../../../src/client/browser-environment.ts";
import type { PageHost, PageNotification, TextStore } from "../state/page-host.ts";
import { deviceLabel } from "./device-label.ts";

/** A page that is not seen gets no frames: what is to be done waits no longer than this. */
const HIDDEN_FRAME_MS = 250;

const DAY_MS = 24 * 3600 * 1000;

/** The browser's store; without one (forbidden, full), the page's own memory. */
class WebTextStore implements TextStore {
  readonly #open: () => Storage;
  readonly #memory = new Map<string, string | undefined>();

  constructor(open: () => Storage) {
    this.#open = open;
  }

  get(name: string): string | undefined {
    if (this.#memory.has(name)) return this.#memory.get(name);
    try {
      return this.#open().getItem(name) ?? undefined;
    } catch {
      return undefined;
    }
  }

  set(name: string, text: string | undefined): void {
    try {
      if (text === undefined) this.#open().removeItem(name);
      else this.#open().setItem(name, text);
      this.#memory.delete(name);
    } catch {
      this.#memory.set(name, text);
    }
  }
}

/** The browser that the page runs in. */
export class BrowserHost implements PageHost {
  readonly environment = browserEnvironment;
  readonly lasting: TextStore = new WebTextStore(() => localStorage);
  readonly ofTab: TextStore = new WebTextStore(() => sessionStorage);
  readonly languages = navigator.languages;
  readonly label = deviceLabel(navigator.userAgent);
  readonly #listeners = new Set<() => void>();
  readonly #onBeforeUnload = (event: BeforeUnloadEvent): void => event.preventDefault();

  constructor() {
    const tell = (): void => {
      for (const listener of this.#listeners) listener();
    };
    for (const type of ["focus", "blur", "online", "offline"]) window.addEventListener(type, tell);
    document.addEventListener("visibilitychange", tell);
  }

  requestFrame(callback: () => void): void {
    let isDone = false;
    const once = (): void => {
      if (isDone) return;
      isDone = true;
      window.clearTimeout(timer);
      window.cancelAnimationFrame(frame);
      callback();
    };
    const timer = window.setTimeout(once, HIDDEN_FRAME_MS);
    const frame = window.requestAnimationFrame(once);
  }

  isAttended(): boolean {
    return document.visibilityState === "visible" && document.hasFocus();
  }

  isNetworkUp(): boolean {
    return navigator.onLine;
  }

  onAttention(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  dayOf(timeMs: number): number {
    const offsetMs = new Date(timeMs).getTimezoneOffset() * 60_000;
    return Math.floor((timeMs - offsetMs) / DAY_MS);
  }

  notificationPermission(): "unsupported" | "default" | "granted" | "denied" {
    // Not in insecure contexts, and not in every browser of a phone.
    return "Notification" in window && window.isSecureContext ? Notification.permission : "unsupported";
  }

  async requestNotifications(): Promise<void> {
    if (this.notificationPermission() !== "unsupported") await Notification.requestPermission();
  }

  notify({ title, body, tag, onClick }: PageNotification): void {
    try {
      const notification = new Notification(title, { body, tag, icon: "/icon.svg" });
      notification.addEventListener("click", () => {
        notification.close();
        window.focus();
        onClick();
      });
    } catch {
      // Chromium on Android has the class and lets only service workers use it.
    }
  }

  setTitle(title: string): void {
    document.title = title;
  }

  setUnsaved(isUnsaved: boolean): void {
    if (isUnsaved) window.addEventListener("beforeunload", this.#onBeforeUnload);
    else window.removeEventListener("beforeunload", this.#onBeforeUnload);
  }
}
