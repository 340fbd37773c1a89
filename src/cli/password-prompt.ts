import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { CliError } from "./cli-error.ts";

/** Ctrl-C, as a shell would tell it. */
const EXIT_INTERRUPTED = 130;

/** Asks on the terminal. `isSecret`: what is typed is not shown. Rejects with CliError on Ctrl-C and Ctrl-D. */
export function ask(question: string, isSecret = false): Promise<string> {
  process.stdout.write(question);
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({
    input: process.stdin,
    output: isSecret ? silence : process.stdout,
    // In raw mode, where the terminal itself shows nothing. A dumb one shows what is typed by itself.
    terminal: isSecret || process.env.TERM !== "dumb",
    prompt: "",
    historySize: 0,
  });
  return new Promise((resolve, reject) => {
    let answer: string | undefined;
    reader.on("line", (line) => {
      answer = line;
      reader.close();
    });
    reader.on("SIGINT", () => reader.close());
    reader.on("close", () => {
      if (isSecret || answer === undefined) process.stdout.write("\n");
      if (answer === undefined) reject(new CliError("interrupted", EXIT_INTERRUPTED));
      else resolve(answer);
    });
  });
}
