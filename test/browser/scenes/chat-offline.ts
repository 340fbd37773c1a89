import assert from "node:assert/strict";
import { it } from "node:test";
import type { BrowserWorld } from "../support/browser-world.ts";
import { ChatPage } from "../support/chat-page.ts";
import { until } from "../support/until.ts";

/** The browser's own words for a server that is not there. */
const LOST = /WebSocket connection to .* failed|net::ERR_/;

/** A connection that goes and comes back. */
export function chatOfflineScenes(world: () => BrowserWorld): void {
  it("what was said meanwhile is shown as waiting, and arrives once", async () => {
    const [here, there] = [await world().visitor(), await world().visitor()];
    const ada = await ChatPage.register(world(), here, "ada");
    const bea = await ChatPage.register(world(), there, "bea");
    await ada.createRoom("harbour");
    await bea.joinRoom("harbour");
    await ada.saySafely("before the storm");
    await bea.message("before the storm").waitFor();

    await world().kill();
    await ada.page
      .getByText(/No connection to the server|Reconnecting/)
      .first()
      .waitFor();
    for (const text of ["during one", "during two", "during three"]) {
      await ada.say(text);
      await ada.message(text).getByText("Waiting for a connection").waitFor();
    }
    await ada.page
      .getByText(/3 messages are waiting/)
      .first()
      .waitFor();
    const network = ada.page.context();
    await network.setOffline(true);
    await ada.page.getByText("This device is offline.").first().waitFor();
    await world().startAgain();
    // With a network it comes back by itself, at once; a person need not wait either.
    await network.setOffline(false);
    // Unless it came back by itself in this very moment: then there is no button any more.
    await bea.page
      .getByRole("button", { name: "Retry now" })
      .click({ timeout: 2000 })
      .catch(() => undefined);
    for (const chat of [ada, bea]) {
      await chat.message("during three").waitFor();
      await until("nothing waits", async () => (await chat.list.getByText("Waiting").count()) === 0);
      const texts = await chat.list.getByRole("article").filter({ hasText: "during" }).allInnerTexts();
      const words = texts.map((text) => /during \w+/.exec(text)?.[0]);
      assert.deepEqual(words, ["during one", "during two", "during three"]);
    }
    await bea.saySafely("after the storm");
    await ada.message("after the storm").waitFor();
    here.watch.assertNone(LOST);
    there.watch.assertNone(LOST);
    await here.close();
    await there.close();
  });
}
