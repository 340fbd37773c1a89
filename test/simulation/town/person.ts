import type { Credentials } from "../../../src/client/index.ts";
import type { Device } from "./device.ts";

/** A user of the town: an account or a guest, with a device or two. */
export interface Person {
  readonly name: string;
  readonly isGuest: boolean;
  /** Connected, or trying to. */
  readonly devices: Device[];
  /** Tokens that its devices were given, the latest last. */
  readonly tokens: string[];
  /** Ids of tokens that are known to be this device's. */
  readonly tokenIds: Map<number, string>;
}

export function newPerson(name: string, isGuest = false): Person {
  return { name, isGuest, devices: [], tokens: [], tokenIds: new Map() };
}

/** The same bytes for the same name. */
export function guestCredentials(name: string): Credentials {
  const guestKey = new Uint8Array(32);
  for (let index = 0; index < guestKey.length; index++)
    guestKey[index] = name.charCodeAt(index % name.length);
  return { name, guestKey };
}
