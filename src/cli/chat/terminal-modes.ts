import type { Readable } from "node:stream";

/** What of a terminal is used. */
export interface Terminal {
  readonly input: Readable & { setRawMode?(isRaw: boolean): unknown };
  readonly output: {
    write(text: string): unknown;
    readonly columns?: number;
    readonly rows?: number;
    on(event: "resize", listener: () => void): unknown;
    off(event: "resize", listener: () => void): unknown;
  };
}

/** Signals of the process, so that a test can send them. */
export interface TerminalProcess {
  on(event: "exit" | "SIGTSTP" | "SIGCONT" | "SIGHUP", listener: () => void): unknown;
  off(event: "exit" | "SIGTSTP" | "SIGCONT" | "SIGHUP", listener: () => void): unknown;
  /** Stops this process, or with `isGroup` all of the terminal's job, as SIGTSTP does. */
  stop(isGroup: boolean): void;
}

export const realProcess: TerminalProcess = {
  on: (event, listener) => process.on(event, listener),
  off: (event, listener) => process.off(event, listener),
  stop: (isGroup) => process.kill(isGroup ? 0 : process.pid, "SIGTSTP"),
};

/** The other screen, bracketed paste on, and no row runs over into the next. xterm's control sequences. */
const ENTER = "\u001b[?1049h\u001b[?2004h\u001b[?7l\u001b[2J";
const RESTORE = "\u001b[0m\u001b[?7h\u001b[?2004l\u001b[?25h\u001b[?1049l";

/**
 * A terminal taken over and given back: at `leave`, when the process ends in whatever way it can still
 * do something about, and while it is stopped (Ctrl-Z).
 */
export class TerminalModes {
  readonly #terminal: Terminal;
  readonly #process: TerminalProcess;
  readonly #onBack: () => void;
  readonly #onHangUp: () => void;
  #isTaken = false;
  #isStopped = false;

  /** `onBack`: the process goes on after it was stopped; everything is to be drawn again. */
  constructor(
    terminal: Terminal,
    events: { readonly onBack: () => void; readonly onHangUp: () => void },
    owner: TerminalProcess = realProcess,
  ) {
    this.#terminal = terminal;
    this.#process = owner;
    this.#onBack = events.onBack;
    this.#onHangUp = events.onHangUp;
  }

  take(): void {
    if (this.#isTaken) return;
    this.#isTaken = true;
    this.#terminal.input.setRawMode?.(true);
    this.#terminal.output.write(ENTER);
    this.#process.on("exit", this.#restore);
    this.#process.on("SIGTSTP", this.#onStop);
    this.#process.on("SIGHUP", this.#onHangUp);
  }

  leave(): void {
    this.#process.off("exit", this.#restore);
    this.#process.off("SIGTSTP", this.#onStop);
    this.#process.off("SIGHUP", this.#onHangUp);
    this.#restore();
  }

  /** Ctrl-Z: the shell has the terminal until it lets this job go on. */
  suspend(isGroup = true): void {
    if (!this.#isTaken || this.#isStopped) return;
    this.#isStopped = true;
    this.leave();
    const onContinue = (): void => {
      this.#process.off("SIGCONT", onContinue);
      this.#isStopped = false;
      this.take();
      this.#onBack();
    };
    this.#process.on("SIGCONT", onContinue);
    this.#process.stop(isGroup);
  }

  readonly #onStop = (): void => this.suspend(false);

  readonly #restore = (): void => {
    if (!this.#isTaken) return;
    this.#isTaken = false;
    this.#terminal.output.write(RESTORE);
    this.#terminal.input.setRawMode?.(false);
  };
}
