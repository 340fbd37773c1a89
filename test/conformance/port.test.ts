import { roughFaults } from "../../src/engine/simulated/network-faults.ts";
import {
  iocpSubject,
  libuvDataEventsSubject,
  libuvSubject,
  selected,
  simulatedSubject,
  uringSubject,
} from "./environments.ts";
import { describePort } from "./port-suite.ts";

const subjects = [
  libuvSubject,
  libuvDataEventsSubject,
  simulatedSubject("simulated", 1),
  simulatedSubject("simulated, rough network", 2, roughFaults),
  await uringSubject(),
  await iocpSubject(),
];
for (const subject of selected(subjects)) describePort(subject);
