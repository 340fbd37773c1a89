import assert from "node:assert/strict";
import { it } from "node:test";
import { type BrowserWorld, PASSWORD } from "../support/browser-world.ts";
import { ChatPage } from "../support/chat-page.ts";

/** Coming in, coming back, going. */
export function chatAccountScenes(world: () => BrowserWorld): void {
  it("one registers, comes back without the password, signs out and in", async () => {
    const visitor = await world().visitor();
    const { page, watch } = visitor;
    const chat = await ChatPage.register(world(), visitor, "newcomer");
    const kept: string = await page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })");
    assert.ok(!kept.includes(PASSWORD));
    await page.reload();
    await chat.isIn();

    await page.getByRole("button", { name: "newcomer: account and settings" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByLabel("Password", { exact: true }).fill("not the password");
    await page.getByLabel("Name", { exact: true }).fill("newcomer");
    await page.getByRole("tabpanel").getByRole("button", { name: "Sign in" }).click();
    await page
      .getByRole("alert")
      .filter({ hasText: /wrong|password/i })
      .waitFor();
    await chat.signIn("newcomer");
    watch.assertNone();
    await visitor.close();
  });

  it("one comes as a guest", async () => {
    const visitor = await world().visitor();
    const { page, watch } = visitor;
    await page.goto(world().url);
    await page.getByRole("tab", { name: "Guest" }).click();
    await page.getByLabel("Name", { exact: true }).fill("passerby");
    await page.getByRole("button", { name: "Look in as a guest" }).click();
    await new ChatPage(page).isIn();
    watch.assertNone();
    await visitor.close();
  });

  it("a device that is signed out from elsewhere is told", async () => {
    const first = await world().visitor();
    const second = await world().visitor();
    await ChatPage.register(world(), first, "two_devices");
    await second.page.goto(world().url);
    await new ChatPage(second.page).signIn("two_devices");

    const { page } = first;
    await page.getByRole("button", { name: "two_devices: account and settings" }).click();
    await page.getByRole("menuitem", { name: "Account and settings" }).click();
    await page.getByRole("tab", { name: "Devices" }).click();
    await page.getByRole("button", { name: "Sign out all others" }).click();
    await second.page.getByRole("tab", { name: "Register" }).waitFor();
    first.watch.assertNone();
    second.watch.assertNone();
    await first.close();
    await second.close();
  });
}
