import assert from "node:assert/strict";
import { after, before, beforeEach, it } from "node:test";
import { noteOf, openAdminPage, showSection, signInAsAdmin } from "../support/admin-page.ts";
import type { BrowserWorld, Visitor } from "../support/browser-world.ts";
import { until } from "../support/until.ts";

/** A browser writes every answer that is no success to its console. */
const REFUSED = /the server responded with a status of 401/;

/** Who comes into the admin page, and where the token is. */
export function adminSignInScenes(world: () => BrowserWorld): void {
  let visitor: Visitor;
  before(async () => {
    visitor = await world().visitor();
  });
  beforeEach(() => visitor.forget());
  after(() => visitor.close());

  it("a wrong token is told, a right one comes in", async () => {
    const { page, watch } = visitor;
    await page.goto(`${world().url}/admin`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").filter({ hasText: "Type the token." }).waitFor();
    await signInAsAdmin(page, "not-the-token-at-all");
    await page.getByRole("alert").filter({ hasText: "The token is wrong." }).waitFor();
    assert.equal(watch.take().filter((fault) => !REFUSED.test(fault)).length, 0);

    await signInAsAdmin(page, world().adminToken);
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    watch.assertNone();
  });

  it("the token is kept for the tab alone, and nowhere in the address", async () => {
    const { page, watch } = visitor;
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await openAdminPage(world(), visitor);
    await showSection(page, "Sessions");
    const token = world().adminToken;
    for (const url of [page.url(), ...asked]) assert.ok(!url.includes(token));
    const lasting: string = await page.evaluate("JSON.stringify({ ...localStorage }) + document.cookie");
    assert.ok(!lasting.includes(token));

    await page.reload();
    await page.getByRole("heading", { level: 1, name: "Sessions" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").waitFor();
    assert.equal(await page.evaluate("sessionStorage.length"), 0);
    await page.reload();
    await page.getByLabel("Token").waitFor();
    watch.assertNone();
  });

  it("speaks Korean to those who do, and is switched", async () => {
    const korean = await world().visitor({ locale: "ko-KR" });
    const { page, watch } = korean;
    await page.goto(`${world().url}/admin`);
    await page.getByLabel("토큰").fill(world().adminToken);
    await page.getByRole("button", { name: "로그인" }).click();
    await page.getByRole("heading", { level: 1, name: "개요" }).waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "ko");
    await page.getByLabel("언어").selectOption({ label: "English" });
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    watch.assertNone();
    await korean.close();
  });

  it("is used with the keyboard alone", async () => {
    const { page, watch } = visitor;
    await page.goto(`${world().url}/admin`);
    // The field gets the focus by itself.
    await page.locator(":focus").and(page.getByLabel("Token")).waitFor();
    await page.keyboard.type(world().adminToken);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    const focused = (): Promise<string> =>
      page.evaluate(
        "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent",
      );
    const tabTo = async (name: string): Promise<void> => {
      for (let presses = 0; presses < 40; presses++) {
        await page.keyboard.press("Tab");
        if ((await focused()) === name) return;
      }
      assert.fail(`the Tab key does not reach ${name}`);
    };
    await tabTo("Server");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Server" }).waitFor();
    await until("the heading has the focus", async () => (await focused()) === "Server");
    await tabTo("Make a code");
    await page.keyboard.press("Enter");
    await noteOf(page, "Done.");
    await tabTo("Stop the server…");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Stop the server?" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.equal(await focused(), "Stop the server…");
    watch.assertNone();
  });
}
