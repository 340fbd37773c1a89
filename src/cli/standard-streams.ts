import type { WriteStream } from "node:tty";

/** Writes one line to stdout. */
export function printLine(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** Writes one line to stderr. */
export function printError(line: string): void {
  process.stderr.write(`${line}\n`);
}

/**
 * What a reader that went away (`portico serve | head`) means: the lines have no reader any more, and the
 * command goes on. `onBroken` is called once for a command that has nobody left to talk to.
 */
export function surviveBrokenPipes(onBroken: () => void = () => undefined): void {
  let isBroken = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // EIO: the terminal itself is gone.
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
      if (stream !== process.stdout || isBroken) return;
      isBroken = true;
      onBroken();
    });
  }
}

/** True when colours may be used: a terminal, and NO_COLOR (no-color.org) not set. */
export function mayColor(stream: WriteStream, environment: NodeJS.ProcessEnv = process.env): boolean {
  if (!stream.isTTY || environment.TERM === "dumb") return false;
  return environment.NO_COLOR === undefined || environment.NO_COLOR === "";
}
