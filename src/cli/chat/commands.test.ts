import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chatCommands, usageOf } from "./command-table.ts";
import { said } from "./testing/fake-port.ts";
import { openEntered } from "./testing/session-rig.ts";

/** Lines typed in the lobby after two messages, and what the server is asked for. */
const asked: readonly (readonly [line: string, ...calls: string[]])[] = [
  ["/w jun  are you there?", "whisper jun,are you there?,{}"],
  ["/reply 12 yes", 'publish 1,yes,{"replyTo":12}'],
  ["/reply . yes", 'publish 1,yes,{"replyTo":12}'],
  ["/edit . better", "edit 1,11,better"],
  ["/edit #11 better", "edit 1,11,better"],
  ["/delete 11", "delete 1,11"],
  ["/react 12 👍", 'react 1,12,👍,{"remove":false}'],
  ["/react . 👍 --remove", 'react 1,12,👍,{"remove":true}'],
  ["/join games", "joinRoom games,{}", 'history 5,{"limit":20}'],
  ["/join games s3cret", 'joinRoom games,{"password":"s3cret"}', 'history 5,{"limit":20}'],
  ["/go games", "joinRoom games,{}", 'history 5,{"limit":20}'],
  ["/create den --private", 'createRoom den,{"access":"private"}', 'history 6,{"limit":20}'],
  [
    "/create den --password pw --memory",
    'createRoom den,{"access":"password","password":"pw","kind":"memory"}',
    'history 6,{"limit":20}',
  ],
  ["/rooms open ga", 'listRooms {"scope":"open","prefix":"ga","limit":100}'],
  ["/rooms mine", 'listRooms {"scope":"mine","prefix":"","limit":100}'],
  ["/who", 'listUsers 1,{"after":"","limit":200}'],
  ["/members", 'members 1,{"after":"","limit":200}'],
  ["/topic new things", 'updateRoom 1,{"topic":"new things"}'],
  ["/topic --clear", 'updateRoom 1,{"topic":""}'],
  ["/set slow-mode 10s access private", 'updateRoom 1,{"slowModeMs":10000,"access":"private"}'],
  ["/set keep-age 30d keep-count all", 'updateRoom 1,{"retentionAgeMs":2592000000,"retentionCount":0}'],
  ["/set slow-reader catch-up archived yes", 'updateRoom 1,{"slowReader":"catchUp","isArchived":true}'],
  ["/set password pw name den", 'updateRoom 1,{"access":"password","password":"pw","name":"den"}'],
  ["/invite jun", "invite 1,jun"],
  ["/role jun moderator", "setRole 1,jun,moderator"],
  ["/kick jun spam", 'moderate 1,jun,kick,{"durationMs":0,"reason":"spam"}'],
  ["/mute jun 10m too loud", 'moderate 1,jun,mute,{"durationMs":600000,"reason":"too loud"}'],
  ["/unmute jun", 'moderate 1,jun,unmute,{"durationMs":0,"reason":""}'],
  ["/ban jun 3d", 'moderate 1,jun,ban,{"durationMs":259200000,"reason":""}'],
  ["/unban jun", 'moderate 1,jun,unban,{"durationMs":0,"reason":""}'],
  ["/sanctions", "sanctions 1"],
  ["/history 30", 'history 1,{"before":11,"limit":30}'],
  ["/search hello there", 'search hello there,{"limit":30}'],
  ["/search --here hello", 'search hello,{"limit":30,"roomId":1}'],
  ["/goto 3", 'history 1,{"around":3,"limit":50}'],
  ["/goto 12"],
  ["/read", "markRead 1,12"],
  ["/nick Mina the Great", "setDisplayName Mina the Great"],
  ["/sessions", "tokens "],
  ["/revoke 7", "revokeToken 7"],
  ["/revoke others", "revokeToken others"],
  ["/block jun", "block jun"],
  ["/unblock jun", "unblock jun"],
  ["/blocks", "blocks "],
  ["/admin user ban jun 1h spam", 'adminUser jun,ban,{"durationMs":3600000,"reason":"spam"}'],
  ["/admin user promote jun", 'adminUser jun,promote,{"durationMs":0,"reason":""}'],
  [
    "/admin address ban 192.0.2.0/24 2h",
    'adminAddress 192.0.2.0/24,{"lift":false,"durationMs":7200000,"reason":""}',
  ],
  ["/admin address lift 192.0.2.1", 'adminAddress 192.0.2.1,{"lift":true,"durationMs":0,"reason":""}'],
  ["/admin lockdown no-guests", "adminLockdown noGuests"],
  ["/admin invite 5 2d", 'adminInvitation {"uses":5,"durationMs":172800000}'],
  ["/admin audit 5", 'adminAudit {"limit":5}'],
  ["/admin sanctions", "adminSanctions "],
];

/** Lines that ask for nothing that there is, and what is said to them. */
const mistaken: readonly (readonly [line: string, problem: RegExp])[] = [
  ["/w jun", /^!! it takes a name and a text: \/w NAME TEXT$/],
  ["/r hello", /nobody has whispered to you yet/],
  ["/reply x hello", /"x" is not a message's number/],
  ["/edit 0 hello", /"0" is not a message's number/],
  ["/react 12", /a message's number and an emoji/],
  ["/join two words more", /a room's name, and its password/],
  ["/create --private", /a name for the room/],
  ["/create den --secret", /--private or --password/],
  ["/leave now", /it takes nothing, or --give-up/],
  ["/leave", /the lobby is where everybody is/],
  ["/rooms all", /open \(and how the name begins\), mine or direct/],
  ["/who jun", /it takes nothing: \/who$/],
  ["/set slowmode 10s", /there is no setting slowmode; did you mean slow-mode\?/],
  ["/set archived", /archived takes a value/],
  ["/set archived maybe", /"maybe" is none of yes, no/],
  ["/role jun king", /moderator, owner or member/],
  ["/mute", /it takes a name, a time such as 10m, and a reason/],
  ["/history many", /a count from 1 to 200/],
  ["/history 2026-99-99", /is no date/],
  ["/password", /on a terminal only/],
  ["/revoke me", /a session's number/],
  ["/delete-room den", /the name of this room: lobby/],
  ["/admin usr", /did you mean user\?/],
  ["/admin user shoot jun", /kick, mute/],
  ["/admin lockdown total", /no-new-accounts/],
  ["/admin invite 0", /a number from 1 to 1000/],
  ["/help joi", /did you mean \/join\?/],
];

describe("commands", () => {
  for (const [line, ...calls] of asked) {
    it(line, async () => {
      const { fake, session, lines } = await openEntered();
      fake.tellMessage(said(11, "mina", "mine"), true);
      fake.tellMessage(said(12, "jun", "hello"));
      await session.onLine(line);
      assert.deepEqual(fake.calls, calls);
      assert.doesNotMatch(lines.join("\n"), /^!!/m);
    });
  }

  for (const [line, problem] of mistaken) {
    it(`${line} is not taken`, async () => {
      const { fake, session, lines } = await openEntered();
      await session.onLine(line);
      assert.deepEqual(fake.calls, []);
      assert.match(lines.at(-1) ?? "", problem);
    });
  }

  it("are all in the help, each with a meaning and a name of its own", async () => {
    const { session, lines } = await openEntered();
    await session.onLine("/help");
    for (const command of chatCommands) {
      assert.equal(
        lines.filter((line) => line.includes(`${usageOf(command)} `)).length >= 1,
        true,
        command.name,
      );
    }
    assert.equal(new Set(chatCommands.map(({ name }) => name)).size, chatCommands.length);
    await session.onLine("/help /set");
    assert.match(lines.join("\n"), /slow-reader disconnect \| skip-to-latest/);
  });

  it("say what the server refuses, and how long to wait", async () => {
    const { fake, session, lines } = await openEntered();
    fake.refuse("invite", "PERMISSION_DENIED", "only moderators invite");
    await session.onLine("/invite jun");
    fake.refuse("joinRoom", "BANNED", "you are banned", 60_000);
    await session.onLine("/join games");
    fake.refuse("joinRoom", "ROOM_NOT_FOUND", "no such room");
    await session.onLine("/go games");
    assert.deepEqual(lines, [
      "!! /invite: only moderators invite",
      "!! /join: you are banned; wait 60 s",
      "!! /go: there is no room games for you; /create games makes one",
    ]);
  });
});
