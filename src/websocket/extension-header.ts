/** One extension that a client offers: its name and what it says about it, in order. */
export interface ExtensionOffer {
  readonly name: string;
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[];
}

/** Offers of one header that are looked at; the rest is not. */
const OFFERS_AT_MOST = 16;

/** Parameters of one offer; with more it is malformed. */
const PARAMETERS_AT_MOST = 16;

const token = String.raw`[!#$%&'*+\-.^_\`|~0-9A-Za-z]+`;
/** One step of the grammar, from where the last one ended; each alternative begins differently. */
const nextOffer = new RegExp(String.raw`[ \t]*(${token})[ \t]*`, "y");
const nextParameter = new RegExp(
  String.raw`;[ \t]*(${token})[ \t]*(?:=[ \t]*(?:(${token})|"((?:[^"\\]|\\[\t -~])*)")[ \t]*)?`,
  "y",
);

/**
 * The offers in a Sec-WebSocket-Extensions header (RFC 6455, 9.1); undefined when it breaks the grammar,
 * for which the handshake must be refused. A quoted value counts as what it quotes, and must be a token.
 */
export function parseExtensions(header: string): ExtensionOffer[] | undefined {
  const offers: ExtensionOffer[] = [];
  let at = 0;
  while (offers.length < OFFERS_AT_MOST) {
    nextOffer.lastIndex = at;
    const match = nextOffer.exec(header);
    if (match === null) return undefined;
    at = nextOffer.lastIndex;
    const parameters: [string, string | undefined][] = [];
    while (header[at] === ";") {
      nextParameter.lastIndex = at;
      const parameter = nextParameter.exec(header);
      if (parameter === null || parameters.length === PARAMETERS_AT_MOST) return undefined;
      at = nextParameter.lastIndex;
      const quoted = parameter[3]?.replaceAll(/\\(.)/g, "$1");
      if (quoted !== undefined && !isToken(quoted)) return undefined;
      parameters.push([parameter[1] as string, parameter[2] ?? quoted]);
    }
    offers.push({ name: match[1] as string, parameters });
    if (at === header.length) return offers;
    if (header[at] !== ",") return undefined;
    at++;
  }
  return offers;
}

const wholeToken = new RegExp(`^${token}$`);

/** Whether the text is a token of HTTP (RFC 9110, 5.6.2). */
export function isToken(text: string): boolean {
  return wholeToken.test(text);
}
