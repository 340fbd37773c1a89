import type { Sanction as WireSanction } from "../protocol/generated/portico/v1/portico_pb.js";

/** Somebody who may not speak, or not come in. */
export interface Sanction {
  /** A user's name or an address range. */
  readonly subject: string;
  readonly kind: "mute" | "ban";
  /** Milliseconds since 1970-01-01 UTC; 0: until it is taken back. */
  readonly untilMs: number;
  readonly reason: string;
  readonly by: string;
}

/** A part of a list of sanctions; `more`: there are others. */
export interface SanctionPage {
  readonly sanctions: readonly Sanction[];
  readonly more: boolean;
}

export function sanctionPage(response: {
  readonly sanctions: readonly WireSanction[];
  readonly more: boolean;
}): SanctionPage {
  const sanctions = response.sanctions.map(({ subject, banned, untilMs, reason, by }): Sanction => {
    return { subject, kind: banned ? "ban" : "mute", untilMs: Number(untilMs), reason, by };
  });
  return { sanctions, more: response.more };
}
