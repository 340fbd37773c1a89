/**
 * Texts, valid and not, by the number of their group in the Autobahn test suite (6.5 to 6.23); they come
 * from Markus Kuhn's UTF-8 decoder stress test. Bytes as hexadecimal.
 */
export interface Utf8Group {
  readonly group: number;
  readonly what: string;
  readonly cases: readonly (readonly [isValid: boolean, hex: string])[];
}

/** "κόσμε" with the acute accent of the old block. */
const kosme = "cebae1bdb9cf83cebcceb5";

const broken = [
  "c0",
  "e080",
  "f08080",
  "f8808080",
  "fc80808080",
  "df",
  "efbf",
  "f7bfbf",
  "fbbfbfbf",
  "fdbfbfbfbf",
];

export const utf8Groups: readonly Utf8Group[] = [
  {
    group: 5,
    what: "some valid text",
    cases: valid([around("24"), around("c2a2"), around("e282ac"), around("f0a4ada2"), kosme]),
  },
  {
    group: 6,
    what: "each beginning of a text",
    // Characters end behind 2, 5, 7, 9 and 11 bytes.
    cases: Array.from({ length: 11 }, (_, index) => [
      [2, 5, 7, 9, 11].includes(index + 1),
      kosme.slice(0, (index + 1) * 2),
    ]),
  },
  { group: 7, what: "the first of each length", cases: valid(["00", "c280", "e0a080", "f0908080"]) },
  { group: 8, what: "five and six bytes", cases: invalid(["f888808080", "fc8480808080"]) },
  { group: 9, what: "the last of each length", cases: valid(["7f", "dfbf", "efbfbf", "f48fbfbf"]) },
  {
    group: 10,
    what: "the last of four, five and six bytes",
    cases: invalid(["f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"]),
  },
  {
    group: 11,
    what: "other edges",
    cases: [...valid(["ed9fbf", "ee8080", "efbfbd", "f48fbfbf"]), ...invalid(["f4908080"])],
  },
  {
    group: 12,
    what: "continuation bytes alone",
    cases: invalid([
      "80",
      "bf",
      "80bf",
      "80bf80",
      "80bf80bf",
      "80bf80bf80",
      "80bf80bf80bf",
      range(0x80, 0xbf, ""),
    ]),
  },
  {
    group: 13,
    what: "first bytes alone",
    cases: invalid([
      range(0xc0, 0xdf, "20"),
      range(0xe0, 0xef, "20"),
      range(0xf0, 0xf7, "20"),
      range(0xf8, 0xfb, "20"),
      range(0xfc, 0xfd, "20"),
    ]),
  },
  { group: 14, what: "the last byte is missing", cases: invalid(broken) },
  { group: 15, what: "several that lack the last byte", cases: invalid([broken.join("")]) },
  { group: 16, what: "impossible bytes", cases: invalid(["fe", "ff", "fefeffff"]) },
  {
    group: 17,
    what: "a slash in too many bytes",
    cases: invalid(["c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"]),
  },
  {
    group: 18,
    what: "the last in too many bytes",
    cases: invalid(["c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"]),
  },
  {
    group: 19,
    what: "NUL in too many bytes",
    cases: invalid(["c080", "e08080", "f0808080", "f880808080", "fc8080808080"]),
  },
  {
    group: 20,
    what: "one surrogate",
    cases: invalid(["eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf"]),
  },
  {
    group: 21,
    what: "a pair of surrogates",
    cases: invalid([
      "eda080edb080",
      "eda080edbfbf",
      "edadbfedb080",
      "edadbfedbfbf",
      "edae80edb080",
      "edae80edbfbf",
      "edafbfedb080",
      "edafbfedbfbf",
    ]),
  },
  {
    group: 22,
    what: "what is no character, and valid",
    cases: valid(["efbfbe", "efbfbf", ...nonCharacters()]),
  },
  {
    group: 23,
    what: "specials",
    cases: valid(["efbfb9", "efbfba", "efbfbb", "efbfbc", "efbfbd", "efbfbe", "efbfbf"]),
  },
];

function valid(texts: readonly string[]): [boolean, string][] {
  return texts.map((hex) => [true, hex]);
}

function invalid(texts: readonly string[]): [boolean, string][] {
  return texts.map((hex) => [false, hex]);
}

function around(hex: string): string {
  return Buffer.from("hello").toString("hex") + hex + Buffer.from("world").toString("hex");
}

/** Bytes from `first` to the one before `end`, each followed by `between`. */
function range(first: number, end: number, between: string): string {
  return Array.from({ length: end - first }, (_, index) => (first + index).toString(16) + between).join("");
}

/** The last two code points of each plane above the first. */
function nonCharacters(): string[] {
  const planes = Array.from({ length: 16 }, (_, index) => (index + 1) * 0x10000);
  return planes.flatMap((plane) =>
    [0xfffe, 0xffff].map((point) => Buffer.from(String.fromCodePoint(plane + point)).toString("hex")),
  );
}
