import type { Commit } from "../../schema/ids.ts";
import { type ErrorCode, type Lasting, type Problem, TritterError } from "../errors.ts";
import type { Answer } from "./exchange.ts";
import { header } from "./headers.ts";
import { readText } from "./incoming.ts";
import type { RepoRef } from "./port.ts";
import { clean } from "./text.ts";
import type { Token } from "./token.ts";
import { pageUrl } from "./urls.ts";

/** What was being done, for the message and for the code that fits. */
export interface Subject {
  /** `cannot list dataset "o/n"`: begins every message. */
  readonly action: string;
  readonly repo: RepoRef;
  /** Set where the revision was a commit, whose absence is another matter than a branch's. */
  readonly commit: Commit | undefined;
}

/** Turns the Hub's refusals into what a person can act on. */
export interface Refusals {
  /** Reads the body of an answer that is neither 2xx nor worth a retry. */
  refusal(answer: Answer & { readonly url: URL }, subject: Subject): Promise<TritterError>;
  /** For an answer that retries may still cure: RATE_LIMITED or HUB. */
  temporary(answer: Answer & { readonly url: URL }, subject: Subject): Promise<TritterError>;
}

interface RefusalSettings {
  /** The endpoint, without trailing slash. */
  readonly base: string;
  readonly token: () => Promise<Token>;
  /** Whether the Hub knows the token; undefined: it cannot say. Asked at most once a run, since the Hub counts it dearly. */
  readonly tokenIsValid: () => Promise<boolean | undefined>;
}

/** Codes and texts of the Hub, seen in recorded answers and in the order its Python client judges them. */
export function createRefusals({ base, token, tokenIsValid }: RefusalSettings): Refusals {
  return { refusal, temporary };

  async function refusal(answer: Answer & { readonly url: URL }, subject: Subject): Promise<TritterError> {
    const mine = await token();
    const said = await whatIsSaid(answer, secretOf(mine));
    const tokenIsGood = said.status === 401 && mine.kind === "sent" ? await tokenIsValid() : undefined;
    return new TritterError(judge({ said, subject, base, token: mine, tokenIsGood }));
  }

  async function temporary(
    { status, headers, url }: Answer & { readonly url: URL },
    { action }: Subject,
  ): Promise<TritterError> {
    const details = requestId(headers, secretOf(await token()));
    if (status === 429) {
      const message = `${action}: "${url.host}" limits the rate of requests (429)`;
      return new TritterError({
        code: "RATE_LIMITED",
        message,
        hint: "try again in a few minutes; a token raises the limit",
        details,
      });
    }
    const message = `${action}: "${url.host}" answers with status ${status}`;
    return new TritterError({
      code: "HUB",
      message,
      hint: "try again later; what is fetched so far stays",
      details,
    });
  }
}

function secretOf(token: Token): string | undefined {
  return token.kind === "sent" ? token.value : undefined;
}

/** Ends the message of a refusal that says only this. */
const NO_ENTRY = "there is no such file or folder at that commit";

/** A listing of such a folder is empty. */
export function isAbsent(error: unknown): boolean {
  return error instanceof TritterError && error.code === "HUB" && error.message.endsWith(NO_ENTRY);
}

const RETRYABLE = new Set([408, 429, 500, 502, 503, 504]);

export function isRetryable(status: number): boolean {
  return RETRYABLE.has(status);
}

export function answersAreOk(status: number): boolean {
  return status >= 200 && status < 300;
}

interface Said {
  readonly status: number;
  /** X-Error-Code */
  readonly code: string | undefined;
  /** Cleaned; "" where the Hub gives no reason. */
  readonly text: string;
  readonly details: readonly string[];
  readonly url: URL;
}

interface Case {
  readonly said: Said;
  readonly subject: Subject;
  readonly base: string;
  readonly token: Token;
  readonly tokenIsGood: boolean | undefined;
}

function judge(it: Case): Problem {
  const { status, code, text } = it.said;
  if (code === "RevisionNotFound" || (status === 404 && /invalid rev id/i.test(text))) return revision(it);
  if (code === "EntryNotFound") return problem(it, "HUB", { is: NO_ENTRY });
  if (/fine-grained|required permissions/i.test(text)) return scope(it);
  if (code === "GatedRepo") return gated(it);
  if (status === 451 || (status === 403 && /is disabled/i.test(text))) return disabled(it);
  if (status === 401) return it.token.kind === "sent" ? badToken(it) : missing(it);
  if (status === 404 || code === "RepoNotFound") return missing(it);
  if (status === 403) return it.token.kind === "sent" ? scope(it) : noToken(it, "access is refused");
  return problem(it, "HUB", {
    is: `the Hub answers with status ${status}`,
    hint: "try again later; if it stays, report it with the lines above",
  });
}

function revision(it: Case): Problem {
  if (it.subject.commit === undefined) {
    return problem(it, "REVISION_NOT_FOUND", {
      is: "there is no such branch, tag or commit",
      hint: `look at ${page(it)}/tree/main, and correct "revision"`,
    });
  }
  const hint = `"tritter rescue" looks for the same bytes elsewhere, "tritter update" pins what is there now`;
  return problem(it, "PIN_GONE", { is: `commit ${it.subject.commit} is gone upstream`, hint });
}

function gated(it: Case): Problem {
  if (/awaiting a review/i.test(it.said.text)) {
    const hint = `wait for the owners to answer, then run this again; the request is at ${page(it)}`;
    return problem(it, "ACCESS_PENDING", {
      is: "your request for access awaits a review by the owners",
      hint,
      lasting: "gated",
    });
  }
  if (it.token.kind !== "sent") return { ...noToken(it, "the repository is gated"), lasting: "gated" };
  if (it.tokenIsGood === false) return badToken(it);
  const hint = `open ${page(it)} with the token's account and accept the terms`;
  return problem(it, "ACCESS_TERMS", {
    is: "the repository is gated and this account has not accepted its terms",
    hint,
    lasting: "gated",
  });
}

function noToken(it: Case, why: string): Problem {
  const withheld = withheldHint(it);
  if (withheld !== undefined)
    return problem(it, "ACCESS_NO_TOKEN", {
      is: `${why}, and your token was not sent to this host`,
      hint: withheld,
    });
  const hint = `accept the terms at ${page(it)}, then set HF_TOKEN to a token from ${it.base}/settings/tokens`;
  return problem(it, "ACCESS_NO_TOKEN", { is: `${why}, and no token is set`, hint });
}

function badToken(it: Case): Problem {
  if (it.tokenIsGood === true) return missing(it);
  const hint = `make a new token at ${it.base}/settings/tokens and set HF_TOKEN, or unset it for public repositories`;
  return problem(it, "ACCESS_BAD_TOKEN", {
    is: "the Hub does not accept the token: invalid, expired or revoked",
    hint,
  });
}

/** Lasting where the Hub says so, or gives no reason to somebody without a token; any other may be the word of a proxy or a mirror. */
function missing(it: Case): Problem {
  const isSaid = it.said.code === "RepoNotFound" || (it.said.status === 401 && it.token.kind !== "sent");
  const lasting = isSaid ? "missing" : undefined;
  if (it.token.kind === "sent") {
    const hint = `check the name at ${page(it)}; a private repository needs a token that may read it`;
    return problem(it, "REPO_NOT_FOUND", {
      is: "the repository does not exist, or is private and hidden from this token",
      hint,
      lasting,
    });
  }
  const hint =
    withheldHint(it) ??
    `check the name at ${page(it)}; for a private repository set HF_TOKEN to a token from ${it.base}/settings/tokens`;
  return problem(it, "REPO_NOT_FOUND", {
    is: "the repository does not exist, or is private and no token was sent",
    hint,
    lasting,
  });
}

function scope(it: Case): Problem {
  const hint = `at ${it.base}/settings/tokens let the token read this repository ("public gated repositories" for a gated one)`;
  const lasting = it.said.code === "GatedRepo" ? "gated" : undefined;
  return problem(it, "ACCESS_SCOPE", { is: "the token lacks the permission", hint, lasting });
}

function disabled(it: Case): Problem {
  return problem(it, "ACCESS_DISABLED", {
    is: "the Hub has disabled the repository",
    hint: `see ${page(it)}; a fallback or a mirror may have the data`,
    lasting: "disabled",
  });
}

/** A manifest may come from a stranger, so an endpoint that only it names gets no token by itself. */
function withheldHint({ token, base }: Case): string | undefined {
  if (token.kind !== "withheld") return undefined;
  const { host } = new URL(base);
  if (token.why === "plain") return `a token is sent over https only: use an https address of "${host}"`;
  return `if you trust "${host}" with your token, set TRITTER_TOKEN_HOSTS=${host}`;
}

function problem(
  { said, subject }: Case,
  code: ErrorCode,
  { is, hint, lasting }: { is: string; hint?: string; lasting?: Lasting | undefined },
): Problem {
  return {
    code,
    message: `${subject.action}: ${is}`,
    ...(hint !== undefined && { hint }),
    details: said.details,
    ...(lasting !== undefined && { lasting }),
  };
}

function page({ base, subject }: Case): string {
  return pageUrl(base, subject.repo);
}

async function whatIsSaid(answer: Answer & { readonly url: URL }, secret: string | undefined): Promise<Said> {
  const { status, headers, body, url } = answer;
  const announced = header(headers, "x-error-message");
  if (announced !== undefined) body.cancel();
  const text = clean(announced ?? (await bodyMessage(answer)), secret);
  const quote = text === "" ? [] : [`the Hub says (${status}): ${text}`];
  return {
    status,
    code: header(headers, "x-error-code"),
    text,
    details: [...quote, ...requestId(headers, secret)],
    url,
  };
}

/** API errors are `{"error": "…"}`, those of files plain text; HTML comes from something in between and says nothing. */
async function bodyMessage({ headers, body }: Answer): Promise<string> {
  const type = header(headers, "content-type") ?? "";
  const text = await readText(body, 64 * 1024, () => new Error("too long")).catch(() => "");
  if (type.startsWith("text/plain")) return text;
  if (!type.startsWith("application/json")) return "";
  try {
    const { error } = JSON.parse(text);
    return typeof error === "string" ? error : "";
  } catch {
    return "";
  }
}

function requestId(headers: Answer["headers"], secret: string | undefined): readonly string[] {
  const id =
    header(headers, "x-request-id") ?? header(headers, "x-amzn-trace-id") ?? header(headers, "x-amz-cf-id");
  return id === undefined ? [] : [`request id: ${clean(id, secret)}`];
}
