import { describe, it, type TestContext } from "node:test";
import type { PortEnvironment, PortSubject } from "./environments.ts";
import { PortWorld } from "./port-witness.ts";
import { endingCases } from "./port-cases/ending.ts";
import { asyncFileCases } from "./port-cases/async-files.ts";
import { fileCases } from "./port-cases/files.ts";
import { openingCases } from "./port-cases/opening.ts";
import { transferCases } from "./port-cases/transfer.ts";
import { turnCases } from "./port-cases/turns.ts";

/** Registers one case of the suite. What it leaves open is closed and counted afterwards. */
export type PortCase = (
  title: string,
  run: (world: PortWorld, env: PortEnvironment, context: TestContext) => Promise<void>,
) => void;

/** The contract of `CompletionPort`, the same for every port. */
export function describePort(subject: PortSubject): void {
  const { name, skipReason } = subject;
  const skip = skipReason ?? false;
  if (skipReason !== undefined) console.log(`skipped, ${name}: ${skipReason}`);
  const portCase: PortCase = (title, run) => {
    it(`${title} [${name}]`, { skip }, async (context) => {
      const env = await subject.create();
      const world = new PortWorld(env);
      try {
        await run(world, env, context);
      } catch (error) {
        world.isClosing = true;
        await env.close();
        throw world.problems.length > 0 ? new Error(world.problems.join("\n"), { cause: error }) : error;
      }
      await world.end();
    });
  };
  describe(`the contract of ports on ${name}`, { skip }, () => {
    transferCases(portCase);
    endingCases(portCase);
    openingCases(portCase);
    turnCases(portCase);
    fileCases(portCase);
    asyncFileCases(portCase);
  });
}
