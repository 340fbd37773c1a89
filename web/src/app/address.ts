import type { PlaceAddress } from "../state/chat-store.ts";

/** What the address bar says after "#". */
export interface PageAddress extends PlaceAddress {
  /** The message to show; undefined: where the place opens. */
  readonly offset: number | undefined;
}

/** "#/room/lobby", "#/direct/jun/42"; without a place "#/". */
export function hashOf(address: PlaceAddress | undefined, offset?: number): string {
  if (address === undefined) return "#/";
  const path = `#/${address.kind}/${encodeURIComponent(address.name)}`;
  return offset === undefined ? path : `${path}/${offset}`;
}

/** Undefined for what names no place. */
export function parseHash(hash: string): PageAddress | undefined {
  const found = /^#\/(room|direct)\/([^/]+)(?:\/([1-9]\d{0,15}))?$/.exec(hash);
  if (found === null) return undefined;
  const [, kind, encoded = "", offset] = found;
  try {
    const name = decodeURIComponent(encoded);
    if (name === "") return undefined;
    return {
      kind: kind === "direct" ? "direct" : "room",
      name,
      offset: offset === undefined ? undefined : Number(offset),
    };
  } catch {
    return undefined; // half an escape: typed by hand, or cut off
  }
}
