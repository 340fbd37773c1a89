import assert from "node:assert/strict";
import { it } from "node:test";
import { type Cast, useCast } from "../support/cast.ts";
import { until } from "../support/until.ts";

/** Two people talk. */
export function chatTalkScenes(cast: () => Cast): void {
  useCast(cast);

  it("in a room that one makes and the other finds", async () => {
    const { mina, jun } = cast();
    await mina.createRoom("tea", "All about tea");
    await mina.saySafely("Is anybody here?");
    await jun.joinRoom("tea");
    await jun.page.getByText("All about tea").first().waitFor();
    await jun.message("Is anybody here?").waitFor();
    await jun.composer.pressSequentially("I a");
    await mina.page.getByText("jun is writing").waitFor();
    await jun.saySafely("I am, with see https://example.com/a?b=c, and 차 한 잔 🍵");
    const heard = mina.message("차 한 잔 🍵");
    await heard.waitFor();
    const link = heard.getByRole("link", { name: "https://example.com/a?b=c" });
    assert.equal(await link.getAttribute("href"), "https://example.com/a?b=c");
    assert.match((await link.getAttribute("rel")) ?? "", /noopener/);
  });

  it("in private", async () => {
    const { mina, jun } = cast();
    await mina.openDirect("jun");
    await mina.saySafely("just between us");
    const entry = jun.entry("mina");
    await entry.getByText("1 unread message").waitFor({ state: "attached" });
    await entry.click();
    await jun.message("just between us").waitFor();
    await jun.saySafely("of course");
    await mina.message("of course").waitFor();
    await entry.getByText(/unread/).waitFor({ state: "detached" });
  });

  it("answers, edits, reactions and deletions are seen by the other", async () => {
    const { mina, jun } = cast();
    await mina.open("tea");
    await jun.open("tea");
    await mina.saySafely("green or black?");
    await jun.act("green or black?", "Reply");
    await jun.page.getByText("Replying to mina").waitFor();
    await jun.saySafely("oolong");
    await mina
      .message("oolong")
      .getByRole("button", { name: /green or black/ })
      .waitFor();

    await jun.message("oolong").hover();
    await jun.message("oolong").getByRole("button", { name: "Edit" }).click();
    await until("the text is in the field", async () => (await jun.composer.inputValue()) === "oolong");
    await jun.say("oolong, please");
    await mina.message("oolong, please").getByText("(edited)").waitFor();

    await mina.message("oolong").hover();
    await mina.message("oolong").getByRole("button", { name: "React: 👍" }).click();
    await jun.message("oolong").getByRole("button", { name: "👍: 1 person" }).click();
    await mina.message("oolong").getByRole("button", { name: "👍: 2 people, you too" }).waitFor();

    await mina.act("green or black?", "Delete");
    await mina.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await jun.list.getByText("This message was deleted.").waitFor();
    await jun.message("green or black?").waitFor({ state: "detached" });
  });

  it("what is said without a network is shown as waiting, and sent once with it", async () => {
    const { mina, jun } = cast();
    await mina.open("tea");
    await jun.open("tea");
    const network = mina.page.context();
    try {
      await network.setOffline(true);
      await mina.page.getByText("This device is offline.").first().waitFor();
      await mina.say("sent from a tunnel");
      await mina.message("sent from a tunnel").getByText("Waiting for a connection").waitFor();
      await mina.page.getByText("1 message is waiting").first().waitFor();
      // Nobody is told what has not left the device.
      await jun.saySafely("hello?");
      assert.equal(await jun.message("tunnel").count(), 0);
      assert.equal(await mina.message("hello?").count(), 0);
    } finally {
      await network.setOffline(false);
    }
    for (const chat of [mina, jun]) {
      await chat.sent.filter({ hasText: "tunnel" }).waitFor();
      await chat.message("hello?").waitFor();
      assert.equal(await chat.message("tunnel").count(), 1);
    }
    await mina.page.getByText("This device is offline.").first().waitFor({ state: "detached" });
  });

  it("on a phone, nothing lies over a block of code", async () => {
    const { mina } = cast();
    const { page } = mina;
    const line = `const ${"aVeryLongName".repeat(8)} = 1;`;
    await mina.say(`\`\`\`\n${line}\nshort\n\`\`\``);
    const block = mina.sent.filter({ hasText: line }).locator(".text-code-block");
    await block.waitFor();
    const size = page.viewportSize();
    assert.ok(size !== null);
    await page.setViewportSize({ width: 390, height: 844 });
    try {
      const text = await block.locator("pre").boundingBox();
      const button = await block.getByRole("button", { name: "Copy code" }).boundingBox();
      assert.ok(text !== null && button !== null);
      assert.ok(text.x + text.width <= button.x, "the button is beside the text");
      assert.ok(button.x + button.width <= 390);
    } finally {
      await page.setViewportSize(size);
    }
  });

  it("what is unread is counted, a mention is told apart", async () => {
    const { mina, jun } = cast();
    await mina.open("tea");
    await jun.open("lobby");
    await mina.saySafely("one");
    const entry = jun.entry("tea");
    await entry.getByText("1 unread message").waitFor({ state: "attached" });
    await mina.saySafely("@jun two");
    await entry.getByText("2 unread, 1 mention", { exact: true }).waitFor({ state: "attached" });
    await entry.getByText("2", { exact: true }).waitFor();
    await entry.getByText("@1", { exact: true }).waitFor();
    await jun.open("tea");
    await jun.list.getByRole("separator").filter({ hasText: "New" }).waitFor();
    await entry.getByText(/unread|mention/).waitFor({ state: "detached" });
  });
}
