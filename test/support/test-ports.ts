import { type BackendChoice, openPort } from "../../src/engine/index.ts";
import { probeIocp } from "../../src/engine/iocp/probe.ts";
import { probeUring } from "../../src/engine/uring/probe.ts";

/** The ports that a server of a test can be told to run on. */
export type TestBackend = Exclude<BackendChoice, "auto">;

/**
 * The ports that work here. PORTICO_TEST_BACKENDS narrows them: names, separated by commas.
 *
 * A test says in its title, or in that of a `describe` around it, which one it runs on: "on uring"
 * (CONTRIBUTING.md; port-tally.ts reads it).
 */
export const testBackends: readonly TestBackend[] = chosen([
  "libuv",
  ...(probeUring().available ? (["uring"] as const) : []),
  ...(probeIocp().available ? (["iocp"] as const) : []),
]);

/** What "auto" comes to here, found by opening it: for the titles of tests whose server chooses by itself. */
export const autoBackend: TestBackend = await openAutomatic();

/** Throws unless a server that was to choose by itself says in its greeting that it runs on `autoBackend`. */
export function expectAutomatic(greeting: string): void {
  const [, backend] = /^ *backend +(\S+)/m.exec(greeting) ?? [];
  if (backend === autoBackend) return;
  throw new Error(`the test's title says ${autoBackend}, and the server runs on ${backend}:\n${greeting}`);
}

function chosen(available: readonly TestBackend[]): TestBackend[] {
  const names = process.env.PORTICO_TEST_BACKENDS?.split(",");
  return available.filter((backend) => names?.includes(backend) ?? true);
}

async function openAutomatic(): Promise<TestBackend> {
  const { port } = openPort();
  const { backend } = port;
  await port.close();
  if (backend !== "uring" && backend !== "iocp" && backend !== "libuv") {
    throw new Error(`"auto" opened ${backend}, of which the tests know nothing`);
  }
  return backend;
}
