import { roughFaults } from "../../src/engine/simulated/network-faults.ts";
import { libuvSubject, simulatedSubject, uringSubject } from "./environments.ts";
import { describeSessions } from "./session-suite.ts";

describeSessions(libuvSubject);
describeSessions(simulatedSubject("simulated", 1));
describeSessions(simulatedSubject("simulated, rough network", 2, roughFaults), { churnCycles: 2000 });
describeSessions(await uringSubject());
