import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { DeflateSettings } from "./deflate-settings.ts";
import { type NegotiatedDeflate, negotiateDeflate } from "./deflate-negotiation.ts";
import { isToken, parseExtensions } from "./extension-header.ts";
import type { OriginRule } from "./origin-rule.ts";

/** What a request must have to become a WebSocket. */
export interface UpgradeRules {
  /** Sub-protocols that the server speaks. The first of the client's that is here is chosen. */
  readonly protocols: readonly string[];
  /** Refuse clients that ask for none of them. */
  readonly protocolRequired: boolean;
  /** Whether pages of this origin may connect: see `originRule`. */
  readonly allowsOrigin: OriginRule;
  /** How messages are compressed, with clients that can; undefined: never. */
  readonly deflate: DeflateSettings | undefined;
}

/** The request line and headers, as `node:http` gives them. */
export interface UpgradeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
}

export type UpgradeAnswer =
  | {
      readonly ok: true;
      /** The sub-protocol chosen. */
      readonly protocol?: string;
      readonly deflate?: NegotiatedDeflate;
      /** The whole 101 response. */
      readonly responseBytes: Uint8Array;
    }
  | {
      readonly ok: false;
      /** 400, 403, 405 or 426. */
      readonly status: number;
      /** What is wrong, in plain words, for the response's body. */
      readonly reason: string;
      /** Headers that the response must have. */
      readonly headers: Record<string, string>;
    };

/** Section 1.3. */
const KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Sixteen bytes in base64. */
const keyPattern = /^[A-Za-z0-9+/]{22}==$/;

/** Sub-protocols of one request that are looked at; the rest is not. */
const PROTOCOLS_AT_MOST = 64;

/**
 * Decides on the opening handshake (RFC 6455, sections 4.2.1 and 4.2.2; extensions: 9.1). Pure: neither
 * answers nor switches anything.
 */
export function checkUpgrade(request: UpgradeRequest, rules: UpgradeRules): UpgradeAnswer {
  const { headers } = request;
  if (request.method !== "GET") {
    return refusal(405, "a WebSocket is opened with GET", { Allow: "GET" });
  }
  if (request.httpVersion !== "1.1") return refusal(400, "a WebSocket is opened with HTTP/1.1");
  if (headers.host === undefined || headers.host === "") return refusal(400, "there is no Host header");
  if (!hasToken(headers.upgrade, "websocket")) {
    return refusal(426, "only WebSockets are served here", { Upgrade: "websocket" });
  }
  if (!hasToken(headers.connection, "upgrade")) {
    return refusal(400, 'the Connection header does not say "Upgrade"');
  }
  const hasBody = headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
  if (hasBody) return refusal(400, "a request that opens a WebSocket has no body");
  if (headers["sec-websocket-version"]?.trim() !== "13") {
    return refusal(426, "only version 13 of the WebSocket protocol is spoken", {
      "Sec-WebSocket-Version": "13",
      Upgrade: "websocket",
    });
  }
  const key = headers["sec-websocket-key"]?.trim() ?? "";
  if (!keyPattern.test(key)) return refusal(400, "Sec-WebSocket-Key is not sixteen bytes in base64");
  const extensions = headers["sec-websocket-extensions"];
  const offers = extensions === undefined || extensions === "" ? [] : parseExtensions(extensions);
  if (offers === undefined) return refusal(400, "Sec-WebSocket-Extensions is malformed");
  if (!rules.allowsOrigin(headers.origin, headers.host)) {
    return refusal(403, "pages of this origin may not connect");
  }
  const protocol = chooseProtocol(headers["sec-websocket-protocol"], rules.protocols);
  if (protocol === undefined && rules.protocolRequired) {
    return refusal(400, `Sec-WebSocket-Protocol must name one of: ${rules.protocols.join(", ")}`);
  }
  const deflate = rules.deflate === undefined ? undefined : negotiateDeflate(offers, rules.deflate);
  return {
    ok: true,
    ...(protocol === undefined ? {} : { protocol }),
    ...(deflate === undefined ? {} : { deflate }),
    responseBytes: switchingProtocols(key, protocol, deflate),
  };
}

/** What Sec-WebSocket-Accept answers to a key (4.2.2). */
export function acceptKey(key: string): string {
  return createHash("sha1")
    .update(key + KEY_SUFFIX)
    .digest("base64");
}

function switchingProtocols(
  key: string,
  protocol: string | undefined,
  deflate: NegotiatedDeflate | undefined,
): Uint8Array {
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptKey(key)}`,
  ];
  if (protocol !== undefined) lines.push(`Sec-WebSocket-Protocol: ${protocol}`);
  if (deflate !== undefined) lines.push(`Sec-WebSocket-Extensions: ${deflate.header}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/** The client's first that the server speaks. What is no token is passed over. */
function chooseProtocol(header: string | undefined, spoken: readonly string[]): string | undefined {
  if (header === undefined) return undefined;
  return header
    .split(",", PROTOCOLS_AT_MOST)
    .map((name) => name.trim())
    .find((name) => isToken(name) && spoken.includes(name));
}

/** Whether a list of tokens has this one, in whatever case. */
function hasToken(header: string | undefined, token: string): boolean {
  return header?.split(",").some((entry) => entry.trim().toLowerCase() === token) === true;
}

function refusal(status: number, reason: string, headers: Record<string, string> = {}): UpgradeAnswer {
  return { ok: false, status, reason, headers };
}
