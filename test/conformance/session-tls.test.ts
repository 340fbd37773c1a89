import { roughFaults } from "../../src/engine/simulated/network-faults.ts";
import { libuvSubject, simulatedSubject, uringSubject } from "./environments.ts";
import { describeSessions } from "./session-suite.ts";
import { overTls } from "./tls-port.ts";

const options = { churnCycles: 200 };

describeSessions(overTls(libuvSubject), options);
describeSessions(overTls(simulatedSubject("simulated", 1)), options);
describeSessions(overTls(simulatedSubject("simulated, rough network", 2, roughFaults)), options);
describeSessions(overTls(await uringSubject()), options);
