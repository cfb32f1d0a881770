import type { Question } from "../project/check.ts";
import { type Finding, findingsOf } from "./findings.ts";
import type { Result } from "./result.ts";

export type Check = Extract<Result, { readonly command: "check" }>;

export const QUESTIONS: readonly Question[] = ["lock", "policy", "disk", "upstream"];

/** What became of one question about one source. */
export type Answer =
  | { readonly kind: "good" }
  | { readonly kind: "bad"; readonly findings: readonly Finding[] }
  /** Nobody asked, or there was no answer. */
  | { readonly kind: "open"; readonly why: string };

/** By question and source; `undefined` stands for what is no single source's. */
export function answersOf(result: Check): (question: Question, source: string | undefined) => Answer {
  const byQuestion = new Map(
    QUESTIONS.map(
      (question) => [question, bySource(findingsOf(result.answers[question] ?? [], result))] as const,
    ),
  );
  const unlocked = new Set(result.stale.filter(({ why }) => why === "missing").map(({ source }) => source));
  return (question, source) => {
    const found = byQuestion.get(question);
    const findings = found?.get(source) ?? [];
    if (findings.length > 0) return { kind: "bad", findings };
    if (result.answers[question] === undefined) return { kind: "open", why: unasked(result) };
    if (source === undefined) return { kind: "good" };
    const whole = found?.get(undefined) ?? [];
    if (whole.length > 0)
      return { kind: "open", why: `no answer: ${whole.map(({ code }) => code).join(", ")}` };
    return unlocked.has(source) ? { kind: "open", why: "it is not in the lock" } : { kind: "good" };
  };
}

/** Of a lock, the policy is always asked. */
function unasked({ answers }: Check): string {
  return answers.policy === undefined ? "there is no lock" : "not asked";
}

function bySource(findings: readonly Finding[]): ReadonlyMap<string | undefined, readonly Finding[]> {
  const found = new Map<string | undefined, Finding[]>();
  for (const finding of findings) {
    const known = found.get(finding.source);
    if (known === undefined) found.set(finding.source, [finding]);
    else known.push(finding);
  }
  return found;
}
