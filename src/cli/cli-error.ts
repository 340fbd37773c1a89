/** The command worked. */
export const EXIT_OK = 0;
/** What was asked for could not be done: a port in use, no server, a refused login. */
export const EXIT_FAILED = 1;
/** The command line or the configuration makes no sense. */
export const EXIT_USAGE = 2;

/** Ends the command with one line on stderr. `cause` is for whoever debugs, not for the user. */
export class CliError extends Error {
  readonly code = "CLI";
  readonly exitCode: number;
  constructor(message: string, exitCode: number = EXIT_FAILED, options?: ErrorOptions) {
    super(message, options);
    this.name = "CliError";
    this.exitCode = exitCode;
  }
}
