import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { ChatError } from "../../client/index.ts";
import { JsonMode } from "./json-mode.ts";
import { jsonRequests } from "./json-requests.ts";
import { FakePort, LOBBY, said } from "./testing/fake-port.ts";

function open(): { fake: FakePort; json: JsonMode; lines: string[]; told: () => unknown[] } {
  const fake = new FakePort();
  const lines: string[] = [];
  const json = new JsonMode({ port: fake.port, print: (line) => lines.push(line) });
  return { fake, json, lines, told: () => lines.map((line): unknown => JSON.parse(line)) };
}

describe("a script", () => {
  it("is told where it is, and what happens", () => {
    const { fake, json, told } = open();
    json.enter("mina");
    fake.tellMessage(said(11, "jun", "two\nlines"));
    const error = new ChatError("BANNED", "you are banned", { retryAfterMs: 5 });
    fake.tell({ type: "roomLost", roomId: 5, room: "games", error });
    assert.deepEqual(told(), [
      { event: "ready", user: "mina", rooms: [LOBBY] },
      { event: "message", isOwn: false, isMissed: false, ...said(11, "jun", "two\nlines") },
      {
        event: "roomLost",
        roomId: 5,
        room: "games",
        error: { code: "BANNED", detail: "you are banned", retryAfterMs: 5 },
      },
    ]);
  });

  it("asks, and is answered", async () => {
    const { fake, json, told } = open();
    json.onLine('{"do":"publish","room":"Lobby","text":"hi","id":"1"}');
    json.onLine('{"do":"history","room":1,"before":5,"id":2}');
    json.onLine('{"do":"rooms"}');
    assert.equal(json.runningCount, 3);
    await json.allAnswered();
    assert.deepEqual(fake.calls, ["publish 1,hi,{}", 'history 1,{"before":5}']);
    const answers = told();
    assert.deepEqual(
      answers.find((answer) => JSON.stringify(answer).includes('"1"')),
      { event: "answer", id: "1", ok: true, roomId: 1, offset: 100, timeMs: 1_700_000_000_000 },
    );
    assert.equal(answers.length, 3);
    assert.deepEqual([json.refusedCount, json.mistakeCount], [0, 0]);
  });

  it("is told what the server refuses", async () => {
    const { fake, json, told } = open();
    fake.refuse("publish", "MUTED", "you may not speak here", 1500);
    json.onLine('{"do":"publish","room":1,"text":"hi","id":"1"}');
    json.onLine('{"do":"publish","room":"games","text":"hi"}');
    await json.allAnswered();
    const muted = { code: "MUTED", detail: "you may not speak here", retryAfterMs: 1500 };
    const unknown = { code: "NOT_A_MEMBER", detail: "this client is in no room games" };
    assert.deepEqual(
      told().sort((left, right) => JSON.stringify(left).length - JSON.stringify(right).length),
      [
        { event: "answer", ok: false, error: unknown },
        { event: "answer", id: "1", ok: false, error: muted },
      ],
    );
    assert.equal(json.refusedCount, 2);
  });

  for (const [line, detail] of [
    ["nope", /^the line is no JSON$/],
    ["[1]", /^the line is no JSON object$/],
    ["{}", /^"do" is no request: null$/],
    ['{"do":"whispr"}', /did you mean whisper\?$/],
    ['{"do":"constructor"}', /is no request/],
    ['{"do":"publish","room":1}', /^publish\.text: /],
    ['{"do":"publish","room":1,"text":"hi","loud":true}', /Unrecognized key.*loud/],
    ['{"do":"edit","room":1,"offset":0,"text":"x"}', /^edit\.offset: /],
  ] as const) {
    it(`is told what is wrong with ${line}`, async () => {
      const { fake, json, told } = open();
      json.onLine(line);
      await json.allAnswered();
      const [answer] = told() as { ok: boolean; error: { code: string; detail: string } }[];
      assert.deepEqual([answer?.ok, answer?.error.code, json.mistakeCount], [false, "INVALID_REQUEST", 1]);
      assert.match(answer?.error.detail ?? "", detail);
      assert.deepEqual(fake.calls, []);
    });
  }

  it("may speak in the room that it joined on the line before", async () => {
    const { fake, json } = open();
    fake.answer("joinRoom", async (name) => {
      await new Promise((resolve) => setImmediate(resolve));
      const room = { ...LOBBY, roomId: 5, name: String(name) };
      fake.rooms.push(room);
      return room;
    });
    json.onLine('{"do":"join","name":"games"}');
    for (const text of ["1", "2", "3"]) json.onLine(`{"do":"publish","room":"games","text":"${text}"}`);
    await json.allAnswered();
    assert.deepEqual(fake.calls, ["joinRoom games,{}", "publish 5,1,{}", "publish 5,2,{}", "publish 5,3,{}"]);
  });

  it("finds every request in the documentation", () => {
    const documentation = readFileSync(new URL("../../../docs/TERMINAL.md", import.meta.url), "utf8");
    const missing = Object.keys(jsonRequests).filter((name) => !documentation.includes(`\`${name}\``));
    assert.deepEqual(missing, []);
  });
});
