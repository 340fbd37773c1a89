import assert from "node:assert/strict";
import { it } from "node:test";
import { type BrowserWorld, PASSWORD } from "../support/browser-world.ts";
import { ChatPage } from "../support/chat-page.ts";
import { until } from "../support/until.ts";

/** Somebody without a mouse. */
export function chatKeyboardScenes(world: () => BrowserWorld): void {
  it("registers, makes a room, talks, reacts and searches with keys alone", async () => {
    const visitor = await world().visitor();
    const { page, watch } = visitor;
    const { keyboard } = page;
    const chat = new ChatPage(page);
    await page.goto(world().url);
    await page.getByLabel("Name", { exact: true }).waitFor();

    const focused = (): Promise<string> =>
      page.evaluate(`(() => {
        const { activeElement: element } = document;
        const label = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
        return label.trim();
      })()`);
    const tabTo = async (name: string, key = "Tab"): Promise<void> => {
      for (let presses = 0; presses < 40; presses++) {
        if ((await focused()) === name) return;
        await keyboard.press(key);
      }
      assert.fail(`${key} does not reach ${name}; it is on ${await focused()}`);
    };

    await tabTo("Sign in", "Shift+Tab");
    await keyboard.press("ArrowRight");
    await tabTo("Name");
    await keyboard.type("keyboarder");
    await tabTo("Password");
    await keyboard.type(PASSWORD);
    await keyboard.press("Enter");
    await chat.isIn();

    await tabTo("Find or create a room");
    await keyboard.press("Enter");
    await keyboard.press("End");
    await keyboard.press("Enter");
    await tabTo("Name");
    await keyboard.type("keys");
    await keyboard.press("Enter");
    await chat.isOpen("keys");
    await until("the composer has the focus", async () => (await focused()) === "Message to #keys");
    await keyboard.type("no mouse");
    await keyboard.press("Shift+Enter");
    await keyboard.type("two lines");
    await keyboard.press("Enter");
    // One that is still on its way cannot be answered.
    await chat.sent.filter({ hasText: "two lines" }).waitFor();

    // To the message above, and what can be done there.
    await keyboard.press("Shift+Tab");
    await until("a message has the focus", async () => (await focused()).startsWith("keyboarder:"));
    await keyboard.press("r");
    await page.getByText("Replying to keyboarder").waitFor();
    await keyboard.press("Escape");
    await page.getByText("Replying to keyboarder").waitFor({ state: "detached" });
    // The last message, to be edited.
    await keyboard.press("ArrowUp");
    await page.getByText("Editing a message").waitFor();
    await keyboard.type("!");
    await keyboard.press("Enter");
    await chat.sent.filter({ hasText: "two lines!" }).waitFor();

    await keyboard.press("Control+KeyK");
    await page.getByRole("dialog", { name: "Go to" }).waitFor();
    await keyboard.type("lob");
    await keyboard.press("Enter");
    await chat.isOpen("lobby");
    await keyboard.press("Control+KeyF");
    await page.getByRole("searchbox", { name: "Words to search for" }).waitFor();
    await keyboard.type("mouse");
    await page.getByText("in keys").waitFor();
    await keyboard.press("Escape");
    watch.assertNone();
    await visitor.close();
  });
}
