import { Agent, request } from "node:https";
import { connect } from "node:tls";
import { normalFingerprint } from "./tls-client.ts";
import { TlsError } from "./tls-error.ts";

/** What an HTTPS request brought. */
export interface PinnedAnswer {
  readonly status: number;
  readonly text: string;
}

export interface PinnedRequest {
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
}

/** The most that is taken of an answer, bytes. */
const ANSWER_LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * One HTTPS request to a server that is known by the SHA-256 of its certificate, whatever name it has. Nothing
 * is sent before the certificate was seen. Rejects with TlsError (FINGERPRINT) or Node's own error.
 */
export function requestPinned(url: URL, fingerprint: string, options: PinnedRequest): Promise<PinnedAnswer> {
  const wanted = normalFingerprint(fingerprint);
  const { method, headers = {}, body, timeoutMs = 30_000 } = options;
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    agent.createConnection = (_options, onConnected) => {
      const tls = connect({
        host: url.hostname.replaceAll(/^\[|\]$/g, ""),
        port: Number(url.port === "" ? 443 : url.port),
        rejectUnauthorized: false,
        ALPNProtocols: ["http/1.1"],
      });
      tls.once("error", (error) => onConnected?.(error, tls));
      tls.once("secureConnect", () => {
        const shown = tls.getPeerX509Certificate()?.fingerprint256;
        if (shown !== undefined && normalFingerprint(shown) === wanted) {
          onConnected?.(null, tls);
          return;
        }
        tls.destroy();
        onConnected?.(new TlsError("FINGERPRINT", "the server's certificate is not the one expected"), tls);
      });
      return undefined;
    };
    const sent = request(url, { agent, method, headers, timeout: timeoutMs }, (response) => {
      const pieces: Buffer[] = [];
      let byteCount = 0;
      response.on("data", (piece: Buffer) => {
        byteCount += piece.byteLength;
        if (byteCount > ANSWER_LIMIT_BYTES) sent.destroy(new Error("the answer is too long"));
        else pieces.push(piece);
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString("utf8") }),
      );
      response.on("error", reject);
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    sent.on("error", reject);
    sent.end(body);
  });
}
