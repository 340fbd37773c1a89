import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextRound } from "node:timers/promises";
import { TurnLoop } from "../turn-loop.ts";
import { TurnScheduler } from "./turn-scheduler.ts";

/** A scheduler that notes; `completions` is what the kernel has, of which each turn takes one. */
class HandScheduler extends TurnScheduler {
  override readonly wakeDescriptor = -1;
  readonly happened: string[] = [];
  completions = 0;
  readonly turns: TurnLoop;

  constructor(onTurn: () => void = () => undefined) {
    const turns = new TurnLoop({
      dispatch: () => {
        this.happened.push("turn");
        if (this.completions > 0) this.completions--;
        onTurn();
      },
      submit: () => undefined,
    });
    super(turns);
    this.turns = turns;
  }

  protected override get hasCompletions(): boolean {
    return this.completions > 0;
  }

  protected override get isBusy(): boolean {
    return false;
  }

  protected override wakeUp(): void {
    this.happened.push("up");
  }

  protected override beforeTurn(): void {}

  protected override sleep(): void {
    this.happened.push("sleep");
  }

  protected override leaveLoop(): void {
    this.happened.push("leave");
  }

  protected override joinLoop(): void {
    this.happened.push("join");
  }

  protected override waitHere(): void {
    this.happened.push("wait");
    this.completions++;
  }

  override setHeld(): void {}

  override onWake(): void {}

  override stop(): void {
    this.end();
  }
}

describe("TurnScheduler", () => {
  it("runs one turn however often it is asked, and sleeps after it", async () => {
    const scheduler = new HandScheduler();
    scheduler.askForTurn();
    scheduler.askForTurn();
    assert.deepEqual(scheduler.happened, [], "not inside the call");
    await nextRound();
    assert.deepEqual(scheduler.happened, ["up", "turn", "sleep"]);
  });

  it("gives the event loop a round after four turns that completions brought about", async () => {
    const scheduler = new HandScheduler();
    scheduler.completions = 6;
    scheduler.askForTurn();
    await nextRound();
    assert.deepEqual(scheduler.happened, ["up", "turn", "turn", "turn", "turn"]);
    await nextRound();
    assert.deepEqual(scheduler.happened.slice(5), ["up", "turn", "turn", "sleep"]);
  });

  it("gives it one after each turn that left something the program asked for", async () => {
    let turnCount = 0;
    const scheduler = new HandScheduler(() => {
      if (++turnCount < 3) scheduler.turns.post(() => scheduler.turns.post(() => undefined));
    });
    scheduler.completions = 9;
    scheduler.askForTurn();
    await nextRound();
    assert.deepEqual(scheduler.happened, ["up", "turn"]);
    scheduler.stop();
  });

  it("blocks when there is nothing to do, until it is done, and has no turn after that", async () => {
    let turnCount = 0;
    const scheduler = new HandScheduler(() => void turnCount++);
    await scheduler.runBlocking(() => turnCount === 3);
    assert.deepEqual(scheduler.happened, ["leave", "turn", "wait", "turn", "wait", "turn"]);
    scheduler.stop();
    scheduler.askForTurn();
    await nextRound();
    assert.equal(turnCount, 3);
  });

  it("is served by the event loop again when a turn throws while it blocks", async () => {
    const scheduler = new HandScheduler();
    scheduler.turns.post(() => {
      throw new Error("a bug");
    });
    await assert.rejects(
      scheduler.runBlocking(() => false),
      /a bug/,
    );
    await nextRound();
    assert.deepEqual(scheduler.happened, ["leave", "turn", "join", "up", "turn", "sleep"]);
  });
});
