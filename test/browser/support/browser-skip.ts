import { existsSync } from "node:fs";

// Not PORTICO_…: those are settings of the server, and one that it does not know is an error.

/** Debian's; another browser of the family: CHROMIUM. */
export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Why the browser's tests are left out here, for node:test to print; false: they run. */
export function whyNoBrowser(): string | false {
  if (process.env.SKIP_BROWSER_TESTS !== undefined) return "SKIP_BROWSER_TESTS is set";
  if (!existsSync(CHROMIUM)) return `there is no ${CHROMIUM} (Debian: apt-get install chromium)`;
  return false;
}
