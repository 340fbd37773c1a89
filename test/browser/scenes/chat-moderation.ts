import { it } from "node:test";
import { type Cast, useCast } from "../support/cast.ts";

/** A room's owner, and somebody who has to be kept in order. */
export function chatModerationScenes(cast: () => Cast): void {
  useCast(cast);

  it("one who is muted is told, and may speak again later", async () => {
    const { mina, jun } = cast();
    await mina.createRoom("court");
    await jun.joinRoom("court");
    await jun.saySafely("I object!");
    await mina.message("I object!").waitFor();
    await personMenu(cast(), "jun", "Mute");
    const dialog = mina.page.getByRole("dialog", { name: "Mute jun" });
    await dialog.getByLabel("Reason").fill("order in the court");
    await dialog.getByRole("button", { name: "Mute" }).click();
    await jun.page.getByText("mina muted you in court. Reason: order in the court").waitFor();
    await jun.page.getByText("You are muted here until").waitFor();

    await mina.page.getByRole("button", { name: "More" }).first().click();
    await mina.page.getByRole("menuitem", { name: "Mutes and bans" }).click();
    await mina.page.getByText("order in the court").waitFor();
    await mina.page.getByRole("button", { name: /^Lift/ }).click();
    await mina.page.keyboard.press("Escape");
    await jun.page.getByText("You may write in court again.").waitFor();
    await jun.page.getByText("You are muted here until").waitFor({ state: "detached" });
    await jun.saySafely("thank you");
  });

  it("one who is removed is told and sees the room no more", async () => {
    const { mina, jun } = cast();
    await mina.open("court");
    await jun.open("court");
    await personMenu(cast(), "jun", "Remove from the room");
    const dialog = mina.page.getByRole("dialog", { name: "Remove jun" });
    await dialog.getByLabel("Reason").fill("too loud");
    await dialog.getByRole("button", { name: "Remove" }).click();
    await jun.page
      .getByText(/too loud/)
      .first()
      .waitFor();
    await jun.page.getByRole("textbox", { name: "Message to #court" }).waitFor({ state: "detached" });
  });

  it("the owner changes the room's topic for all", async () => {
    const { mina, jun } = cast();
    await jun.joinRoom("court");
    await mina.open("court");
    await mina.page.getByRole("button", { name: "More" }).first().click();
    await mina.page.getByRole("menuitem", { name: "Room settings" }).click();
    const dialog = mina.page.getByRole("dialog", { name: "Settings of court" });
    await dialog.getByLabel("Topic").fill("In session");
    await dialog.getByRole("button", { name: "Save changes" }).click();
    await jun.page.getByText("In session").first().waitFor();
  });

  async function personMenu({ mina }: Cast, name: string, command: string): Promise<void> {
    const panel = mina.page.getByRole("complementary", { name: "People" });
    if (!(await panel.isVisible())) await mina.page.getByRole("button", { name: /^People:/ }).click();
    await panel.getByRole("button", { name: new RegExp(`\\b${name}\\b`) }).click();
    await mina.page.getByRole("menuitem", { name: command }).click();
  }
}
