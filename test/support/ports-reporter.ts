import { Readable } from "node:stream";
import { spec } from "node:test/reporters";
import { PortTally, type TallyEvent } from "./port-tally.ts";

/**
 * A reporter for `node --test`: what `spec` prints, and then one line with the ports that the tests ran on,
 * those that were skipped, and why. Tests that must name their port and do not (see PortTally) are listed
 * before that line, and the run has failed.
 */
export default async function* portsReporter(source: AsyncIterable<TallyEvent>): AsyncGenerator<string> {
  const tally = new PortTally({
    root: process.cwd(),
    backends: process.env.PORTICO_TEST_BACKENDS,
    elsewhere: process.env.PORTICO_TESTED_ELSEWHERE,
  });
  yield* asSpec(counted(source, tally));
  const { silentTests } = tally;
  if (silentTests.length > 0) {
    process.exitCode = 1;
    const rule =
      'tests that do not say which port they run on ("on uring", or "(no port)"; CONTRIBUTING.md):';
    yield `\n✖ ${rule}\n${silentTests.map((each) => `  ${each}\n`).join("")}`;
  }
  // As the runner's own closing lines, in their colours.
  yield* asSpec([
    { type: "test:diagnostic", data: { nesting: 0, message: `ports ${tally.summary()}`, level: "info" } },
  ]);
}

async function* counted(source: AsyncIterable<TallyEvent>, tally: PortTally): AsyncGenerator<TallyEvent> {
  for await (const event of source) {
    tally.add(event);
    yield event;
  }
}

function asSpec(events: AsyncIterable<object> | Iterable<object>): AsyncIterable<string> {
  return Readable.from(events).compose(new spec()) as AsyncIterable<string>;
}
