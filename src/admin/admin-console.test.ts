import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InProcessBus } from "../chat/bus/in-process-bus.ts";
import type { HubLink } from "../chat/bus/bus.ts";
import type { Command } from "../chat/hub/command.ts";
import { ADMIN_PAGE_SESSION, CONSOLE_SESSION } from "../chat/names.ts";
import { AdminConsole } from "./admin-console.ts";

/** A bus whose turns end at once when told to, with a hub that only listens. */
function setUp() {
  let due: (() => void)[] = [];
  const bus = new InProcessBus((task) => due.push(task));
  const endTurn = (): void => {
    while (due.length > 0) for (const task of due.splice(0)) task();
  };
  const commands: Command[] = [];
  const hub: HubLink = bus.attachHub((batch) => commands.push(...batch));
  return { bus, hub, commands, endTurn, forget: () => (due = []) };
}

describe("AdminConsole", () => {
  it("asks as the console's session and resolves with the answer to its request", async () => {
    const { bus, hub, commands, endTurn } = setUp();
    const console = new AdminConsole(bus);
    const first = console.ask("adminLockdown", { level: 1 });
    const second = console.ask("adminLockdown", { level: 2 });
    endTurn();
    const [reset, ...asked] = commands;
    assert.deepEqual(reset, { type: "gateReset", gateId: 0 });
    assert.deepEqual(
      asked.map((command) => ("session" in command ? command.session : 0)),
      [CONSOLE_SESSION, CONSOLE_SESSION],
    );
    for (const command of asked.toReversed()) {
      assert.ok("requestId" in command);
      const { requestId } = command;
      hub.reply({ type: "done", session: CONSOLE_SESSION, requestId, request: "adminLockdown" });
    }
    endTurn();
    assert.equal((await first).type, "done");
    assert.equal((await second).type, "done");
  });

  it("rejects with what the hub refuses it with", async () => {
    const { bus, hub, commands, endTurn } = setUp();
    const console = new AdminConsole(bus);
    const asked = console.ask("deleteRoom", { roomId: 7 });
    endTurn();
    const command = commands.at(-1);
    assert.ok(command?.type === "deleteRoom");
    const refusal = { code: "ROOM_NOT_FOUND", detail: "no such room", retryAfterMs: 0 } as const;
    const { requestId } = command;
    hub.reply({ type: "refused", session: CONSOLE_SESSION, requestId, request: "deleteRoom", refusal });
    endTurn();
    await assert.rejects(asked, { name: "ConsoleError", code: "ROOM_NOT_FOUND", message: "no such room" });
  });

  it("asks as the admin page through the page's seat", async () => {
    const { bus, hub, commands, endTurn } = setUp();
    const console = new AdminConsole(bus);
    const asked = console.page.ask("adminLockdown", { level: 1 });
    endTurn();
    const command = commands.at(-1);
    assert.ok(command?.type === "adminLockdown");
    const { requestId, session } = command;
    assert.equal(session, ADMIN_PAGE_SESSION);
    hub.reply({ type: "done", session, requestId, request: "adminLockdown" });
    endTurn();
    assert.equal((await asked).type, "done");
  });

  it("knows the lockdown level that the hub told last", () => {
    const { bus, hub, endTurn } = setUp();
    const console = new AdminConsole(bus);
    assert.equal(console.lockdown, 0);
    hub.broadcast({ type: "serverRules", lockdown: 2, addressBans: [] });
    endTurn();
    assert.equal(console.lockdown, 2);
  });

  it("lets go of what is under way when it is closed, and asks nothing more", async () => {
    const { bus, endTurn } = setUp();
    const console = new AdminConsole(bus);
    const asked = console.ask("deleteRoom", { roomId: 7 });
    endTurn();
    console.close();
    await assert.rejects(asked, { code: "BUSY" });
    await assert.rejects(console.ask("deleteRoom", { roomId: 7 }), { code: "BUSY" });
  });
});
