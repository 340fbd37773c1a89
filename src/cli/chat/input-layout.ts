import { fitText, graphemesOf, textWidth } from "./text-width.ts";

export interface InputLayout {
  /** Each of at most `columns`. */
  readonly rows: readonly string[];
  readonly cursorRow: number;
  readonly cursorColumn: number;
}

/**
 * Breaks a prompt and the typed text into rows of `columns`, and says where the cursor is. With more
 * than `rowLimit` rows those around the cursor are shown. A secret is shown as dots.
 */
export function layOutInput(
  prompt: string,
  text: string,
  cursor: number,
  size: { readonly columns: number; readonly rowLimit: number },
  isSecret = false,
): InputLayout {
  const columns = Math.max(size.columns, 2);
  const start = fitText(prompt, Math.max(0, Math.floor(columns / 2)));
  const rows: string[] = [start];
  let used = textWidth(start);
  let index = 0;
  let [cursorRow, cursorColumn] = [0, used];
  const feed = (): void => {
    rows.push("");
    used = 0;
  };
  const place = (): void => {
    if (index === cursor) [cursorRow, cursorColumn] = [rows.length - 1, used];
  };
  for (const grapheme of graphemesOf(text)) {
    const isFeed = grapheme === "\n" || grapheme === "\r\n";
    const shown = isSecret ? "•" : isFeed ? "⏎" : shownGrapheme(grapheme);
    const width = textWidth(shown);
    if (used + width > columns) feed();
    place();
    rows[rows.length - 1] += shown;
    used += width;
    index += grapheme.length;
    if (isFeed && !isSecret) feed();
  }
  // The cursor is behind the last character: a full row has no place for it.
  if (used >= columns) feed();
  place();
  const limit = Math.max(1, size.rowLimit);
  const first = Math.max(0, Math.min(cursorRow - limit + 1 + Math.floor(limit / 2), rows.length - limit));
  return { rows: rows.slice(first, first + limit), cursorRow: cursorRow - first, cursorColumn };
}

/** A character without a width of its own would hide the cursor's place. */
function shownGrapheme(grapheme: string): string {
  if (grapheme === "\t") return " ";
  return /\p{Cc}|\p{Bidi_Control}/u.test(grapheme) ? "�" : grapheme;
}
