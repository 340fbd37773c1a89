import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { BackendChoice, TlsClientOptions } from "../engine/index.ts";
import { CliError, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from "./cli-error.ts";
import { printError, printLine, surviveBrokenPipes } from "./standard-streams.ts";
import { packageVersion } from "./version.ts";

const EXAMPLES = `
Examples:
  portico serve                                  a server on 127.0.0.1:9000, data in ./portico-data
  portico serve --packets 0.0.0.0:9000 --data /var/lib/portico
  portico serve --set limits.text=8000B --set login.guests=true
  portico chat --user mina                       talk; asks for the password
  portico chat --user mina --register            … with a new account
  portico chat --user mina --json                for scripts: docs/TERMINAL.md
  echo "deployed" | PORTICO_PASSWORD=… portico chat --user bot
  portico echo --port 7000 --backend libuv       send every byte back
  portico user add mina --admin                  an account for an administrator
  portico backup /backups/portico.db             also while the server runs
  portico cert                                   a certificate for trying out TLS: docs/TLS.md
  portico doctor                                 what works here, and what does not
  portico health                                 whether the server on this machine lives
  portico bench echo                             measure

With npm: npm run portico -- serve`;

/** Commands whose flags are the settings: what they need is loaded only for them. */
const WITH_SETTINGS = ["serve", "config", "doctor", "health"];

/** Runs a command line and returns the exit code: 0 done, 1 it could not be done, 2 it makes no sense. */
export async function runCli(args: readonly string[]): Promise<number> {
  surviveBrokenPipes();
  const outcome = { exitCode: EXIT_OK };
  const program = await makeProgram(args, outcome);
  try {
    await program.parseAsync([...args], { from: "user" });
    return outcome.exitCode;
  } catch (error) {
    return exitCodeOf(error);
  }
}

async function makeProgram(args: readonly string[], outcome: { exitCode: number }): Promise<Command> {
  const program = new Command("portico");
  program
    .description("A chat server on a completion-port engine, its client and its tools.")
    .version(packageVersion(), "-V, --version")
    .addHelpText("after", EXAMPLES)
    .enablePositionalOptions()
    .showHelpAfterError("(portico --help, or portico <command> --help, lists what there is)")
    .exitOverride();
  const withSettings = async (command: Command): Promise<Command> => {
    if (!args.some((arg) => WITH_SETTINGS.includes(arg))) return command;
    const { addSettingFlags } = await import("./setting-flags.ts");
    addSettingFlags(command);
    return command;
  };
  await addServe(program, withSettings);
  addChat(program);
  addEcho(program);
  addCert(program);
  addBench(program, outcome);
  await addConfig(program, withSettings);
  await addDoctor(program, withSettings, outcome);
  await addHealth(program, withSettings);
  await addAdministration(program, args);
  return program;
}

type WithSettings = (command: Command) => Promise<Command>;

async function addServe(program: Command, withSettings: WithSettings): Promise<void> {
  const command = await withSettings(program.command("serve").description("run the chat server"));
  command.action(async () => {
    const { loadSettings } = await import("./setting-flags.ts");
    const { config } = loadSettings(command);
    const { runServe } = await import("./serve.ts");
    await runServe({ config, reload: () => loadSettings(command).config });
  });
}

function addChat(program: Command): void {
  program
    .command("chat")
    .description("talk in the terminal, or from a pipe")
    .option("--user <name>", "who you are (needed)")
    .option("--server <host:port>", "where the server is", "127.0.0.1:9000")
    .option(
      "--password <password>",
      "others on this machine can see it; else PORTICO_PASSWORD, else it is asked for",
    )
    .option("--register", "make a new account", false)
    .option("--invitation <code>", "for a new account, where the server wants one")
    .option("--guest", "without an account, where the server allows it", false)
    .option("--tls", "the server speaks TLS, with a certificate that this machine trusts", false)
    .option("--fingerprint <sha256>", "the server speaks TLS, with the certificate of this SHA-256")
    .option("--ca <file>", "the server speaks TLS, with a certificate of this authority (PEM)")
    .option("--json", "for scripts: requests in, events and answers out, one JSON object on each line", false)
    .option("--no-remember", "keep nothing for the next login")
    .action(
      async (options: {
        user?: string;
        server: string;
        password?: string;
        register: boolean;
        guest: boolean;
        invitation?: string;
        tls: boolean;
        fingerprint?: string;
        ca?: string;
        json: boolean;
        remember: boolean;
      }) => {
        const { user, guest, register } = options;
        // Not commander's requiredOption: that one complains before it has looked at a mistyped flag.
        if (user === undefined) throw new CliError("chat needs --user NAME: who you are", EXIT_USAGE);
        if (guest && register) throw new CliError("--guest and --register contradict each other", EXIT_USAGE);
        const { runChat } = await import("./chat/chat.ts");
        await runChat({
          ...options,
          user,
          password: options.password,
          invitation: options.invitation,
          tls: tlsOf(options),
        });
      },
    );
}

/** What `chat` was told of TLS; undefined: plain. */
function tlsOf(options: { tls: boolean; fingerprint?: string; ca?: string }): TlsClientOptions | undefined {
  const { tls, fingerprint, ca } = options;
  if (!tls && fingerprint === undefined && ca === undefined) return undefined;
  return {
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(ca === undefined ? {} : { ca: readAuthority(ca) }),
  };
}

function readAuthority(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`--ca ${path} cannot be read: ${why}`, EXIT_USAGE, { cause: error });
  }
}

function addCert(program: Command): void {
  program
    .command("cert")
    .description("make a self-signed certificate for trying out TLS")
    .option(
      "--name <name>",
      "a host name or an address that it is for; may be repeated (default: localhost, 127.0.0.1, ::1)",
      (name: string, names: string[] | undefined) => [...(names ?? []), name],
    )
    .option("--out <directory>", "where cert.pem and key.pem are written", "./portico-tls")
    .option("--days <number>", "how long it is valid", wholeDays, 365)
    .option("--force", "write over files that are there", false)
    .action(async (options: { name?: string[]; out: string; days: number; force: boolean }) => {
      const { runCert } = await import("./cert.ts");
      const { realClock } = await import("../base/clock.ts");
      const names = options.name ?? ["localhost", "127.0.0.1", "::1"];
      const { out: directory, days, force } = options;
      for (const line of runCert({ names, directory, days, force, clock: realClock })) printLine(line);
    });
}

function addEcho(program: Command): void {
  program
    .command("echo")
    .description("a raw byte echo server on the engine")
    .option("--host <address>", "where to listen", "127.0.0.1")
    .option("--port <number>", "0: a free one", wholePort, 7000)
    .addOption(
      new Option("--backend <backend>", "completion port")
        .choices(["auto", "uring", "iocp", "libuv"] satisfies BackendChoice[])
        .default("auto"),
    )
    .action(async (options: { host: string; port: number; backend: BackendChoice }) => {
      const { socketAddress } = await import("../engine/index.ts");
      const { runEcho } = await import("./echo.ts");
      await runEcho({ address: socketAddress(options.host, options.port), backend: options.backend });
    });
}

function addBench(program: Command, outcome: { exitCode: number }): void {
  program
    .command("bench")
    .description("measure this and other servers (portico bench --help)")
    .argument("[args...]")
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (args: string[]) => {
      const { runBenchCommand } = await import("./bench.ts");
      outcome.exitCode = await runBenchCommand(args);
    });
}

async function addConfig(program: Command, withSettings: WithSettings): Promise<void> {
  const command = await withSettings(
    program
      .command("config")
      .description("print the settings that serve would use, and where each comes from"),
  );
  command.action(async () => {
    const { loadSettings } = await import("./setting-flags.ts");
    const { formatConfig } = await import("./config.ts");
    printLine(formatConfig(loadSettings(command)).trimEnd());
  });
}

async function addDoctor(
  program: Command,
  withSettings: WithSettings,
  outcome: { exitCode: number },
): Promise<void> {
  const command = await withSettings(
    program.command("doctor").description("try everything that serve needs"),
  );
  command.action(async () => {
    const { loadSettings } = await import("./setting-flags.ts");
    const { config } = loadSettings(command);
    const { runDoctor } = await import("./doctor.ts");
    const isFit = await runDoctor({
      version: packageVersion(),
      packets: config.packets.address,
      http: config.http.address,
      dataDirectory: config.data.directory,
    });
    if (!isFit) outcome.exitCode = EXIT_FAILED;
  });
}

async function addHealth(program: Command, withSettings: WithSettings): Promise<void> {
  const command = await withSettings(
    program
      .command("health")
      .description("ask the server that runs with these settings on this machine how it is")
      .option("--ready", "whether it takes clients, not only whether it lives", false)
      .option("--timeout <seconds>", "how long it may take to answer", wholeSeconds, 2),
  );
  command.action(async ({ ready, timeout }: { ready: boolean; timeout: number }) => {
    const { loadSettings } = await import("./setting-flags.ts");
    const { config } = loadSettings(command);
    const { runHealth } = await import("./health.ts");
    printLine(await runHealth({ config, ready, timeoutMs: 1000 * timeout }));
  });
}

/** Commands of administration, loaded when one of them, or help, is asked for. */
async function addAdministration(program: Command, args: readonly string[]): Promise<void> {
  const [command = "--help"] = args;
  if (["serve", "chat", "echo", "cert", "bench", "config", "doctor", "health"].includes(command)) return;
  const { addUserCommand } = await import("./admin/user-command.ts");
  const { addRoomCommand } = await import("./admin/room-command.ts");
  const { addServerCommands } = await import("./admin/server-commands.ts");
  addUserCommand(program);
  addRoomCommand(program);
  addServerCommands(program);
}

function wholePort(text: string): number {
  const port = Number(text);
  if (text.trim() === "" || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidArgumentError("Expected a whole number from 0 to 65535.");
  }
  return port;
}

function wholeSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 60) {
    throw new InvalidArgumentError("Expected a whole number from 1 to 60.");
  }
  return seconds;
}

function wholeDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 3650) {
    throw new InvalidArgumentError("Expected a whole number from 1 to 3650.");
  }
  return days;
}

/** Codes of errors that mean that what was asked for makes no sense. */
const USAGE_CODES = new Set(["CONFIG", "BAD_SETTING", "BAD_ADDRESS", "BAD_TLS"]);

/** Codes of errors that say all there is to say in their message. */
const KNOWN_CODES = new Set([
  "ADDRESS_IN_USE",
  "ADDRESS_DENIED",
  "ADDRESS_UNAVAILABLE",
  "LISTEN_FAILED",
  "BACKEND_UNAVAILABLE",
  "DATA_UNUSABLE",
  "DATA_LOCKED",
  "DATA_TOO_NEW",
  "STORE_UNUSABLE",
  "STORE_LOCKED",
  "STORE_TOO_NEW",
  "STORE_BUSY",
  "WRITE_FAILED",
]);

/** Says what went wrong, where commander has not done so already. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
  if (error instanceof CliError) {
    printError(`portico: ${error.message}`);
    return error.exitCode;
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (error instanceof Error && (USAGE_CODES.has(code) || KNOWN_CODES.has(code))) {
    printError(`portico: ${error.message}`);
    return USAGE_CODES.has(code) ? EXIT_USAGE : EXIT_FAILED;
  }
  printError(
    `portico: this is a bug of Portico: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return EXIT_FAILED;
}
