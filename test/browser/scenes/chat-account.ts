import assert from "node:assert/strict";
import { after, before, beforeEach, it } from "node:test";
import { type BrowserWorld, PASSWORD, type Visitor } from "../support/browser-world.ts";
import { ChatPage } from "../support/chat-page.ts";

/** Coming in, coming back, going. */
export function chatAccountScenes(world: () => BrowserWorld): void {
  let visitor: Visitor;
  before(async () => {
    visitor = await world().visitor();
  });
  beforeEach(() => visitor.forget());
  after(() => visitor.close());

  it("one registers, comes back without the password, signs out and in", async () => {
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
  });

  it("one comes as a guest", async () => {
    const { page, watch } = visitor;
    await page.goto(world().url);
    await page.getByRole("tab", { name: "Guest" }).click();
    await page.getByLabel("Name", { exact: true }).fill("passerby");
    await page.getByRole("button", { name: "Look in as a guest" }).click();
    await new ChatPage(page).isIn();
    watch.assertNone();
  });

  it("a part of the page that cannot be loaded is told, and tried again", async () => {
    const { page, watch } = visitor;
    const parts = /\/assets\/(chat-dialogs|emoji-part|side-panel)-/;
    await page.route(parts, (route) => route.abort());
    const chat = await ChatPage.register(world(), visitor, "unlucky");
    await chat.addRoom("Create a room");
    await page.getByText("This could not be loaded.").waitFor();
    await page.unroute(parts);
    await chat.createRoom("second-try");
    watch.assertNone(/ERR_FAILED/);
  });

  it("a device that is signed out from elsewhere is told", async () => {
    const second = await world().visitor();
    const { page, watch } = visitor;
    await ChatPage.register(world(), visitor, "two_devices");
    await second.page.goto(world().url);
    await new ChatPage(second.page).signIn("two_devices");

    await page.getByRole("button", { name: "two_devices: account and settings" }).click();
    await page.getByRole("menuitem", { name: "Account and settings" }).click();
    await page.getByRole("tab", { name: "Devices" }).click();
    await page.getByRole("button", { name: "Sign out all others" }).click();
    await second.page.getByRole("tab", { name: "Register" }).waitFor();
    watch.assertNone();
    second.watch.assertNone();
    await second.close();
  });
}
