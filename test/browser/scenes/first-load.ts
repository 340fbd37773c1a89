import assert from "node:assert/strict";
import { it } from "node:test";
import type { BrowserWorld } from "../support/browser-world.ts";
import { firstLoadBytes } from "../support/first-load-bytes.ts";

const LIMIT_BYTES = 200_000;
/** Smaller texts are not worth it. */
const COMPRESSED_FROM_BYTES = 1500;

/** What the pages weigh for somebody who comes for the first time. */
export function firstLoadScenes(world: () => BrowserWorld): void {
  for (const path of ["/", "/admin"]) {
    it(`${path} is below ${LIMIT_BYTES / 1000} kB, compressed`, async (context) => {
      const { bytes, requests } = await firstLoadBytes(world(), path);
      context.diagnostic(`${path}: ${bytes} bytes in ${requests.length} requests`);
      assert.ok(bytes > 10_000 && bytes < LIMIT_BYTES, `${bytes} bytes`);
      for (const { path: file, bytes: size, encoding } of requests) {
        if (size > COMPRESSED_FROM_BYTES) assert.match(encoding, /^(br|gzip)$/, file);
      }
    });
  }
}
