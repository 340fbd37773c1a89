import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jsonFormat, prettyFormat } from "./log-format.ts";
import { type LogLevel, LogOutput, type LogSink } from "./log-output.ts";

/** Takes lines while it has room. */
class FakeSink implements LogSink {
  readonly lines: string[] = [];
  room = Number.POSITIVE_INFINITY;
  reopened = 0;
  queuedBytes = 0;

  write(line: string): boolean {
    if (this.room === 0) return false;
    this.room--;
    this.lines.push(line);
    return true;
  }

  reopen(): void {
    this.reopened++;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function open(level: LogLevel = "info") {
  const sink = new FakeSink();
  const output = new LogOutput(level, sink, jsonFormat);
  const parsed = () => sink.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { sink, output, parsed };
}

describe("LogOutput", () => {
  it("writes one JSON object in a line, the time as people write it", () => {
    const { output, sink, parsed } = open();
    output.log.warn({ address: "192.0.2.1" }, "something is odd");
    assert.ok(sink.lines[0]?.endsWith("}\n"));
    const [line] = parsed();
    assert.deepEqual([line?.level, line?.address, line?.msg], [40, "192.0.2.1", "something is odd"]);
    assert.match(String(line?.time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it("takes another level at any time", () => {
    const { output, sink } = open("warn");
    output.log.info({}, "not yet");
    output.level = "trace";
    output.log.trace({}, "now");
    output.level = "silent";
    output.log.fatal({}, "no more");
    assert.equal(sink.lines.length, 1);
    assert.equal(output.level, "silent");
  });

  it("shows nothing that is secret, should somebody log it", () => {
    const { output, sink } = open();
    const secret = "hunter2-hunter2";
    output.log.info(
      { password: secret, token: secret, body: { text: secret, secret }, headers: { authorization: secret } },
      "a packet",
    );
    assert.ok(!sink.lines.join("").includes("hunter2"), sink.lines.join(""));
    assert.equal(sink.lines.join("").split("(not shown)").length, 6);
  });

  it("counts the lines that are lost, and says so when there is room again", () => {
    const { output, sink, parsed } = open();
    output.log.info({}, "first");
    sink.room = 0;
    for (let lost = 0; lost < 3; lost++) output.log.info({}, "lost");
    assert.equal(output.lostLineCount, 3);
    sink.room = 10;
    output.log.info({}, "next");
    assert.deepEqual(
      parsed().map(({ msg, lines }) => [msg, lines]),
      [
        ["first", undefined],
        ["next", undefined],
        ["log lines were lost: they came faster than they could be written", 3],
      ],
    );
    output.tellLost();
    assert.equal(sink.lines.length, 3, "once");
  });

  it("says so without a further line, when it is told of room", () => {
    const { output, sink, parsed } = open();
    sink.room = 0;
    output.log.info({}, "lost");
    output.tellLost();
    assert.equal(output.lostLineCount, 1);
    assert.equal(sink.lines.length, 0, "there was no room for that either");
    sink.room = 1;
    output.tellLost();
    output.tellLost();
    assert.deepEqual(
      parsed().map(({ lines }) => lines),
      [1],
    );
  });
});

describe("the form of lines for people", () => {
  const format = prettyFormat(false);
  const shown = (fields: object, message: string): string =>
    format(`${JSON.stringify({ level: 30, time: "2026-01-02T03:04:05.678Z", ...fields, msg: message })}\n`);

  it("has time, level, message and fields in one line", () => {
    const line = shown({ user: "mina", count: 3 }, "it happened");
    assert.match(line, /^\[\d\d:\d\d:\d\d\.678\] INFO: it happened \{"user":"mina","count":3\}\n$/);
  });

  it("shows control characters as their escapes: names come from clients", () => {
    for (const control of ["\u001b[2J", "\r", "\b", "\u0000", "\u009b31m", "\u202e", "\u2066", "\u007f"]) {
      for (const before of ["", "\\", "\\\\", "\\\\\\"]) {
        const line = shown({ user: `${before}${control}x` }, `m${before}${control}`);
        assert.ok(!line.includes(control[0] ?? ""), JSON.stringify(line));
        assert.equal(line.split("\n").length, 2, "one line");
      }
    }
    assert.ok(shown({ user: "김민준 😀" }, "é").includes("김민준 😀"));
  });

  it("shows an error with its stack", () => {
    const error = { type: "Error", message: "broken", stack: "Error: broken\n    at here" };
    assert.match(shown({ err: error }, "failed"), /failed[\s\S]*at here/);
  });
});
