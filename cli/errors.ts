/** Exit statuses, as documented in the README. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  stale: 3,
  drift: 4,
  digest: 5,
  access: 6,
  network: 7,
  space: 8,
  policy: 9,
  outdated: 10,
  gone: 11,
  disk: 12,
  hup: 129,
  int: 130,
  term: 143,
} as const;

/** One row per code in the README; the number is the exit status it leads to. */
export const CODES = {
  INTERNAL: EXIT.internal,
  USAGE: EXIT.usage,
  MANIFEST_MISSING: EXIT.usage,
  MANIFEST_INVALID: EXIT.usage,
  LOCK_INVALID: EXIT.usage,
  LOCK_EDITED: EXIT.usage,
  LOCK_VERSION: EXIT.usage,
  FACTS_INVALID: EXIT.usage,
  PATTERN_NO_MATCH: EXIT.usage,
  STRIP_OUTSIDE: EXIT.usage,
  PATH_COLLISION: EXIT.usage,
  REVISION_NOT_FOUND: EXIT.usage,
  NOT_IMPORTED: EXIT.usage,
  BUNDLE_INVALID: EXIT.usage,
  LOCK_MISSING: EXIT.stale,
  LOCK_STALE: EXIT.stale,
  DRIFT: EXIT.drift,
  CONFLICT: EXIT.drift,
  DIGEST_MISMATCH: EXIT.digest,
  FACTS_MISMATCH: EXIT.digest,
  SIGNATURE_REFUSED: EXIT.digest,
  ACCESS_NO_TOKEN: EXIT.access,
  ACCESS_TERMS: EXIT.access,
  ACCESS_PENDING: EXIT.access,
  ACCESS_BAD_TOKEN: EXIT.access,
  ACCESS_SCOPE: EXIT.access,
  ACCESS_DISABLED: EXIT.access,
  REPO_NOT_FOUND: EXIT.access,
  NETWORK: EXIT.network,
  HUB: EXIT.network,
  RATE_LIMITED: EXIT.network,
  OFFLINE: EXIT.network,
  LISTING_INCOMPLETE: EXIT.network,
  BUNDLE_INCOMPLETE: EXIT.network,
  NO_SPACE: EXIT.space,
  BUDGET: EXIT.space,
  NAME_REFUSED: EXIT.policy,
  LICENSE_REFUSED: EXIT.policy,
  TERMS_CHANGED: EXIT.policy,
  OBLIGATION: EXIT.policy,
  EXPECTATION: EXIT.policy,
  FALLBACK_REFUSED: EXIT.policy,
  PRUNE_BRAKE: EXIT.policy,
  OUTDATED: EXIT.outdated,
  PIN_GONE: EXIT.gone,
  DISK_REFUSED: EXIT.disk,
  ROOT_HELD: EXIT.disk,
  INTERRUPTED: EXIT.int,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof CODES;

/** Where in the manifest or the lock a failure stands. */
export interface Place {
  /** Absolute. */
  readonly file: string;
  /** 1-based */
  readonly line: number;
  /** 1-based, in characters */
  readonly column: number;
  /** Set where the problem is about several things: what is wrong with the one that stands here. */
  readonly message?: string;
  /** Set with `message`, where its next step is another than the problem's. */
  readonly hint?: string;
  /** Set with `message`, where that is about one source. */
  readonly source?: string;
}

/** What a report says of a failure; `hint` is the command or step to take next. */
export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  /** Set where the failure belongs to one source of the manifest. */
  readonly source?: string;
  /** Set where the failure belongs to one path below the root. */
  readonly path?: string;
  /** Further lines, already safe to print: code frames, lists of names. */
  readonly details?: readonly string[];
  /** Set where the Hub's own word is that a repository cannot be had, and waiting will not change it. */
  readonly lasting?: Lasting;
  /** Set where the failure can be pointed at in a document. */
  readonly places?: readonly Place[];
}

/** `gated`: without access. */
export type Lasting = "missing" | "gated" | "disabled";

/** The one error type. A message names the failed action, then a colon, then what is and what should be. */
export class TritterError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly source: string | undefined;
  readonly path: string | undefined;
  readonly details: readonly string[];
  readonly lasting: Lasting | undefined;
  readonly places: readonly Place[] | undefined;

  constructor(problem: Problem, cause?: unknown) {
    super(problem.message, { cause });
    this.name = "TritterError";
    this.code = problem.code;
    this.hint = problem.hint;
    this.source = problem.source;
    this.path = problem.path;
    this.details = problem.details ?? [];
    this.lasting = problem.lasting;
    this.places = problem.places;
  }
}

/** Several failures at once, none hiding another. */
export class TritterErrors extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => problem.message).join("\n"));
    this.name = "TritterErrors";
    this.problems = problems;
  }
}

export function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof TritterErrors) return error.problems;
  if (!(error instanceof TritterError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return [
      {
        code: "INTERNAL",
        message: text,
        hint: "this is a bug in tritter; please report it with the lines above",
      },
    ];
  }
  const { code, message, hint, source, path, details, lasting, places } = error;
  return [{ code, message, hint, source, path, details, lasting, places }];
}

/** When several things are wrong, all are reported and the first of these is the exit status. */
const ORDER: readonly number[] = [1, 2, 5, 9, 6, 11, 12, 8, 4, 3, 7, 10];

/** Those that decide the exit status first; in the order they came otherwise. */
export function worstFirst<T extends { readonly code: ErrorCode }>(problems: readonly T[]): readonly T[] {
  const rank = ({ code }: T) => ORDER.indexOf(CODES[code]);
  return [...problems].sort((a, b) => rank(a) - rank(b));
}

export function exitStatusOf(problems: readonly Problem[]): number {
  const found = new Set<number>(problems.map((problem) => CODES[problem.code]));
  if (found.has(EXIT.int)) return EXIT.int;
  return ORDER.find((status) => found.has(status)) ?? EXIT.ok;
}

/** The system's error code (`ENOENT`, …), or undefined where `error` has none: codes of libraries (`ERR_…`) tell of bugs. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^E(?!RR_)[A-Z0-9]+$/.test(code) ? code : undefined;
}
