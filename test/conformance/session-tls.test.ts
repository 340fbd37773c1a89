import { roughFaults } from "../../src/engine/simulated/network-faults.ts";
import { iocpSubject, libuvSubject, selected, simulatedSubject, uringSubject } from "./environments.ts";
import { describeSessions } from "./session-suite.ts";
import { overTls } from "./tls-port.ts";

const subjects = [
  libuvSubject,
  simulatedSubject("simulated", 1),
  simulatedSubject("simulated, rough network", 2, roughFaults),
  await uringSubject(),
  await iocpSubject(),
];
// "auto" is OpenSSL called directly, where that can be.
for (const driver of ["auto", "node"] as const) {
  for (const subject of selected(subjects)) describeSessions(overTls(subject, driver), { churnCycles: 200 });
}
