/** The part of `fetch` that is used: tests and fixtures give their own. */
export type FetchLike = (url: string, init: FetchInit) => Promise<FetchAnswer>;

export interface FetchInit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** No cookie is sent or kept: the token alone says who asks. */
  readonly credentials: "omit";
  readonly cache: "no-store";
  readonly redirect: "error";
}

export interface FetchAnswer {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

export interface AdminClientOptions {
  readonly fetch: FetchLike;
  readonly token: string;
  /** An answer is waited for this long. Default 10 s. */
  readonly timeoutMs?: number;
}

/** Values of the query; those that are undefined or empty are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * The server refused (`code` is the API's: TOKEN, INVALID, REFUSED, …) or was not reached:
 * `code` UNREACHABLE (no connection), TIMEOUT (no answer in time), NOT_PORTICO (an answer of something else).
 */
export class AdminApiError extends Error {
  readonly code: string;
  /** The HTTP status; 0: there was no answer. */
  readonly status: number;
  /** How long to wait before asking again; 0: not said. */
  readonly retryAfterMs: number;

  constructor(code: string, status: number, message: string, retryAfterMs = 0, options?: ErrorOptions) {
    super(message, options);
    this.name = "AdminApiError";
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }

  /** The server was not reached, or has not answered: what is shown may be old. */
  get isSilence(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 504;
  }

  /** The token is wrong (any more). */
  get isSignedOut(): boolean {
    return this.status === 401;
  }
}

const ROOT = "/api/admin";
const TIMEOUT_MS = 10_000;

/** Asks the admin API. Answers have the shapes of src/admin/api/schemas.ts: same server, same version. */
export class AdminClient {
  readonly #fetch: FetchLike;
  readonly #token: string;
  readonly #timeoutMs: number;

  constructor({ fetch, token, timeoutMs = TIMEOUT_MS }: AdminClientOptions) {
    this.#fetch = fetch;
    this.#token = token;
    this.#timeoutMs = timeoutMs;
  }

  /** Rejects with AdminApiError, or with the reason of `signal` when that ends it. */
  get<Result>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Result> {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== "") parameters.set(name, String(value));
    }
    const search = parameters.size > 0 ? `?${parameters.toString()}` : "";
    return this.#ask("GET", `${path}${search}`, undefined, signal);
  }

  /** POSTs `body` as JSON; rejects like get. */
  send<Result>(path: string, body: object): Promise<Result> {
    return this.#ask("POST", path, body, undefined);
  }

  async #ask<Result>(
    method: string,
    path: string,
    body: object | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    let answer: FetchAnswer;
    let text: string;
    try {
      answer = await this.#fetch(`${ROOT}${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${this.#token}`,
          Accept: "application/json",
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
        credentials: "omit",
        cache: "no-store",
        redirect: "error",
      });
      text = await answer.text();
    } catch (error) {
      if (signal?.aborted === true) throw error;
      const code = timeout.aborted ? "TIMEOUT" : "UNREACHABLE";
      throw new AdminApiError(code, 0, "the server does not answer", 0, { cause: error });
    }
    const value = parse(text);
    if (answer.ok && value !== undefined) return value as Result;
    throw refusal(answer, value);
  }
}

/** `{"error": {"code", "message", "retryAfterMs"}}`: schemas.ts, failure. */
function refusal(answer: FetchAnswer, value: unknown): AdminApiError {
  const { code, message, retryAfterMs } = fieldsOf(fieldsOf(value).error);
  const seconds = Number(answer.headers.get("Retry-After") ?? "0");
  const fromHeaderMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
  return new AdminApiError(
    typeof code === "string" ? code : "NOT_PORTICO",
    answer.status,
    typeof message === "string" ? message : `the answer was HTTP ${answer.status}`,
    typeof retryAfterMs === "number" ? retryAfterMs : fromHeaderMs,
  );
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
