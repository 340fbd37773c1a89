import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { makeCertificate } from "../engine/index.ts";
import { CliError, EXIT_FAILED, EXIT_USAGE } from "./cli-error.ts";

const DAY_MS = 86_400_000;
/** Clocks of other machines may be behind. */
const BACKDATED_MS = 3_600_000;

export interface CertOptions {
  /** DNS names and addresses. */
  readonly names: readonly string[];
  readonly directory: string;
  readonly days: number;
  /** Whether files that are there are written over. */
  readonly force: boolean;
  readonly clock: Clock;
}

/** `portico cert`: writes cert.pem and key.pem; returns the lines to print. Throws CliError. */
export function runCert({ names, directory, days, force, clock }: CertOptions): readonly string[] {
  const nowMs = clock.wallMs();
  const certificateFile = join(directory, "cert.pem");
  const keyFile = join(directory, "key.pem");
  const present = [certificateFile, keyFile].find((file) => existsSync(file));
  if (present !== undefined && !force) {
    throw new CliError(`${present} is there already; --force writes over it`, EXIT_FAILED);
  }
  const { certificate, key, fingerprint } = made(names, nowMs - BACKDATED_MS, nowMs + days * DAY_MS);
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(keyFile, key, { mode: 0o600 });
    writeFileSync(certificateFile, certificate);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`${directory} cannot be written to: ${why}`, EXIT_FAILED, { cause: error });
  }
  return [
    `certificate  ${certificateFile}`,
    `key          ${keyFile}`,
    `for          ${names.join(", ")}; ${days} days`,
    `fingerprint  ${fingerprint}`,
    "",
    "It is self-signed: for trying out. Nobody trusts it unless told to. To use it:",
    `  npm run portico -- serve --set packets.tls=true --set http.tls=true --set tls.certificate=${certificateFile} --set tls.key=${keyFile}`,
    `  npm run portico -- chat --user mina --fingerprint ${fingerprint}`,
  ];
}

function made(names: readonly string[], validFromMs: number, validToMs: number) {
  try {
    return makeCertificate({ names, validFromMs, validToMs });
  } catch (error) {
    if (error instanceof TypeError) throw new CliError(error.message, EXIT_USAGE, { cause: error });
    throw error;
  }
}
