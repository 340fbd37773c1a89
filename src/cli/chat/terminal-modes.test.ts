import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { TerminalModes } from "./terminal-modes.ts";

interface Rig {
  readonly modes: TerminalModes;
  readonly owner: EventEmitter;
  /** "raw", "cooked", "other screen", "own screen", "stop", "back", "hang up": in their order. */
  readonly told: string[];
}

function openModes(): Rig {
  const told: string[] = [];
  const input = Object.assign(new PassThrough(), {
    setRawMode: (isRaw: boolean) => told.push(isRaw ? "raw" : "cooked"),
  });
  const output = Object.assign(new EventEmitter(), {
    write: (text: string) => {
      if (text.includes("\u001b[?1049h")) told.push("other screen");
      if (text.includes("\u001b[?1049l")) told.push("own screen");
    },
  });
  const owner = Object.assign(new EventEmitter(), { stop: () => told.push("stop") });
  const modes = new TerminalModes(
    { input, output },
    { onBack: () => told.push("back"), onHangUp: () => told.push("hang up") },
    owner,
  );
  return { modes, owner, told };
}

const TAKEN = ["raw", "other screen"];
const GIVEN_BACK = ["own screen", "cooked"];

describe("the terminal's modes", () => {
  it("are given back once, when the screen is left", () => {
    const { modes, owner, told } = openModes();
    modes.take();
    modes.leave();
    modes.leave();
    owner.emit("exit");
    assert.deepEqual(told, [...TAKEN, ...GIVEN_BACK]);
    assert.deepEqual(owner.eventNames(), []);
  });

  it("are given back when the process ends without leaving", () => {
    const { modes, owner, told } = openModes();
    modes.take();
    owner.emit("exit");
    assert.deepEqual(told, [...TAKEN, ...GIVEN_BACK]);
  });

  it("are given back while the process is stopped, and taken again after", () => {
    const { modes, owner, told } = openModes();
    modes.take();
    owner.emit("SIGTSTP");
    modes.suspend();
    assert.deepEqual(told.splice(0), [...TAKEN, ...GIVEN_BACK, "stop"]);
    owner.emit("SIGCONT");
    assert.deepEqual(told.splice(0), [...TAKEN, "back"]);
    modes.suspend();
    owner.emit("SIGCONT");
    assert.deepEqual(told.splice(0), [...GIVEN_BACK, "stop", ...TAKEN, "back"]);
  });

  it("tell that the terminal is gone", () => {
    const { modes, owner, told } = openModes();
    modes.take();
    owner.emit("SIGHUP");
    assert.equal(told.at(-1), "hang up");
  });
});
