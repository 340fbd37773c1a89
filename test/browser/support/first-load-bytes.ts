import type { BrowserWorld } from "./browser-world.ts";

export interface FirstLoadBytes {
  /** Of bodies and headers, as they came over the wire. */
  readonly bytes: number;
  readonly requests: readonly { readonly path: string; readonly bytes: number; readonly encoding: string }[];
}

/** Opens a page with an empty cache and adds up what it asks for until it stands. */
export async function firstLoadBytes(world: BrowserWorld, path: string): Promise<FirstLoadBytes> {
  const visitor = await world.visitor();
  const { page } = visitor;
  const session = await page.context().newCDPSession(page);
  const asked = new Map<string, { path: string; encoding: string; bytes: number }>();
  session.on("Network.responseReceived", ({ requestId, response }) => {
    const encoding = response.headers["content-encoding"] ?? response.headers["Content-Encoding"] ?? "";
    asked.set(requestId, { path: new URL(response.url).pathname, encoding, bytes: 0 });
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const request = asked.get(requestId);
    if (request !== undefined) request.bytes = encodedDataLength;
  });
  await session.send("Network.enable");
  await page.goto(`${world.url}${path}`, { waitUntil: "networkidle" });
  await visitor.close();
  const requests = [...asked.values()];
  return { bytes: requests.reduce((sum, { bytes }) => sum + bytes, 0), requests };
}
