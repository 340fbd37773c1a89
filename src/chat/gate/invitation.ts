import { hash } from "node:crypto";
import type { Random } from "../../base/random.ts";

/** Without the letters and digits that are taken for each other. */
const ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz";
const GROUPS = 4;
const GROUP_LENGTH = 4;

/** A new invitation code, fit to be read out: four groups of four of 31 characters, 79 bits. */
export function invitationCode(random: Random): string {
  const characters: string[] = [];
  while (characters.length < GROUPS * GROUP_LENGTH) {
    const [byte = 0] = random.bytes(1);
    // 248 = 8 × 31: each character is as likely as the others.
    if (byte < 248) characters.push(ALPHABET.charAt(byte % ALPHABET.length));
  }
  const groups = Array.from({ length: GROUPS }, (_, group) =>
    characters.slice(group * GROUP_LENGTH, (group + 1) * GROUP_LENGTH).join(""),
  );
  return groups.join("-");
}

/** What the store keeps of a code: SHA-256 in hexadecimal. Case, spaces and dashes do not matter. */
export function invitationHash(code: string): string {
  return hash("sha256", code.toLowerCase().replaceAll(/[\s-]/g, ""), "hex");
}
