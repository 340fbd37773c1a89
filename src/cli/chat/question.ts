import { LineEditor } from "./line-editor.ts";

/** Something asked in the place where messages are typed. */
export class Question {
  readonly question: string;
  readonly isSecret: boolean;
  /** Of its own: an answer is not among what was typed. */
  readonly editor: LineEditor = new LineEditor();
  /** Undefined when the person does not answer. */
  readonly answered: Promise<string | undefined>;
  #settle: (answer: string | undefined) => void = () => undefined;

  constructor(question: string, isSecret: boolean) {
    this.question = question;
    this.isSecret = isSecret;
    this.answered = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  answer(answer: string | undefined): void {
    this.#settle(answer);
  }
}
