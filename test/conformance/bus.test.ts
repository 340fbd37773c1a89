import { InProcessBus } from "../../src/chat/bus/in-process-bus.ts";
import { TurnTasks } from "../support/turn-tasks.ts";
import { busSuite } from "./bus-suite.ts";

busSuite("the in-process bus", async () => {
  const tasks = new TurnTasks();
  return {
    bus: new InProcessBus(tasks.atTurnEnd),
    settle: async () => void tasks.endTurn(),
    close: async () => {},
  };
});
