import { roughFaults } from "../../src/engine/simulated/network-faults.ts";
import { libuvDataEventsSubject, libuvSubject, simulatedSubject, uringSubject } from "./environments.ts";
import { describePort } from "./port-suite.ts";

describePort(libuvSubject);
describePort(libuvDataEventsSubject);
describePort(simulatedSubject("simulated", 1));
describePort(simulatedSubject("simulated, rough network", 2, roughFaults));
describePort(await uringSubject());
