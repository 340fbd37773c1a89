import type { Locator, Page } from "playwright-core";
import { type BrowserWorld, PASSWORD, type Visitor } from "./browser-world.ts";

/** The chat page as somebody uses it: by roles and names. */
export class ChatPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Opens the page and makes an account. */
  static async register(
    world: BrowserWorld,
    visitor: Pick<Visitor, "page">,
    name: string,
  ): Promise<ChatPage> {
    const { page } = visitor;
    await page.goto(world.url);
    const chat = new ChatPage(page);
    await page.getByRole("tab", { name: "Register" }).click();
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await chat.isIn();
    return chat;
  }

  async signIn(name: string): Promise<void> {
    const { page } = this;
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("tabpanel").getByRole("button", { name: "Sign in" }).click();
    await this.isIn();
  }

  /** Waits until the chat is shown. */
  isIn(): Promise<void> {
    return this.side.waitFor();
  }

  /** Closes what is open beside the conversation and goes to the lobby. A reload would do, and take a second. */
  async tidy(): Promise<void> {
    const { page } = this;
    const open = page.locator("dialog[open], :popover-open, aside.panel");
    for (let presses = 0; (await open.count()) > 0; presses++) {
      if (presses === 5) return this.reload();
      await page.keyboard.press("Escape");
    }
    await this.open("lobby");
  }

  async reload(): Promise<void> {
    await this.page.goto(new URL("/", this.page.url()).href);
    await this.isIn();
  }

  /** The list of rooms and conversations. */
  get side(): Locator {
    return this.page.getByRole("navigation", { name: "Rooms and conversations" });
  }

  /** The field that one writes in. */
  get composer(): Locator {
    return this.page.getByRole("textbox", { name: /^Message to / });
  }

  /** Waits until the room, or the conversation with the user, is shown and can be written in. */
  async isOpen(name: string): Promise<void> {
    await this.page.getByRole("textbox", { name: new RegExp(`^Message to #?${name}$`) }).waitFor();
  }

  /** What is shown of a conversation. */
  get list(): Locator {
    return this.page.locator('[aria-label^="Messages in "]');
  }

  /** Every message in the page that the server has. */
  get sent(): Locator {
    return this.list.locator('article[data-state="sent"]');
  }

  /** The message that has the text. */
  message(text: string | RegExp): Locator {
    return this.list.getByRole("article").filter({ hasText: text });
  }

  /** Says it with Enter. */
  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** Says it and waits until the server has it. */
  async saySafely(text: string): Promise<void> {
    await this.say(text);
    await this.sent.filter({ hasText: text }).first().waitFor();
  }

  /** A room's or a person's line in the side list. */
  entry(name: string): Locator {
    return this.side.getByRole("button", { name: new RegExp(`(^|\\s)${name}\\b`) });
  }

  async open(name: string): Promise<void> {
    await this.entry(name).click();
    await this.isOpen(name);
  }

  async createRoom(name: string, topic = ""): Promise<void> {
    const { page } = this;
    await this.addRoom("Create a room");
    const dialog = page.getByRole("dialog", { name: "Create a room" });
    await dialog.getByLabel("Name", { exact: true }).fill(name);
    if (topic !== "") await dialog.getByLabel("Topic").fill(topic);
    await dialog.getByRole("button", { name: "Create room" }).click();
    await this.isOpen(name);
  }

  async joinRoom(name: string): Promise<void> {
    const { page } = this;
    await this.addRoom("Find rooms");
    const dialog = page.getByRole("dialog", { name: "Find rooms" });
    await dialog.getByLabel("Name begins with").fill(name);
    await dialog
      .getByRole("listitem")
      .filter({ hasText: name })
      .getByRole("button", { name: /^(Join|Open)/ })
      .click();
    await this.isOpen(name);
  }

  /** Opens the conversation with somebody. */
  async openDirect(name: string): Promise<void> {
    const { page } = this;
    await this.side.getByRole("button", { name: "Message somebody" }).click();
    const dialog = page.getByRole("dialog", { name: "Message somebody" });
    await dialog.getByLabel("Their name").fill(name);
    await dialog.getByRole("button", { name: "Open", exact: true }).click();
    await this.isOpen(name);
  }

  /** Chooses from a message's menu. */
  async act(text: string, command: string): Promise<void> {
    const message = this.message(text).first();
    await message.hover();
    await message.getByRole("button", { name: "More", exact: true }).click();
    await this.page.getByRole("menuitem", { name: command }).click();
  }

  async addRoom(command: string): Promise<void> {
    await this.side.getByRole("button", { name: "Find or create a room" }).click();
    await this.page.getByRole("menuitem", { name: command }).click();
  }
}
