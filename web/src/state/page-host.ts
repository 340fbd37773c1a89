import type { ClientEnvironment } from "../../../src/client/environment.ts";

/** Texts that are kept under names: the browser's localStorage and sessionStorage. */
export interface TextStore {
  /** Undefined: there is none, or the browser does not let us look. */
  get(name: string): string | undefined;
  /** Undefined removes. What cannot be kept (full, forbidden) is not; nothing is thrown. */
  set(name: string, text: string | undefined): void;
}

export interface PageNotification {
  readonly title: string;
  readonly body: string;
  /** A later notification with the same tag takes the place of the earlier. */
  readonly tag: string;
  readonly onClick: () => void;
}

/** Everything that the state needs of a browser, so that tests can do without one. */
export interface PageHost {
  readonly environment: ClientEnvironment;
  /** Kept until the user clears it; shared by all tabs. */
  readonly lasting: TextStore;
  /** Kept as long as this tab. */
  readonly ofTab: TextStore;
  /** The user's languages, the preferred first: "ko-KR". */
  readonly languages: readonly string[];
  /** What this device is called in the user's list of sessions; at most 64 bytes. */
  readonly label: string;
  /** Calls back once, before the next frame, or soon where there are no frames. */
  requestFrame(callback: () => void): void;
  /** The page is visible and has the focus: what it shows is read. */
  isAttended(): boolean;
  /** False: the machine says that it has no network. */
  isNetworkUp(): boolean;
  /** Calls the listener when one of these two has changed, until the returned function is called. */
  onAttention(listener: () => void): () => void;
  /** A number that is the same for all times of one day in the user's time zone. */
  dayOf(timeMs: number): number;
  notificationPermission(): "unsupported" | "default" | "granted" | "denied";
  /** Asks the user. Resolves when the user has answered. */
  requestNotifications(): Promise<void>;
  notify(notification: PageNotification): void;
  setTitle(title: string): void;
  /** Leaving the page now would lose something: the browser asks first. */
  setUnsaved(isUnsaved: boolean): void;
}
