import assert from "node:assert/strict";
import { afterEach, before, it } from "node:test";
import type { Page } from "playwright-core";
import type { BrowserWorld, Talker, Visitor } from "../support/browser-world.ts";
import { ChatPage } from "../support/chat-page.ts";
import { until } from "../support/until.ts";

/** Keeps what the browser is asked to show, and shows it: headless, there is no screen to look at. */
const KEEP_NOTIFICATIONS = `
  globalThis.shown = [];
  globalThis.Notification = class extends Notification {
    constructor(title, options) {
      super(title, options);
      shown.push(this);
    }
  };`;

/** What the system is asked to show while nobody looks at the page. */
export function chatNotificationScenes(world: () => BrowserWorld): void {
  let talker: Talker;
  let visitor: Visitor | undefined;
  const visit = async (permissions: readonly string[]): Promise<Visitor> => {
    visitor = await world().visitor({ permissions: [...permissions] });
    await visitor.page.addInitScript(KEEP_NOTIFICATIONS);
    return visitor;
  };
  before(async () => {
    talker = await world().talker("caller");
  });
  afterEach(() => visitor?.close());

  it("are for what is said to one alone while one looks elsewhere, and a click leads there", async () => {
    const { page, watch } = await visit(["notifications"]);
    const chat = await ChatPage.register(world(), { page }, "listener");
    const { client, welcome } = talker;
    await askFor(page);

    await client.whisper("listener", "while you look");
    await chat.entry("caller").waitFor();
    assert.deepEqual(await shown(page), []);

    await lookAway(page, true);
    await client.publish(welcome.lobby.roomId, "to everybody");
    await client.publish(welcome.lobby.roomId, "and to you, @listener");
    await client.whisper("listener", "<b>are</b> you there?");
    await until("two are shown", async () => (await shown(page)).length === 2);
    assert.deepEqual(await shown(page), [
      "caller · lobby: and to you, @listener",
      "caller: <b>are</b> you there?",
    ]);

    await lookAway(page, false);
    await page.evaluate("shown.at(-1).dispatchEvent(new Event('click'))");
    await chat.isOpen("caller");

    // Switched off, nothing is shown any more.
    await chat.open("lobby");
    await appearance(page);
    await page.getByRole("switch", { name: "Notifications" }).click();
    await page.keyboard.press("Escape");
    await lookAway(page, true);
    await client.whisper("listener", "psst");
    await chat.entry("caller").filter({ hasText: "1" }).waitFor();
    assert.equal((await shown(page)).length, 2);
    watch.assertNone();
  });

  it("that the browser refuses are said to be refused", async () => {
    const { page, watch } = await visit([]);
    await ChatPage.register(world(), { page }, "refused");
    await appearance(page);
    const toggle = page.getByRole("switch", { name: "Notifications" });
    if (await toggle.isEnabled()) await toggle.click();
    await page.getByText("The browser refuses them for this page.").waitFor();
    assert.ok(await toggle.isDisabled());
    watch.assertNone();
  });
}

async function appearance(page: Page): Promise<void> {
  await page.getByRole("button", { name: /: account and settings$/ }).click();
  await page.getByRole("menuitem", { name: "Account and settings" }).click();
  await page.getByRole("tab", { name: "Appearance" }).click();
}

async function askFor(page: Page): Promise<void> {
  await appearance(page);
  await page.getByRole("switch", { name: "Notifications" }).click();
  await page.getByRole("switch", { name: "Notifications", checked: true }).waitFor();
  await page.keyboard.press("Escape");
}

function shown(page: Page): Promise<readonly string[]> {
  return page.evaluate("shown.map(({ title, body }) => `${title}: ${body}`)");
}

/** Another window is in front, or this one again. */
async function lookAway(page: Page, isAway: boolean): Promise<void> {
  await page.evaluate(
    `document.hasFocus = () => ${!isAway}; window.dispatchEvent(new Event("${isAway ? "blur" : "focus"}"))`,
  );
}
