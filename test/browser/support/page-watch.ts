import assert from "node:assert/strict";
import type { BrowserContext, Page } from "playwright-core";

/** Runs in each page before its own scripts: a violation is told as an error of the console, too, but not what it was. */
const tellViolations = `addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sample }) => {
  console.error("CSP violation: " + effectiveDirective + " " + blockedURI + " " + sample);
});`;

/**
 * Collects what must not happen on any page of a context: errors of the console, errors that nobody
 * caught, violations of the Content-Security-Policy, requests to other hosts.
 */
export class PageWatch {
  readonly #origin: URL;
  readonly #faults: string[] = [];

  private constructor(origin: string) {
    this.#origin = new URL(origin);
  }

  /** Before the context's first page is opened. */
  static async of(context: BrowserContext, origin: string): Promise<PageWatch> {
    const watch = new PageWatch(origin);
    await context.addInitScript(tellViolations);
    context.on("page", (page) => watch.#follow(page));
    context.on("request", (request) => watch.#onRequest(request.url()));
    return watch;
  }

  /**
   * What was seen since the last time, and is forgotten now. Without what is expected: a browser writes
   * every refused request and lost connection to its console.
   */
  take(...expected: readonly RegExp[]): string[] {
    return this.#faults.splice(0).filter((fault) => !expected.some((pattern) => pattern.test(fault)));
  }

  /** Fails with what was seen and not expected. */
  assertNone(...expected: readonly RegExp[]): void {
    const faults = this.take(...expected);
    assert.deepEqual(faults, [], "the page is clean");
  }

  #follow(page: Page): void {
    page.on("console", (message) => {
      if (message.type() !== "error" && message.type() !== "warning") return;
      this.#faults.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => {
      this.#faults.push(`uncaught: ${error.stack ?? error.message}`);
    });
    page.on("websocket", (socket) => this.#onRequest(socket.url()));
    // A script that got in would ask somebody something.
    page.on("dialog", (dialog) => {
      // The page's own: something has not been sent yet. It is left all the same.
      if (dialog.type() === "beforeunload") {
        dialog.accept().catch(() => undefined);
        return;
      }
      this.#faults.push(`dialog: ${dialog.type()} ${dialog.message()}`);
      dialog.dismiss().catch(() => undefined);
    });
  }

  #onRequest(address: string): void {
    const url = new URL(address);
    if (url.protocol === "data:" || url.protocol === "blob:") return;
    if (url.host !== this.#origin.host) this.#faults.push(`request to another host: ${address}`);
  }
}
