import { setTimeout as pause } from "node:timers/promises";

/** Asks until it is so; fails after about thirty seconds with what was waited for. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await isSo()) return;
    await pause(50);
  }
  throw new Error(`waited in vain until ${what}`);
}
