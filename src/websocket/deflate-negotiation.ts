import type { DeflateSettings } from "./deflate-settings.ts";
import type { ExtensionOffer } from "./extension-header.ts";

/** What client and server agreed on: messages may be compressed, each by itself. */
export interface NegotiatedDeflate {
  readonly settings: DeflateSettings;
  /** The server's answer, for the Sec-WebSocket-Extensions header. */
  readonly header: string;
}

const NAME = "permessage-deflate";

/**
 * The first offer that can be met; undefined when there is none, and the connection goes on without
 * compression (RFC 7692, section 7.1).
 *
 * Neither side keeps its window from message to message: so one compressed frame serves every
 * connection, and an idle one holds no window. A server may ask for both without an offer (7.1.1).
 */
export function negotiateDeflate(
  offers: readonly ExtensionOffer[],
  settings: DeflateSettings,
): NegotiatedDeflate | undefined {
  for (const offer of offers) {
    const header = offer.name === NAME ? answer(offer, settings) : undefined;
    if (header !== undefined) return { settings, header };
  }
  return undefined;
}

/** The answer to this offer; undefined when it cannot be met or is not valid (7.1). */
function answer(offer: ExtensionOffer, settings: DeflateSettings): string | undefined {
  const seen = new Set<string>();
  let header = `${NAME}; server_no_context_takeover; client_no_context_takeover`;
  for (const [name, value] of offer.parameters) {
    if (seen.has(name)) return undefined;
    seen.add(name);
    switch (name) {
      case "server_no_context_takeover":
      case "client_no_context_takeover":
        if (value !== undefined) return undefined;
        break;
      case "server_max_window_bits":
        // What it allows must reach as far back as this side compresses.
        if (value === undefined || !(windowBits(value) >= settings.windowBits)) return undefined;
        header += `; server_max_window_bits=${settings.windowBits}`;
        break;
      case "client_max_window_bits": {
        const most = value === undefined ? 15 : windowBits(value);
        if (Number.isNaN(most)) return undefined;
        if (settings.clientWindowBits < 15) {
          header += `; client_max_window_bits=${Math.min(most, settings.clientWindowBits)}`;
        }
        break;
      }
      default:
        return undefined;
    }
  }
  return header;
}

/** 8 … 15, written without leading zeros; NaN for anything else (7.1.2). */
function windowBits(text: string): number {
  return /^(?:[89]|1[0-5])$/.test(text) ? Number(text) : Number.NaN;
}
