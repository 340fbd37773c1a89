import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

const css = readFileSync(new URL("tokens.css", import.meta.url), "utf8");
const pattern = /--([a-z0-9-]+):\s*light-dark\(\s*(#[0-9a-f]{6})\s*,\s*(#[0-9a-f]{6})\s*\)/g;
const tokens = new Map(
  [...css.matchAll(pattern)].map(([, name = "", light = "", dark = ""]) => [name, { light, dark }]),
);

/** WCAG 2.2: relative luminance of sRGB. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

const grounds = [
  "ground",
  "ground-side",
  "ground-raised",
  "ground-hover",
  "ground-side-hover",
  "ground-field",
];

/** What is written on what: SC 1.4.3 asks 4.5:1 of text. */
const texts: readonly (readonly [text: string, grounds: readonly string[]])[] = [
  [
    "text",
    [
      ...grounds,
      "ground-selected",
      "ground-code",
      "mention-soft",
      "accent-soft",
      "highlight",
      "warning-soft",
    ],
  ],
  ["text-muted", [...grounds, "ground-selected", "mention-soft", "ground-code", "accent-soft", "highlight"]],
  ["text-faint", [...grounds]],
  ["accent-text", [...grounds, "ground-selected", "accent-soft", "mention-soft", "highlight"]],
  ["on-accent", ["accent", "accent-hover"]],
  ["danger-text", [...grounds, "danger-soft"]],
  ["on-danger", ["danger", "danger-hover"]],
  ["warning-text", [...grounds, "warning-soft"]],
  ["success-text", [...grounds, "success-soft"]],
  ["mention-text", ["mention-soft", "ground", "ground-hover"]],
  ["on-mention-badge", ["mention-badge"]],
  ...Array.from({ length: 8 }, (_, index) => [`on-face-${index + 1}`, [`face-${index + 1}`]] as const),
];

/** What bounds a control, or is a sign by itself: SC 1.4.11 asks 3:1. */
const signs: readonly (readonly [sign: string, grounds: readonly string[]])[] = [
  ["line-strong", ["ground", "ground-raised", "ground-field", "ground-side"]],
  ["accent", ["ground", "ground-raised", "ground-side"]],
  ["focus", [...grounds, "ground-selected", "accent-soft"]],
  ["success", ["ground", "ground-side", "ground-raised"]],
  ["mention-badge", ["ground-side", "ground"]],
];

describe("colours", () => {
  for (const theme of ["light", "dark"] as const) {
    for (const [least, pairs] of [
      [4.5, texts],
      [3, signs],
    ] as const) {
      it(`${theme}: at least ${least}:1`, () => {
        const low: string[] = [];
        for (const [front, backs] of pairs) {
          for (const back of backs) {
            const colours = [tokens.get(front)?.[theme], tokens.get(back)?.[theme]];
            assert.ok(colours[0] !== undefined && colours[1] !== undefined, `${front} on ${back}`);
            const ratio = contrast(colours[0], colours[1]);
            if (ratio < least) low.push(`${front} on ${back}: ${ratio.toFixed(2)}`);
          }
        }
        assert.deepEqual(low, []);
      });
    }
  }
});
