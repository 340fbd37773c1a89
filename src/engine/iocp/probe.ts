import { release } from "node:os";
import { Errno, PortError } from "../port-error.ts";
import { IocpCore } from "./iocp-core.ts";
import { loadWindowsCalls } from "./windows-calls.ts";

/** Whether this process can run on I/O completion ports, and in plain words how, or why not. */
export type IocpProbe =
  | { readonly available: true; readonly detail: string }
  | { readonly available: false; readonly reason: string };

/** Tries what the port needs and gives it all back. Costs about a millisecond; never throws. */
export function probeIocp(): IocpProbe {
  if (process.platform !== "win32") {
    return {
      available: false,
      reason: `I/O completion ports are of Windows, and this is ${process.platform}`,
    };
  }
  let calls: ReturnType<typeof loadWindowsCalls>;
  try {
    calls = loadWindowsCalls();
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { available: false, reason: `koffi, which calls Windows, could not be loaded: ${why}` };
  }
  try {
    const core = new IocpCore(calls, { arenaLimitBytes: 65_536, operations: 64, completionsPerTurn: 16 });
    try {
      const socket = core.winsock.open(4, "probe");
      core.winsock.close(socket);
      const packets = socket.skipsPackets ? "no packets for what completes at once" : "a packet for each";
      return { available: true, detail: `I/O completion ports of Windows ${release()}, ${packets}` };
    } finally {
      core.release();
    }
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    if (error.errno === Errno.ENOMEM || error.errno === Errno.ENOBUFS) {
      return { available: false, reason: `there is no memory for it (${error.message})` };
    }
    return { available: false, reason: `I/O completion ports do not work here: ${error.message}` };
  }
}
