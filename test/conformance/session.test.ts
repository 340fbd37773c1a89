import { roughFaults } from "../../src/engine/simulated/network-faults.ts";
import { iocpSubject, libuvSubject, selected, simulatedSubject, uringSubject } from "./environments.ts";
import { describeSessions } from "./session-suite.ts";

const rough = simulatedSubject("simulated, rough network", 2, roughFaults);
const subjects = [
  libuvSubject,
  simulatedSubject("simulated", 1),
  rough,
  await uringSubject(),
  await iocpSubject(),
];
for (const subject of selected(subjects)) {
  describeSessions(subject, subject === rough ? { churnCycles: 2000 } : {});
}
