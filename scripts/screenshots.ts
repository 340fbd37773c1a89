import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BrowserContextOptions, Page } from "playwright-core";
import { signInAsAdmin } from "../test/browser/support/admin-page.ts";
import { whyNoBrowser } from "../test/browser/support/browser-skip.ts";
import { BrowserWorld, type Talker } from "../test/browser/support/browser-world.ts";
import { ChatPage } from "../test/browser/support/chat-page.ts";
import { EXAMPLE_NOW_MS, exampleHistory, exampleOverview } from "./screenshots/example-hour.ts";
import { clientOf, playExample, rooms, VIEWER } from "./screenshots/example-talk.ts";

/**
 * Makes the pictures of docs/images: a server of its own with an example's people and talk, its pages in
 * Chromium. `node scripts/screenshots.ts [FOLDER]`. Fonts: fonts-noto-core, fonts-noto-cjk,
 * fonts-noto-color-emoji. The admin page's numbers are an example, too: a server that has just started has
 * no hour to show.
 */
const folder = process.argv[2] ?? fileURLToPath(new URL("../docs/images", import.meta.url));

const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const COMMON: BrowserContextOptions = { timezoneId: "Asia/Seoul", reducedMotion: "reduce" };

/** Clock times are written over, so that a picture changes when the page does and not each time. */
const writeTimes = `(() => {
  for (const time of document.querySelectorAll(".hit time")) time.textContent = "9:18 AM";
  let minute = 9 * 60 + 2;
  for (const time of document.querySelectorAll("article .message-time")) {
    minute += 2;
    const text = time.textContent;
    const hour = Math.floor(minute / 60);
    const digits = String(minute % 60).padStart(2, "0");
    time.textContent = /오/.test(text) ? "오전 " + hour + ":" + digits : hour + ":" + digits + " AM";
  }
})()`;

const reason = whyNoBrowser();
if (reason !== false) {
  console.error(`no pictures were made: ${reason}`);
  process.exit(1);
}
mkdirSync(folder, { recursive: true });
const world = await BrowserWorld.open(["rates.packetsPerSecond=0"]);
try {
  const talkers = await playExample(world);
  // One of the viewer's own is enough.
  await clientOf(talkers, VIEWER).close();
  await pictureChat(talkers);
  await pictureAdmin();
} finally {
  await world.close();
}

async function pictureChat(talkers: ReadonlyMap<string, Talker>): Promise<void> {
  const pictures: readonly (readonly [
    string,
    string,
    BrowserContextOptions,
    (page: Page) => Promise<void>,
  ])[] = [
    ["web-light", "releases", DESKTOP, showPeople],
    ["web-dark", "releases", { ...DESKTOP, colorScheme: "dark" }, showSearch],
    ["web-phone", "releases", PHONE, async () => undefined],
    ["web-korean", "서울", { ...DESKTOP, locale: "ko-KR" }, async () => undefined],
  ];
  for (const [name, room, options, prepare] of pictures) {
    const visitor = await world.visitor({ ...COMMON, ...options });
    const { page } = visitor;
    await page.goto(world.url);
    const chat = new ChatPage(page);
    await signIn(page, options.locale === "ko-KR");
    await page.locator(".side-name").filter({ hasText: room }).first().click();
    await page
      .locator("article")
      .filter({ hasText: lastLineOf(room) })
      .first()
      .waitFor();
    await prepare(page);
    // Somebody writes, as the picture is taken.
    const roomId = (await clientOf(talkers, "tomas").joinRoom(room)).roomId;
    clientOf(talkers, "tomas").typing(roomId);
    await page
      .locator(".typing-line")
      .filter({ hasText: "Tom" })
      .first()
      .waitFor({ timeout: 3000 })
      .catch(() => undefined);
    await chat.composer.blur().catch(() => undefined);
    await picture(page, name);
    await visitor.close();
  }
}

async function signIn(page: Page, isKorean: boolean): Promise<void> {
  await page.getByLabel(isKorean ? "이름" : "Name", { exact: true }).fill(VIEWER);
  await page.getByLabel(isKorean ? "비밀번호" : "Password", { exact: true }).fill("a long password");
  await page.keyboard.press("Enter");
  await page.locator(".side-name").first().waitFor();
}

async function showPeople(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^People:/ }).click();
  await page.getByRole("complementary", { name: "People" }).getByText("Tomás").waitFor();
}

async function showSearch(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Search", exact: true }).first().click();
  await page.getByRole("searchbox", { name: "Words to search for" }).fill("notes");
  await page.getByRole("complementary", { name: "Search" }).getByRole("listitem").first().waitFor();
}

function lastLineOf(room: string): string {
  const text = rooms.find(({ name }) => name === room)?.lines.at(-1)?.text ?? "";
  return text.slice(0, 12);
}

async function pictureAdmin(): Promise<void> {
  const token = world.adminToken;
  for (const [name, colorScheme] of [
    ["admin", "light"],
    ["admin-dark", "dark"],
  ] as const) {
    const visitor = await world.visitor({ ...COMMON, ...DESKTOP, colorScheme });
    const { page } = visitor;
    await page.clock.setFixedTime(EXAMPLE_NOW_MS);
    await page.route("**/api/admin/overview", (route) => route.fulfill({ json: exampleOverview() }));
    await page.route("**/api/admin/history*", (route) => route.fulfill({ json: exampleHistory() }));
    await page.goto(`${world.url}/admin`);
    await signInAsAdmin(page, token);
    await page.getByRole("img").first().waitFor();
    await picture(page, name);
    await visitor.close();
  }
}

async function picture(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.evaluate(writeTimes);
  await page.evaluate("document.fonts.ready");
  await page.screenshot({ path: join(folder, `${name}.png`), animations: "disabled", caret: "hide" });
  console.log(`${name}.png`);
}
