import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import {
  type ChatClient,
  type OpenedChatClient,
  openChatClient,
  type Welcome,
} from "../../../src/client/index.ts";
import { ServeProcess } from "../../support/serve-process.ts";
import { CHROMIUM } from "./browser-skip.ts";
import { builtWebClient } from "./built-web-client.ts";
import { PageWatch } from "./page-watch.ts";

/** Nothing here is about these limits; many users come from one address. */
const SETTINGS = [
  "login.guests=true",
  "rates.registrationsPerHourPerAddress=0",
  "rates.loginsPerMinutePerAddress=0",
];

const VIEWPORT = { width: 1280, height: 800 };
/** An element is waited for this long: a machine that is busy with other tests is slow. */
const PATIENCE_MS = 30_000;

/** Somebody at a browser: storage of their own, one page. */
export interface Visitor {
  readonly page: Page;
  readonly watch: PageWatch;
  /** Nothing that a page stored is left: the next one opened here meets a stranger. Files stay in the cache. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

/** Everybody's. */
export const PASSWORD = "a long password";

/** Somebody at another client. */
export interface Talker {
  readonly client: ChatClient;
  readonly welcome: Welcome;
  /** Those that the client was in since: "online", "offline", "closed KICKED". */
  readonly states: readonly string[];
}

/** A server as people run it, its pages as they are built, and a browser. */
export class BrowserWorld {
  readonly #directory: string;
  readonly #settings: readonly string[];
  readonly #browser: Browser;
  readonly #clients: OpenedChatClient[] = [];
  #server: ServeProcess;

  private constructor(
    directory: string,
    settings: readonly string[],
    browser: Browser,
    server: ServeProcess,
  ) {
    this.#directory = directory;
    this.#settings = settings;
    this.#browser = browser;
    this.#server = server;
  }

  static async open(settings: readonly string[] = []): Promise<BrowserWorld> {
    await builtWebClient();
    const directory = mkdtempSync(join(tmpdir(), "portico-browser-"));
    const all = [...SETTINGS, ...settings];
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    try {
      const server = await ServeProcess.start(join(directory, "data"), { settings: all });
      return new BrowserWorld(directory, all, browser, server);
    } catch (error) {
      await browser.close();
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** "http://127.0.0.1:PORT" */
  get url(): string {
    return this.#server.url;
  }

  /** Of TCP, "127.0.0.1:PORT". */
  get packets(): string {
    return this.#server.packets;
  }

  /** What the server printed when it started. */
  get greeting(): string {
    return this.#server.output;
  }

  /** The admin page's, from the data directory. */
  get adminToken(): string {
    return readFileSync(join(this.#directory, "data", "admin-token"), "utf8").trim();
  }

  /** A context of its own with one page, still empty. */
  async visitor(options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await this.#browser.newContext({ viewport: VIEWPORT, locale: "en-US", ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    const watch = await PageWatch.of(context, this.url);
    const page = await context.newPage();
    const forget = async (): Promise<void> => {
      // Of the same origin, and no page that stores something when it is left.
      await page.goto(`${this.url}/icon.svg`);
      await page.evaluate("localStorage.clear(); sessionStorage.clear()");
    };
    return { page, watch, forget, close: () => context.close() };
  }

  /** Somebody with another client, the SDK over TCP, and a new account. Closed with the world. */
  async talker(name: string): Promise<Talker> {
    const opened = openChatClient({ server: this.packets });
    this.#clients.push(opened);
    const { client } = opened;
    const states: string[] = [];
    client.on("state", ({ state }) => {
      states.push(state.name === "closed" ? `closed ${state.disconnectCode}` : state.name);
    });
    const welcome = await client.connect({ name, password: PASSWORD }, { register: true });
    return { client, welcome, states };
  }

  /** The server loses its power. */
  kill(): Promise<void> {
    return this.#server.kill();
  }

  /** When the server has ended: the same data, the same addresses. */
  async startAgain(): Promise<void> {
    if (!this.#server.hasEnded) return;
    const { packets, url } = this.#server;
    this.#server = await ServeProcess.start(join(this.#directory, "data"), {
      packets,
      http: new URL(url).host,
      settings: this.#settings,
    });
  }

  /** Resolves with the exit code when the server has ended by itself. */
  ended(): Promise<number | null> {
    return this.#server.ended();
  }

  async close(): Promise<void> {
    await this.#browser.close();
    for (const { close } of this.#clients) await close();
    await this.#server.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
