import assert from "node:assert/strict";
import { it } from "node:test";
import type { CDPSession } from "playwright-core";
import { type Cast, useCast } from "../support/cast.ts";
import { until } from "../support/until.ts";

/** What a Korean keyboard does, as Chromium's own input method sends it. */
class Composition {
  readonly #session: CDPSession;

  constructor(session: CDPSession) {
    this.#session = session;
  }

  /** The syllable as it is so far: ㅎ, 하, 한. */
  async compose(text: string): Promise<void> {
    await this.#key("keyDown", "Process", 229);
    await this.#session.send("Input.imeSetComposition", {
      text,
      selectionStart: text.length,
      selectionEnd: text.length,
    });
    await this.#key("keyUp", "Process", 229);
  }

  /** Enter while the syllable is being composed: the keyboard's, not the page's; then the syllable is final. */
  async enterCommits(text: string): Promise<void> {
    await this.#key("rawKeyDown", "Process", 229);
    await this.#session.send("Input.insertText", { text });
    await this.#key("keyUp", "Enter", 13);
  }

  async enter(): Promise<void> {
    const key = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 13 };
    await this.#session.send("Input.dispatchKeyEvent", { type: "keyDown", text: "\r", ...key });
    await this.#session.send("Input.dispatchKeyEvent", { type: "keyUp", ...key });
  }

  #key(type: "keyDown" | "rawKeyDown" | "keyUp", key: string, windowsVirtualKeyCode: number) {
    return this.#session.send("Input.dispatchKeyEvent", { type, key, windowsVirtualKeyCode });
  }
}

/**
 * The order of events in the browsers that differ, on the focused field. Chromium and Firefox: keydown (229,
 * isComposing), compositionend, keyup. Safari: compositionend first, then keydown 229 without isComposing.
 */
const dispatched = (order: "chromium" | "safari"): string => `(() => {
  const field = document.activeElement;
  const keydown = (isComposing) => field.dispatchEvent(new KeyboardEvent("keydown",
    { key: "Enter", code: "Enter", keyCode: 229, which: 229, isComposing, bubbles: true, cancelable: true }));
  const end = () => field.dispatchEvent(new CompositionEvent("compositionend", { data: "글", bubbles: true }));
  field.dispatchEvent(new CompositionEvent("compositionstart", { bubbles: true }));
  if ("${order}" === "chromium") { keydown(true); end(); } else { end(); keydown(false); }
})()`;

/** People who write Korean. */
export function chatKoreanScenes(cast: () => Cast): void {
  useCast(cast);

  it("Enter while a syllable is composed neither sends nor doubles it", async () => {
    const { mina, jun } = cast();
    await mina.createRoom("hangul");
    await jun.joinRoom("hangul");
    const keys = new Composition(await mina.page.context().newCDPSession(mina.page));
    await mina.composer.focus();
    for (const syllable of ["ㅎ", "하", "한"]) await keys.compose(syllable);
    assert.equal(await mina.composer.inputValue(), "한");
    await keys.enterCommits("한");
    assert.equal(await mina.composer.inputValue(), "한");
    for (const syllable of ["ㄱ", "그", "글"]) await keys.compose(syllable);
    await keys.enterCommits("글");
    assert.equal(await mina.composer.inputValue(), "한글");
    assert.equal(await mina.list.getByRole("article").count(), 0);

    await keys.enter();
    await mina.message("한글").waitFor();
    await until("the field is empty", async () => (await mina.composer.inputValue()) === "");
    await jun.message("한글").waitFor();
    assert.equal(await jun.list.getByRole("article").count(), 1);
    assert.match(await jun.list.getByRole("article").innerText(), /(?<!글)한글$/);
  });

  it("so it is in every browser's order of events", async () => {
    const { mina } = cast();
    await mina.open("hangul");
    const count = await mina.list.getByRole("article").count();
    await mina.composer.fill("글");
    for (const order of ["chromium", "safari"] as const) {
      await mina.page.evaluate(dispatched(order));
      assert.equal(await mina.composer.inputValue(), "글", order);
    }
    assert.equal(await mina.list.getByRole("article").count(), count);
    await mina.composer.press("Enter");
    await until("it is sent once", async () => (await mina.sent.count()) === count + 1);
    assert.equal(await mina.composer.inputValue(), "");
  });

  it("the page speaks Korean when it is asked to, and remembers", async () => {
    const { mina } = cast();
    const { page } = mina;
    await page.getByRole("button", { name: "mina: account and settings" }).click();
    await page.getByRole("menuitem", { name: "Account and settings" }).click();
    await page.getByRole("tab", { name: "Appearance" }).click();
    // Not `check`, which looks at once: it is chosen when the page is drawn again.
    await page.getByRole("radio", { name: "한국어" }).click();
    await until("the page is Korean", async () => (await page.locator("html").getAttribute("lang")) === "ko");
    await page.reload();
    await page.getByRole("navigation", { name: "방과 대화" }).waitFor();
    await page.evaluate("localStorage.setItem('portico.language', 'en')");
    await page.reload();
    await mina.isIn();
  });
}
