import { pino } from "pino";
import type { CompletionPort } from "../engine/index.ts";
import { CliError, EXIT_FAILED } from "./cli-error.ts";
import type { PorticoConfig } from "./config-schema.ts";
import { LogFile } from "./log-file.ts";
import { jsonFormat, type LineFormat, prettyFormat } from "./log-format.ts";
import { mayColor, printError } from "./standard-streams.ts";

/** Where finished lines go. */
export interface LogSink {
  /** False: there is no room, and the line is lost. */
  write(line: string): boolean;
  /** Bytes that wait. */
  readonly queuedBytes: number;
  /** Opens the file again, under the same name, after somebody else moved it. */
  reopen(): void;
  /** Resolves when everything that was taken is written, or cannot be. */
  close(): Promise<void>;
}

/** The levels a setting may have. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/**
 * What is never logged, whatever a caller puts among the fields: a second fence, the first being that nobody
 * does. (Texts of messages are called `text` everywhere.)
 */
const secretFields = ["password", "newPassword", "token", "secret", "authorization", "passwordHash", "text"];

/**
 * A pino logger and where its lines go. When the sink has no room a line is lost rather than the server held
 * up; how many were is counted, and said in the log as soon as there is room again.
 */
export class LogOutput {
  readonly log: pino.Logger;
  readonly #sink: LogSink;
  readonly #format: LineFormat;
  #lostCount = 0;
  /** Of these, those that the log has told of. */
  #toldCount = 0;
  /** The line that is written now tells of them. */
  #isTelling = false;

  constructor(level: LogLevel, sink: LogSink, format: LineFormat) {
    this.#sink = sink;
    this.#format = format;
    this.log = pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        redact: {
          paths: secretFields.flatMap((name) => [name, `*.${name}`]),
          censor: "(not shown)",
        },
      },
      { write: (line) => this.#write(line) },
    );
  }

  get level(): LogLevel {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no other was set
    return this.log.level as LogLevel;
  }

  set level(level: LogLevel) {
    this.log.level = level;
  }

  get queuedBytes(): number {
    return this.#sink.queuedBytes;
  }

  /** Lines that were lost since the start. */
  get lostLineCount(): number {
    return this.#lostCount;
  }

  /** Says how many lines were lost, if any were that was not said of. */
  tellLost(): void {
    const lines = this.#lostCount - this.#toldCount;
    if (lines === 0 || this.#isTelling) return;
    this.#isTelling = true;
    this.log.warn({ lines }, "log lines were lost: they came faster than they could be written");
    this.#isTelling = false;
  }

  reopen(): void {
    this.#sink.reopen();
  }

  close(): Promise<void> {
    return this.#sink.close();
  }

  #write(line: string): void {
    const isWritten = this.#sink.write(this.#format(line));
    if (!this.#isTelling) {
      if (isWritten) this.tellLost();
      else this.#lostCount++;
    } else if (isWritten) {
      this.#toldCount = this.#lostCount;
    }
  }
}

/** A stream of the process. Whoever does not read it holds the server up, as the operating system has it. */
export function streamSink(stream: NodeJS.WritableStream): LogSink {
  return {
    write: (line) => {
      stream.write(line);
      return true;
    },
    queuedBytes: 0,
    reopen: () => undefined,
    close: () => Promise.resolve(),
  };
}

/**
 * What `portico serve` logs to, as the settings say: a file that is written by the port, or the standard error
 * stream. Rejects with CliError when the file cannot be opened.
 */
export async function openLogOutput(
  settings: PorticoConfig["log"],
  port: CompletionPort,
): Promise<LogOutput> {
  const { level, format, file: path, maxBytes, keep, queue: queueBytes } = settings;
  if (path === "") {
    const { stderr } = process;
    const isForPeople = format === "pretty" || (format === "auto" && stderr.isTTY);
    const chosen = isForPeople ? prettyFormat(mayColor(stderr)) : jsonFormat;
    return new LogOutput(level, streamSink(stderr), chosen);
  }
  const onTrouble = (error: Error): void => printError(`portico: the log file ${path}: ${error.message}`);
  let output: LogOutput | undefined;
  const onRoom = (): void => output?.tellLost();
  try {
    const file = await LogFile.open(port, { path, maxBytes, keep, queueBytes, onTrouble, onRoom });
    output = new LogOutput(level, file, format === "pretty" ? prettyFormat(false) : jsonFormat);
    return output;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`the log file ${path} cannot be opened: ${why}`, EXIT_FAILED, { cause: error });
  }
}
