import { describeThreads } from "../../../test/conformance/threads-suite.ts";
import { openIocpPort } from "./iocp-port.ts";
import { probeIocp } from "./probe.ts";
import { wakeByDescriptor } from "./wake-by-packet.ts";

const probe = probeIocp();

describeThreads({
  name: "iocp",
  skip: probe.available ? false : probe.reason,
  open: openIocpPort,
  door: new URL("iocp-port.ts", import.meta.url),
  wakeByDescriptor,
});
