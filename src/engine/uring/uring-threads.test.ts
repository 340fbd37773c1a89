import { describeThreads } from "../../../test/conformance/threads-suite.ts";
import { openUringPort } from "./uring-port.ts";
import { probeUring } from "./probe.ts";
import { wakeByDescriptor } from "./wake-by-eventfd.ts";

const probe = probeUring();

describeThreads({
  name: "uring",
  skip: probe.available ? false : probe.reason,
  open: openUringPort,
  door: new URL("uring-port.ts", import.meta.url),
  wakeByDescriptor,
});
