import assert from "node:assert/strict";
import { it } from "node:test";
import { type Cast, useCast } from "../support/cast.ts";
import { until } from "../support/until.ts";

/** Tags, attributes and links that would run a script where text is taken for markup. A dialog, an error or a request fails the scene. */
const SCRIPTS = [
  `<img src=x onerror="alert('image')">`,
  `<script>alert("script")</script>`,
  `"><svg onload=alert(1)>`,
  `javascript:alert(1)`,
  `[click](javascript:alert(1)) data:text/html,<script>alert(2)</script>`,
  "`<b onmouseover=alert(3)>`\n```html\n<iframe src=javascript:alert(4)>\n```",
];

/** Text is text, wherever it is typed. */
export function chatSafetyScenes(cast: () => Cast): void {
  useCast(cast);

  it("script in every field stays text", async () => {
    const { mina, jun } = cast();
    const [image = ""] = SCRIPTS;
    await mina.createRoom("safe", image);
    await jun.joinRoom("safe");
    await jun.page.getByText(image).first().waitFor();
    for (const script of SCRIPTS) {
      await mina.composer.fill(script);
      await mina.composer.press("Enter");
    }
    await until(
      "all have arrived",
      async () => (await jun.list.getByRole("article").count()) === SCRIPTS.length,
    );
    for (const script of SCRIPTS.slice(0, 4)) await jun.message(script).first().waitFor();
    for (const href of await links(jun)) assert.match(href, /^https?:/);
    const elements = "script, iframe, object, embed, img, svg[onload], [onerror], [onmouseover]";
    assert.equal(await jun.list.locator(elements).count(), 0);

    // A name: refused, with words and without markup.
    await mina.addRoom("Create a room");
    const dialog = mina.page.getByRole("dialog", { name: "Create a room" });
    await dialog.getByLabel("Name", { exact: true }).fill("<img/src=x>");
    await dialog.getByText(/Up to 32 letters/).waitFor();
    assert.ok(await dialog.getByRole("button", { name: "Create room" }).isDisabled());
    await mina.page.keyboard.press("Escape");

    // A search, its words and what it finds.
    await jun.page.getByRole("button", { name: "Search" }).first().click();
    const field = jun.page.getByRole("searchbox", { name: "Words to search for" });
    await field.fill(image);
    const panel = jun.page.getByRole("complementary", { name: "Search" });
    await panel
      .getByText(/No message has|message|newest/)
      .first()
      .waitFor();
    await field.fill("onerror");
    await panel
      .getByText(/onerror/)
      .first()
      .waitFor();
    assert.equal(await panel.locator("img").count(), 0);

    // A display name.
    await jun.page.getByRole("button", { name: "jun: account and settings" }).click();
    await jun.page.getByRole("menuitem", { name: "Account and settings" }).click();
    await jun.page.getByLabel("Display name").fill(`<img src=x onerror="alert(5)">`);
    await jun.page.getByRole("button", { name: /^Save/ }).click();
    await jun.page.keyboard.press("Escape");
    await jun.page.getByText(`<img src=x onerror="alert(5)">`).first().waitFor();
    await jun.saySafely("who am I?");
    await mina.message("who am I?").waitFor();
  });

  async function links({ page }: Cast["jun"]): Promise<string[]> {
    return page
      .locator("main a")
      .evaluateAll((anchors: readonly { href: string }[]) => anchors.map(({ href }) => href));
  }
}
