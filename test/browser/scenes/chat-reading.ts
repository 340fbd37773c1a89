import assert from "node:assert/strict";
import { before, it } from "node:test";
import type { BrowserWorld } from "../support/browser-world.ts";
import { type Cast, useCast } from "../support/cast.ts";
import { until } from "../support/until.ts";

const MESSAGES = 400;

/** A long history: read upwards, searched, and written under. */
export function chatReadingScenes(world: () => BrowserWorld, cast: () => Cast): void {
  before(async () => {
    const { client } = await world().talker("chronicler");
    const { roomId } = await client.createRoom("annals");
    const said = Array.from({ length: MESSAGES }, (_, index) => {
      const number = index + 1;
      return client.publish(roomId, number === 7 ? "entry 7: the pangolin came" : `entry ${number}: nothing`);
    });
    await Promise.all(said);
    await client.close();
    await cast().mina.joinRoom("annals");
  });
  useCast(cast);

  it("older messages come while one scrolls, and few are in the page at once", async () => {
    const { mina } = cast();
    await mina.open("annals");
    await mina.message(`entry ${MESSAGES}:`).waitFor();
    assert.ok((await mina.list.getByRole("article").count()) < 120);
    await mina.list.hover();
    await until("the first message is seen", async () => {
      await mina.page.mouse.wheel(0, -2500);
      return mina.message("entry 1:").first().isVisible();
    });
    await mina.page.getByText("This is where annals begins.").waitFor();
    assert.ok((await mina.list.getByRole("article").count()) < 120);
    await mina.page.getByRole("button", { name: /To the newest/ }).click();
    await mina.message(`entry ${MESSAGES}:`).waitFor();
  });

  it("a search finds a message and goes to it", async () => {
    const { mina } = cast();
    await mina.open("lobby");
    await mina.page.getByRole("button", { name: "Search" }).first().click();
    await mina.page.getByRole("searchbox", { name: "Words to search for" }).fill("pangolin");
    const hit = mina.page.getByRole("complementary", { name: "Search" }).getByRole("listitem");
    await hit.getByText("in annals").waitFor();
    await hit.getByRole("button").click();
    await mina.isOpen("annals");
    const found = mina.message("the pangolin came");
    await found.waitFor();
    await until("it is in sight", () => found.isVisible());
    await mina.page.getByRole("button", { name: /To the newest/ }).click();
    await mina.message(`entry ${MESSAGES}:`).waitFor();
  });

  it("a draft stays, over a change of the room and a reload", async () => {
    const { mina } = cast();
    await mina.open("annals");
    await mina.composer.fill("half a thou");
    await mina.open("lobby");
    assert.equal(await mina.composer.inputValue(), "");
    await mina.entry("annals").getByText("Draft").waitFor({ state: "attached" });
    await mina.page.reload();
    await mina.isIn();
    await mina.open("annals");
    assert.equal(await mina.composer.inputValue(), "half a thou");
    await mina.saySafely("half a thought, whole");
    await mina.open("lobby");
    await mina.open("annals");
    assert.equal(await mina.composer.inputValue(), "");
  });
}
