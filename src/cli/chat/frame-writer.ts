/** A picture of the whole screen. */
export interface Frame {
  /** From the top, each painted and no wider than the screen. */
  readonly rows: readonly string[];
  readonly cursorRow: number;
  readonly cursorColumn: number;
}

/** Turns one picture into the next, with as little output as whole rows allow. */
export class FrameWriter {
  readonly #write: (text: string) => void;
  #shown: readonly string[] = [];

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** What is on the screen is not known any more. */
  forget(): void {
    this.#shown = [];
  }

  draw({ rows, cursorRow, cursorColumn }: Frame): void {
    let changes = "";
    for (const [index, row] of rows.entries()) {
      // Cleared first: after a full row there is no place left from which to clear.
      if (row !== this.#shown[index]) changes += `\u001b[${index + 1};1H\u001b[2K${row}`;
    }
    this.#shown = rows;
    const cursor = `\u001b[${cursorRow + 1};${cursorColumn + 1}H`;
    // Hidden while it moves about; synchronised where the terminal can (mode 2026).
    this.#write(
      changes === "" ? cursor : `\u001b[?2026h\u001b[?25l${changes}${cursor}\u001b[?25h\u001b[?2026l`,
    );
  }
}
