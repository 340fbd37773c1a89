import { roughFaults } from "../../src/engine/simulated/network-faults.ts";
import { libuvSubject, simulatedSubject, uringSubject } from "./environments.ts";
import { describePort } from "./port-suite.ts";

describePort(libuvSubject);
describePort(simulatedSubject("simulated", 1));
describePort(simulatedSubject("simulated, rough network", 2, roughFaults));
describePort(await uringSubject());
