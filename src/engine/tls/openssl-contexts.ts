import { DEFAULT_CIPHERS, type SecureContextOptions } from "node:tls";
import { assert } from "../../base/assert.ts";
import { loadOpenssl } from "../openssl/openssl-calls.ts";
import { OpensslContext } from "../openssl/openssl-context.ts";
import { TlsSettingsError } from "./tls-error.ts";
import type { TlsServerOptions } from "./tls-options.ts";

/** The certificates of a listener, as Node has found them good. */
export interface NodeSettings {
  readonly defaults: SecureContextOptions;
  readonly all: readonly SecureContextOptions[];
  /** One of `all`; undefined: the default. */
  readonly forName: (serverName: string) => SecureContextOptions | undefined;
}

/**
 * What OpenSSL needs to serve `options` when it is called directly; undefined: Node's TLSSocket is to do it.
 * Throws TlsSettingsError where OpenSSL was asked for by name and cannot.
 */
export function makeOpensslContext(
  options: TlsServerOptions,
  settings: NodeSettings,
): OpensslContext | undefined {
  const { driver = "auto", clientCertificates = "none" } = options;
  if (driver === "node") return undefined;
  const shown = clientCertificates === "none" ? undefined : "clients show certificates";
  // Client certificates stay with Node, which has decades of cases behind how it judges them.
  const why = shown ?? whyNotOpenssl();
  try {
    if (why === undefined) return contextsOf(settings, options.applicationProtocols ?? []);
    if (driver === "openssl") throw new TlsSettingsError(`OpenSSL cannot be called directly: ${why}`);
  } catch (error) {
    // What Node can use, it does.
    if (driver === "openssl" || !(error instanceof TlsSettingsError)) throw error;
  }
  return undefined;
}

/** Why the OpenSSL inside Node is not called directly here; undefined: it can be. */
export function whyNotOpenssl(): string | undefined {
  try {
    loadOpenssl();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function contextsOf(
  { defaults, all, forName }: NodeSettings,
  applicationProtocols: readonly string[],
): OpensslContext {
  const contexts = new Map(all.map((settings) => [settings, contextOf(settings)]));
  const contextFor = (serverName: string): number | undefined => {
    const settings = forName(serverName);
    return settings === undefined ? undefined : contexts.get(settings)?.address;
  };
  const context = contextOf(defaults);
  // Each: once a name has been chosen, its context is the one that is asked for protocols.
  for (const each of [context, ...contexts.values()]) each.setChoices(contextFor, applicationProtocols);
  return context;
}

function contextOf(settings: SecureContextOptions): OpensslContext {
  const { cert, key, passphrase, ecdhCurve = "auto" } = settings;
  assert(typeof cert === "string" && typeof key === "string", "certificates and keys are PEM text here");
  try {
    return new OpensslContext({
      certificate: cert,
      key,
      ...(passphrase === undefined ? {} : { passphrase }),
      minVersion: settings.minVersion === "TLSv1.3" ? "TLSv1.3" : "TLSv1.2",
      secureOptions: settings.secureOptions ?? 0,
      sessionIdContext: settings.sessionIdContext ?? "",
      ticketSeconds: settings.sessionTimeout ?? 300,
      ciphers: settings.ciphers ?? DEFAULT_CIPHERS,
      ...(ecdhCurve === "auto" ? {} : { groups: ecdhCurve }),
    });
  } catch (error) {
    throw new TlsSettingsError(`the certificate cannot be used: ${(error as Error).message}`, error);
  }
}
