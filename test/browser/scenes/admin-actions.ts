import assert from "node:assert/strict";
import { after, afterEach, before, it } from "node:test";
import { noteOf, openAdminPage, rowOf, showSection } from "../support/admin-page.ts";
import type { BrowserWorld, Visitor } from "../support/browser-world.ts";
import { until } from "../support/until.ts";

const SCRIPT = `<img src=x onerror="alert('in')">`;

/** What an administrator sees and does. */
export function adminActionScenes(world: () => BrowserWorld): void {
  let visitor: Visitor;
  before(async () => {
    visitor = await world().visitor();
    await openAdminPage(world(), visitor);
  });
  // What a scene that failed left open is no obstacle to the next.
  afterEach(async (context) => {
    if ("passed" in context && !context.passed) await visitor.page.goto(`${world().url}/admin`);
  });
  after(() => visitor.close());

  it("shows who is there, and ends a connection", async () => {
    const { page, watch } = visitor;
    const { states } = await world().talker("kicked_one");
    await world().talker("other_one");
    await showSection(page, "Sessions");
    await rowOf(page, "Sessions", "other_one").waitFor();
    await page.getByRole("searchbox", { name: "Search by name or address" }).fill("kicked");
    await rowOf(page, "Sessions", "other_one").waitFor({ state: "detached" });
    const row = rowOf(page, "Sessions", "kicked_one");
    await row.getByText(/^TCP · /).waitFor();
    await until("the round trip is measured", async () => /\d (µs|ms)/.test(await row.innerText()));
    await row.getByRole("button", { name: "Kick kicked_one" }).click();
    const dialog = page.getByRole("dialog", { name: "End this connection" });
    await dialog.getByLabel("Reason").fill(SCRIPT);
    await dialog.getByRole("button", { name: "Kick" }).click();
    await noteOf(page, "kicked_one was disconnected.");
    await until("the client hears it", () => states.some((state) => state.includes("KICKED")));
    await row.waitFor({ state: "detached" });
    await page.getByRole("searchbox", { name: "Search by name or address" }).fill("");

    await showSection(page, "Disconnects");
    await rowOf(page, "Recent", "kicked_one").getByText("KICKED", { exact: true }).waitFor();
    watch.assertNone();
  });

  it("mutes, bans and takes back", async () => {
    const { page, watch } = visitor;
    const { client, welcome, states } = await world().talker("loud_one");
    await showSection(page, "Users");
    await page.getByRole("searchbox", { name: "Find by name" }).fill("loud_one");
    const row = rowOf(page, "Users", "loud_one").first();
    await row.getByRole("button", { name: "Manage loud_one" }).click();
    const dialog = page.getByRole("dialog", { name: "Manage loud_one" });
    await dialog.getByLabel("Mute: may not speak anywhere").check();
    await dialog.getByLabel("For how long").fill("soon");
    await dialog.getByRole("alert").filter({ hasText: "Not a duration." }).waitFor();
    await dialog.getByRole("button", { name: "1 hour" }).click();
    await dialog.getByLabel("Reason").fill("too loud");
    await dialog.getByRole("button", { name: "Apply" }).click();
    await noteOf(page, "loud_one is muted.");
    await row.getByText("too loud").waitFor();
    await assert.rejects(client.publish(welcome.lobby.roomId, "hello"), { code: "MUTED" });

    await row.getByRole("button", { name: "Manage loud_one" }).click();
    await dialog.getByLabel("Ban: may not sign in").check();
    await dialog.getByLabel("Reason").fill(SCRIPT);
    await dialog.getByRole("button", { name: "Apply" }).click();
    await noteOf(page, "loud_one is banned.");
    await until("the client is out", () => states.some((state) => state.includes("BANNED")));
    await row.getByText(SCRIPT).waitFor();

    await showSection(page, "Sanctions");
    await rowOf(page, "Sanctions", "loud_one").filter({ hasText: "until taken back" }).first().waitFor();
    for (const kind of ["Ban", "Mute"]) {
      await page.getByRole("button", { name: `Take back the ${kind} of loud_one` }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Take back" }).click();
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
    await rowOf(page, "Sanctions", "loud_one").first().waitFor({ state: "detached" });
    watch.assertNone();
  });

  it("makes administrators and unmakes them", async () => {
    const { page, watch } = visitor;
    await showSection(page, "Users");
    await page.getByRole("searchbox", { name: "Find by name" }).fill("other_one");
    const row = rowOf(page, "Users", "other_one").first();
    for (const [action, shown] of [
      ["Make an administrator", "Administrator"],
      ["Take administration away", "User"],
    ] as const) {
      await row.getByRole("button", { name: "Manage other_one" }).click();
      await page.getByRole("dialog").getByLabel(action).check();
      await page.getByRole("dialog").getByRole("button", { name: "Apply" }).click();
      await row.getByRole("cell", { name: shown, exact: true }).waitFor();
    }
    await page.getByRole("searchbox", { name: "Find by name" }).fill("no_such_user");
    await page.getByText("There is no account no_such_user.").waitFor();
    // Asking for a user who is not there is answered 404, which the browser writes down.
    watch.assertNone(/status of 404/);
  });

  it("bans an address range, which is none of ours", async () => {
    const { page, watch } = visitor;
    await showSection(page, "Sanctions");
    await page.getByRole("button", { name: "Ban an address" }).click();
    const dialog = page.getByRole("dialog", { name: "Ban an address" });
    await dialog.getByRole("textbox", { name: "Address or range" }).fill("not an address");
    await dialog.getByRole("button", { name: "Ban an address" }).click();
    await dialog.getByRole("alert").filter({ hasText: "is no address or range" }).waitFor();
    await dialog.getByRole("textbox", { name: "Address or range" }).fill("192.0.2.77/24");
    await dialog.getByRole("button", { name: "Ban an address" }).click();
    await noteOf(page, "192.0.2.0/24 is banned.");
    await page.getByRole("button", { name: "Take back the Ban of 192.0.2.0/24" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Take back" }).click();
    await rowOf(page, "Sanctions", "192.0.2.0/24").waitFor({ state: "detached" });
    watch.assertNone(/status of 400/);
  });

  it("changes a room and deletes it", async () => {
    const { page, watch } = visitor;
    const { client } = await world().talker("room_maker");
    await client.createRoom("adminroom", { topic: "before" });
    await showSection(page, "Rooms");
    await page.getByRole("searchbox").fill("adminr");
    const row = rowOf(page, "Rooms", "adminroom");
    await row.getByRole("button", { name: "Settings of adminroom" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Topic").fill(SCRIPT);
    await dialog.getByLabel("Slow mode").fill("5s");
    await dialog.getByRole("button", { name: "Save" }).click();
    await noteOf(page, "adminroom was changed.");
    await row.getByText(SCRIPT).waitFor();

    await row.getByRole("button", { name: "Settings of adminroom" }).click();
    assert.equal(await dialog.getByLabel("Slow mode").inputValue(), "5s");
    await dialog.getByRole("button", { name: "Delete room" }).click();
    await dialog.getByLabel("Name of the room").fill("adminroon");
    await dialog.getByRole("button", { name: "Delete room" }).click();
    await dialog.getByRole("alert").filter({ hasText: "This is not the room's name." }).waitFor();
    await dialog.getByLabel("Name of the room").fill("adminroom");
    await dialog.getByRole("button", { name: "Delete room" }).click();
    await noteOf(page, "adminroom was deleted.");
    await page.getByText("No room matches.").waitFor();
    watch.assertNone();
  });

  it("has written down what was done", async () => {
    const { page, watch } = visitor;
    await showSection(page, "Audit log");
    const table = page.getByRole("table", { name: "Audit log" });
    await table.getByText("room.delete").first().waitFor();
    for (const action of ["user.ban", "user.unban", "user.mute", "user.promote"]) {
      await table.getByText(action, { exact: true }).first().waitFor();
    }
    await table.getByText(SCRIPT).first().waitFor();
    watch.assertNone();
  });

  it("runs the server: lockdown, log level, invitation", async () => {
    const { page, watch } = visitor;
    await showSection(page, "Server");
    await page.getByLabel("No new accounts, no guests").check();
    await noteOf(page, "Lockdown: No new accounts, no guests.");
    await page.getByText("Lockdown 2").waitFor();
    await assert.rejects(world().talker("too_late"), { code: "LOCKDOWN" });
    await page.getByLabel("Off: as configured").check();
    await page.getByText("Lockdown 2").waitFor({ state: "detached" });

    await page.getByRole("combobox", { name: "Log level" }).selectOption("debug");
    await noteOf(page, "The log level is debug.");
    await page.getByRole("combobox", { name: "Log level" }).selectOption("info");
    await noteOf(page, "The log level is info.");

    await page.getByLabel("Accounts it is good for").fill("0");
    await page.getByText("A whole number from 1 to 1000.").waitFor();
    await page.getByLabel("Accounts it is good for").fill("2");
    await page.getByRole("button", { name: "Make a code" }).click();
    await page.getByLabel("Code", { exact: true }).waitFor();
    watch.assertNone();
  });

  it("shows the numbers and the last hour", async () => {
    const { page, watch } = visitor;
    await showSection(page, "Overview");
    await page.getByText("Serving").waitFor();
    const sessions = page.getByRole("img", { name: /^WebSocket: now/ });
    await sessions.waitFor();
    await sessions.focus();
    await page.keyboard.press("ArrowLeft");
    await page.getByText(/\d\d:\d\d:\d\d: WebSocket \d/).waitFor();
    watch.assertNone();
  });

  it("fits a phone", async () => {
    const { page, watch } = visitor;
    await page.setViewportSize({ width: 390, height: 844 });
    for (const section of ["Overview", "Sessions", "Users", "Rooms", "Disconnects", "Audit log", "Server"]) {
      await showSection(page, section);
      const overflow: number = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      assert.equal(overflow, 0, `${section} is wider than the window`);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    watch.assertNone();
  });
}
