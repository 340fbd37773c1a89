import type { Key } from "node:readline";
import { LINE_LIMIT } from "./line-editor.ts";

/** "none": the key is no part of a paste; "more": it is, and there is more to come; "tooLong": more than a line may have. */
export type Pasted = "none" | "more" | "tooLong" | { readonly text: string };

/** Puts together what comes between the marks of bracketed paste. Keys in it do nothing. */
export class PasteReader {
  #parts: string[] | undefined;
  #length = 0;

  take(text: string | undefined, key: Key): Pasted {
    if (key.name === "paste-start") {
      this.#parts = [];
      this.#length = 0;
      return "more";
    }
    if (this.#parts === undefined) return "none";
    if (key.name === "paste-end") {
      const pasted = this.#parts.join("");
      this.#parts = undefined;
      return this.#length > LINE_LIMIT ? "tooLong" : { text: cleaned(pasted) };
    }
    const part = text ?? key.sequence ?? "";
    this.#length += part.length;
    if (this.#length <= LINE_LIMIT) this.#parts.push(part);
    return "more";
  }
}

/** Lines end with line feeds, and nothing is in it that a message may not have. */
function cleaned(text: string): string {
  // oxlint-disable-next-line eslint/no-control-regex -- finding control characters is what it is for
  return text.replaceAll(/\r\n?/g, "\n").replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "");
}
