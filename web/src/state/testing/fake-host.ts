import { ManualEnvironment } from "../../../../src/client/testing/manual-environment.ts";
import type { PageHost, PageNotification, TextStore } from "../page-host.ts";

/** A browser's store, without one. */
export class FakeTextStore implements TextStore {
  readonly texts = new Map<string, string>();

  get(name: string): string | undefined {
    return this.texts.get(name);
  }

  set(name: string, text: string | undefined): void {
    if (text === undefined) this.texts.delete(name);
    else this.texts.set(name, text);
  }
}

const DAY_MS = 24 * 3600 * 1000;

/** A page that the test owns: its time, its frames, whether somebody looks at it. */
export class FakeHost implements PageHost {
  readonly environment: ManualEnvironment;
  readonly lasting: FakeTextStore;
  readonly ofTab = new FakeTextStore();
  languages: readonly string[] = ["en-GB"];
  readonly label = "Test on Node";
  readonly notifications: PageNotification[] = [];
  permission: "unsupported" | "default" | "granted" | "denied" = "default";
  title = "";
  isUnsaved = false;
  #isAttended = true;
  #isNetworkUp = true;
  readonly #frames: (() => void)[] = [];
  readonly #listeners = new Set<() => void>();

  /** `lasting`: of another tab of the same browser. */
  constructor(seed = 1, lasting = new FakeTextStore()) {
    this.environment = new ManualEnvironment(seed);
    this.lasting = lasting;
  }

  requestFrame(callback: () => void): void {
    this.#frames.push(callback);
  }

  /** Lets one frame pass. False: nobody waited for one. */
  frame(): boolean {
    const callbacks = this.#frames.splice(0);
    for (const callback of callbacks) callback();
    return callbacks.length > 0;
  }

  isAttended(): boolean {
    return this.#isAttended;
  }

  isNetworkUp(): boolean {
    return this.#isNetworkUp;
  }

  attend(isAttended: boolean): void {
    this.#isAttended = isAttended;
    for (const listener of this.#listeners) listener();
  }

  setNetwork(isUp: boolean): void {
    this.#isNetworkUp = isUp;
    for (const listener of this.#listeners) listener();
  }

  onAttention(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  dayOf(timeMs: number): number {
    return Math.floor(timeMs / DAY_MS);
  }

  notificationPermission(): "unsupported" | "default" | "granted" | "denied" {
    return this.permission;
  }

  requestNotifications(): Promise<void> {
    this.permission = "granted";
    return Promise.resolve();
  }

  notify(notification: PageNotification): void {
    this.notifications.push(notification);
  }

  setTitle(title: string): void {
    this.title = title;
  }

  setUnsaved(isUnsaved: boolean): void {
    this.isUnsaved = isUnsaved;
  }
}
