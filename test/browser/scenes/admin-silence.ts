import assert from "node:assert/strict";
import { after, before, beforeEach, it } from "node:test";
import { openAdminPage, showSection } from "../support/admin-page.ts";
import type { BrowserWorld, Visitor } from "../support/browser-world.ts";

/** The browser's own words for what a server that is not there does. */
const LOST = /net::ERR_(CONNECTION_(REFUSED|RESET|CLOSED)|EMPTY_RESPONSE)|status of 503/;

/** A server that goes and comes back. */
export function adminSilenceScenes(world: () => BrowserWorld): void {
  let visitor: Visitor;
  before(async () => {
    visitor = await world().visitor();
  });
  beforeEach(async () => {
    await world().startAgain();
    await visitor.forget();
  });
  after(() => visitor.close());

  it("says honestly that the server does not answer, and goes on when it does", async () => {
    const { page, watch } = visitor;
    await openAdminPage(world(), visitor);
    const silence = page.getByRole("status").filter({ hasText: "The server has not answered since" });
    await world().kill();
    await silence.waitFor();
    await page.getByText("Unknown", { exact: true }).waitFor();
    await world().startAgain();
    await silence.waitFor({ state: "detached" });
    await page.getByText("Serving", { exact: true }).waitFor();
    watch.assertNone(LOST);
  });

  it("stops the server, for somebody who types the word", async () => {
    const { page, watch } = visitor;
    await openAdminPage(world(), visitor);
    await showSection(page, "Server");
    await page.getByRole("button", { name: "Stop the server…" }).click();
    const dialog = page.getByRole("dialog", { name: "Stop the server?" });
    await dialog.getByRole("button", { name: "Stop it" }).click();
    await dialog.getByRole("alert").filter({ hasText: "Type “drain”." }).waitFor();
    await dialog.getByRole("textbox").fill("drain");
    await dialog.getByRole("button", { name: "Stop it" }).click();
    assert.equal(await world().ended(), 0);
    await page.getByRole("status").filter({ hasText: "The server has not answered since" }).waitFor();
    watch.assertNone(LOST);
  });
}
