import { once } from "node:events";
import type { IdleJob, RoomsJob } from "./job.ts";
import { LoadConnection } from "./load-connection.ts";
import type { LoadRun } from "./load-run.ts";
import { PorticoConnection } from "./packet-connections.ts";

class BareConnection extends LoadConnection {
  override start(): void {
    this.run.isReady(this);
  }

  override onReceived(): void {
    // Nothing is asked of an idle server.
  }
}

/** Holds connections that do nothing until the input ends. */
export async function runIdleLoad(run: LoadRun, job: IdleJob): Promise<void> {
  await run.connectAll(job.connections, (index) =>
    job.dialect === "portico" ? lobbyGuest(run, job, index) : new BareConnection(run),
  );
  process.stdout.write("idle\n");
  process.stdin.resume();
  await once(process.stdin, "end");
}

function lobbyGuest(run: LoadRun, job: IdleJob, index: number): PorticoConnection {
  const silent: RoomsJob = {
    ...job,
    kind: "rooms",
    dialect: "portico",
    roomKind: "memory",
    rooms: 1,
    roomMembers: 1,
    roomPublishers: 0,
    window: 0,
    textBytes: 0,
    warmUpMs: 0,
    measureMs: 0,
    drainLimitMs: 0,
    verify: false,
    cores: undefined,
  };
  return new PorticoConnection(run, silent, { index: 0, published: [] }, -1, `idle-${index}`, true);
}
