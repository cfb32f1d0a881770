import type { ErrorCode, Problem } from "../../errors.ts";

/** What a line is about, in the order they are told. */
export const TOPICS = [
  "node",
  "manifest",
  "lock",
  "policy",
  "endpoint",
  "proxy",
  "token",
  "access",
  "requests",
  "clock",
  "root",
  "links",
  "names",
  "plan",
  "space",
  "cache",
] as const;

export type Topic = (typeof TOPICS)[number];

/** One line of the page. */
export interface Finding {
  readonly topic: Topic;
  /** `fail`: the next sync would end with the status of `code`; `warn`: it would not, and one should know; `skipped`: not looked at. */
  readonly state: "ok" | "warn" | "fail" | "skipped";
  readonly message: string;
  /** The command or step to take next. */
  readonly hint?: string | undefined;
  /** Set where it is about one source. */
  readonly source?: string;
  /** Set where there is an error of that code, be it grave or not. */
  readonly code?: ErrorCode;
  /** Further lines. */
  readonly details?: readonly string[];
  /** What it was made of, as docs/json.md has it. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What came of one probe. */
export type Found<T> =
  | { readonly kind: "got"; readonly value: T }
  | { readonly kind: "refused"; readonly problem: Problem }
  /** Its deadline came first. */
  | { readonly kind: "late"; readonly ms: number };

export function said(
  topic: Topic,
  state: Finding["state"],
  message: string,
  more: Partial<Omit<Finding, "topic" | "state" | "message">> = {},
): Finding {
  return { topic, state, message, facts: {}, ...more };
}

/** A problem as a line: grave where the next sync would end by it. */
export function ofProblem(
  topic: Topic,
  problem: Problem,
  { grave, facts = {} }: { grave: boolean; facts?: Finding["facts"] },
): Finding {
  const { code, message, hint, source, details } = problem;
  const named = source === undefined ? {} : { source };
  const more = details === undefined || details.length === 0 ? {} : { details };
  return said(topic, grave ? "fail" : "warn", message, { hint, code, facts, ...named, ...more });
}

export function problemOf({ code = "INTERNAL", message, hint, source, details }: Finding): Problem {
  const known = { ...(source !== undefined && { source }), ...(details !== undefined && { details }) };
  return { code, message, ...(hint !== undefined && { hint }), ...known };
}
