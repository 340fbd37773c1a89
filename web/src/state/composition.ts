/** What the composer of one place is doing. */
export type CompositionMode =
  { readonly mode: "new"; readonly replyTo: number } | { readonly mode: "edit"; readonly offset: number };

/**
 * The composer of one place: a new message, maybe a reply, or an edit of an own one. The view owns the
 * text while it is typed; `serial` changes when the text is to be taken from here.
 */
export class Composition {
  #mode: CompositionMode = { mode: "new", replyTo: 0 };
  #text: string;
  /** What was typed before an edit was begun, and comes back after it. */
  #asideText = "";
  #serial = 1;
  readonly #onChange: () => void;

  constructor(draft: { readonly text: string; readonly replyTo: number } | undefined, onChange: () => void) {
    this.#onChange = onChange;
    this.#text = draft?.text ?? "";
    this.#mode = { mode: "new", replyTo: draft?.replyTo ?? 0 };
  }

  get mode(): CompositionMode {
    return this.#mode;
  }

  get text(): string {
    return this.#text;
  }

  get serial(): number {
    return this.#serial;
  }

  /** What is to be kept for later: never the text of an edit. */
  get draft(): { readonly text: string; readonly replyTo: number } {
    return this.#mode.mode === "edit"
      ? { text: this.#asideText, replyTo: 0 }
      : { text: this.#text, replyTo: this.#mode.replyTo };
  }

  /** The view's text, as it is typed. */
  type(text: string): void {
    this.#text = text;
  }

  reply(offset: number): void {
    if (this.#mode.mode === "edit") this.#leaveEdit();
    this.#mode = { mode: "new", replyTo: offset };
    this.#onChange();
  }

  edit(offset: number, text: string): void {
    if (this.#mode.mode === "new") this.#asideText = this.#text;
    this.#mode = { mode: "edit", offset };
    this.#text = text;
    this.#serial++;
    this.#onChange();
  }

  /** Gives up an edit, or that it is a reply. */
  cancel(): void {
    if (this.#mode.mode === "edit") this.#leaveEdit();
    else this.#mode = { mode: "new", replyTo: 0 };
    this.#onChange();
  }

  /** What is to be sent; the composer is empty then, or has what was typed before an edit. */
  take(): CompositionMode {
    const { mode } = this;
    if (mode.mode === "edit") this.#leaveEdit();
    else {
      this.#text = "";
      this.#mode = { mode: "new", replyTo: 0 };
      this.#serial++;
    }
    this.#onChange();
    return mode;
  }

  #leaveEdit(): void {
    this.#mode = { mode: "new", replyTo: 0 };
    this.#text = this.#asideText;
    this.#asideText = "";
    this.#serial++;
  }
}
