import { readFileSync } from "node:fs";
import { Errno, errnoName, PortError } from "../port-error.ts";
import { BufferRing } from "./buffer-ring.ts";
import { Ring } from "./ring.ts";
import { loadSystemCalls } from "./system-calls.ts";

/** Whether this process can run on io_uring, and in plain words how, or why not. */
export type UringProbe =
  | { readonly available: true; readonly detail: string }
  | { readonly available: false; readonly reason: string };

/** Tries what the port needs and gives it all back. Costs about a millisecond; never throws. */
export function probeUring(): UringProbe {
  if (process.platform !== "linux") {
    return { available: false, reason: `io_uring is of Linux, and this is ${process.platform}` };
  }
  let calls: ReturnType<typeof loadSystemCalls>;
  try {
    calls = loadSystemCalls();
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { available: false, reason: `koffi, which calls the kernel, could not be loaded: ${why}` };
  }
  try {
    const ring = new Ring(calls, { submissionEntries: 8, completionEntries: 16 });
    const buffers = new BufferRing(calls, ring, 2, 4096);
    ring.release();
    buffers.release();
    return { available: true, detail: `io_uring of Linux ${kernelRelease()}: ${ring.setupName}` };
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    return { available: false, reason: explain(error) };
  }
}

function explain(error: PortError): string {
  const release = kernelRelease();
  switch (error.errno) {
    case Errno.ENOSYS:
      return `this kernel (${release}) has no io_uring, or a sandbox hides it (ENOSYS)`;
    case Errno.EPERM:
    case Errno.EACCES:
      return whyForbidden(error.code);
    case Errno.EINVAL:
      return `this kernel (${release}) is too old for what the port needs of io_uring: Linux 5.19 (${error.message})`;
    case Errno.ENOMEM:
      return `io_uring could not get memory (ENOMEM); see "ulimit -l" and the limits of the container`;
    case Errno.EMFILE:
    case Errno.ENFILE:
      return `no descriptor is free for io_uring (${error.code}); see "ulimit -n"`;
    default:
      return `io_uring failed: ${error.message} (${errnoName(error.errno)})`;
  }
}

function whyForbidden(code: string): string {
  // 0: everybody may; 1: only members of kernel.io_uring_group; 2: nobody (Linux 6.6).
  switch (readLine("/proc/sys/kernel/io_uring_disabled") ?? "") {
    case "2":
      return `the administrator has switched io_uring off (kernel.io_uring_disabled = 2)`;
    case "1":
      return `only members of kernel.io_uring_group may use io_uring (kernel.io_uring_disabled = 1)`;
    default:
      return `io_uring is denied here (${code}), most likely by a seccomp profile such as Docker's default one`;
  }
}

function kernelRelease(): string {
  return readLine("/proc/sys/kernel/osrelease") ?? "unknown";
}

function readLine(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}
