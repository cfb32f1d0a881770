import { TritterError } from "../errors.ts";

/** What went wrong between here and `host`, in words. `fatal`: trying again cannot help. */
interface Trouble {
  readonly what: string;
  readonly hint: string;
  readonly fatal: boolean;
}

/** undefined: not an error of the connection, so a bug that must not be dressed up as one. */
export function troubleOf(error: unknown): Trouble | undefined {
  const code = codeOf(error) ?? codeOf(innermost(error));
  // In a tunnel, and forwarded, where the client takes it for a mistake in how it was called.
  const proxy = /^Proxy .*\((\d+)\)/.exec(error instanceof Error ? error.message : "")?.[1];
  if (code === undefined || (proxy === undefined && BUGS.has(code))) return undefined;
  if (proxy !== undefined) {
    return {
      what: `the proxy refused the connection with status ${proxy}`,
      hint: "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY",
      fatal: true,
    };
  }
  if (CERTIFICATE.test(code) && WORDS[code] === undefined) {
    const hint = "if your network has its own certificate authority, name its PEM file in SSL_CERT_FILE";
    return { what: `its certificate is not trusted (${code})`, hint, fatal: true };
  }
  const hint = "check the network and try again, or use --offline with what is here";
  return { what: WORDS[code] ?? `the connection failed (${code})`, hint, fatal: GONE.has(code) };
}

export function networkError(
  trouble: Trouble,
  action: string,
  { host, cause }: { host: string; cause: unknown },
): TritterError {
  return new TritterError(
    { code: "NETWORK", message: `${action}: "${host}": ${trouble.what}`, hint: trouble.hint },
    cause,
  );
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused (ECONNREFUSED)",
  ECONNRESET: "the connection broke off (ECONNRESET)",
  EPIPE: "the connection broke off (EPIPE)",
  ENOTFOUND: "no such host name (ENOTFOUND)",
  EAI_AGAIN: "the host name cannot be looked up now (EAI_AGAIN)",
  ETIMEDOUT: "the connection timed out (ETIMEDOUT)",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not answer in TLS (ERR_SSL_WRONG_VERSION_NUMBER)",
  UND_ERR_CONNECT_TIMEOUT: "no connection in time",
  UND_ERR_HEADERS_TIMEOUT: "no answer in time",
  UND_ERR_BODY_TIMEOUT: "the body stalled",
  UND_ERR_SOCKET: "the connection broke off",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "the body is not as long as announced",
  UND_ERR_DESTROYED: "the connections were closed",
  UND_ERR_CLOSED: "the connections were closed",
};

const BUGS = new Set(["UND_ERR_INVALID_ARG", "UND_ERR_NOT_SUPPORTED"]);
const GONE = new Set(["UND_ERR_DESTROYED", "UND_ERR_CLOSED"]);
const CERTIFICATE =
  /^(?:CERT_|ERR_TLS_CERT|ERR_SSL|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|UND_ERR_PRX_TLS|INVALID_CA)/;

/** The system's, or that of the client or of TLS. */
function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** A dual-stack connection fails with one error per address. */
function innermost(error: unknown): unknown {
  if (error instanceof AggregateError) return error.errors[0];
  return error instanceof Error ? error.cause : undefined;
}
