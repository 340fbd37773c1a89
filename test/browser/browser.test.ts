import { after, before, describe } from "node:test";
import { adminActionScenes } from "./scenes/admin-actions.ts";
import { adminAttackScenes } from "./scenes/admin-attacks.ts";
import { adminSignInScenes } from "./scenes/admin-sign-in.ts";
import { adminSilenceScenes } from "./scenes/admin-silence.ts";
import { chatAccountScenes } from "./scenes/chat-account.ts";
import { chatKeyboardScenes } from "./scenes/chat-keyboard.ts";
import { chatKoreanScenes } from "./scenes/chat-korean.ts";
import { chatModerationScenes } from "./scenes/chat-moderation.ts";
import { chatNotificationScenes } from "./scenes/chat-notifications.ts";
import { chatOfflineScenes } from "./scenes/chat-offline.ts";
import { chatReadingScenes } from "./scenes/chat-reading.ts";
import { chatSafetyScenes } from "./scenes/chat-safety.ts";
import { chatTalkScenes } from "./scenes/chat-talk.ts";
import { firstLoadScenes } from "./scenes/first-load.ts";
import { whyNoBrowser } from "./support/browser-skip.ts";
import { BrowserWorld } from "./support/browser-world.ts";
import { Cast } from "./support/cast.ts";

// One file: the scenes share a server, a browser and two people, one after the other.
describe("in the browser", { skip: whyNoBrowser() }, () => {
  let openedWorld: BrowserWorld | undefined;
  const world = (): BrowserWorld => opened(openedWorld);
  before(async () => {
    openedWorld = await BrowserWorld.open();
  });
  after(() => openedWorld?.close());

  describe("the first load", () => firstLoadScenes(world));

  describe("the chat page", () => {
    let openedCast: Cast | undefined;
    const cast = (): Cast => opened(openedCast);
    before(async () => {
      openedCast = await Cast.open(world());
    });
    after(() => openedCast?.close());

    describe("an account", () => chatAccountScenes(world));
    describe("talk", () => chatTalkScenes(cast));
    describe("reading", () => chatReadingScenes(world, cast));
    describe("moderation", () => chatModerationScenes(cast));
    describe("Korean", () => chatKoreanScenes(cast));
    describe("text is text", () => chatSafetyScenes(cast));
    describe("notifications", () => chatNotificationScenes(world));
    describe("keys alone", () => chatKeyboardScenes(world));
  });

  describe("the admin page", () => {
    describe("signing in", () => adminSignInScenes(world));
    describe("what an administrator does", () => adminActionScenes(world));
  });

  describe("a server that goes and comes back", () => {
    describe("on the chat page", () => chatOfflineScenes(world));
    describe("on the admin page", () => adminSilenceScenes(world));
  });

  // Last: guessing shuts this machine out for a minute.
  describe("who has no business with the admin API", () => adminAttackScenes(world));
});

function opened<Thing>(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new Error("it is opened before the scenes");
  return thing;
}
