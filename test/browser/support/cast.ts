import { afterEach, beforeEach } from "node:test";
import type { BrowserWorld, Visitor } from "./browser-world.ts";
import { ChatPage } from "./chat-page.ts";

/** Two people with a page each, for as long as the world is there. */
export class Cast {
  readonly mina: ChatPage;
  readonly jun: ChatPage;
  readonly #visitors: readonly Visitor[];

  private constructor(mina: ChatPage, jun: ChatPage, visitors: readonly Visitor[]) {
    this.mina = mina;
    this.jun = jun;
    this.#visitors = visitors;
  }

  static async open(world: BrowserWorld): Promise<Cast> {
    const visitors = [await world.visitor(), await world.visitor()] as const;
    const [mina, jun] = await Promise.all([
      ChatPage.register(world, visitors[0], "mina"),
      ChatPage.register(world, visitors[1], "jun"),
    ]);
    return new Cast(mina, jun, visitors);
  }

  /** Both pages in the lobby, with nothing that a scene left open in the way of the next. */
  async tidy(): Promise<void> {
    await Promise.all([this.mina, this.jun].map((chat) => chat.tidy()));
  }

  /** The same after a scene that failed, whatever it left behind. */
  async reload(): Promise<void> {
    await Promise.all([this.mina, this.jun].map((chat) => chat.reload()));
  }

  /** What the pages show, as a reader would have it: for whoever looks into a scene that failed. */
  async describe(): Promise<string> {
    const snapshots = this.#visitors.map(({ page }) => page.locator("body").ariaSnapshot());
    return (await Promise.all(snapshots)).join("\n----\n");
  }

  async close(): Promise<void> {
    for (const visitor of this.#visitors) await visitor.close();
  }

  assertClean(...expected: readonly RegExp[]): void {
    for (const { watch } of this.#visitors) watch.assertNone(...expected);
  }
}

/** Of a suite of scenes: each begins with tidy pages and ends with clean ones. One that fails is described. */
export function useCast(cast: () => Cast): void {
  beforeEach(() => cast().tidy());
  afterEach(async (context) => {
    if ("passed" in context && !context.passed) {
      context.diagnostic(await cast().describe());
      await cast().reload();
    } else {
      cast().assertClean();
    }
  });
}
