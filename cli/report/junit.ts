import { CODES, EXIT, worstFirst } from "../errors.ts";
import type { Question } from "../project/check.ts";
import { type Answer, answersOf, type Check, QUESTIONS } from "./answers.ts";
import type { Surroundings } from "./documents.ts";
import { type Finding, findingsOf } from "./findings.ts";
import type { Ending } from "./result.ts";
import { safe } from "./safe.ts";

interface Suite {
  readonly name: string;
  readonly cases: readonly Case[];
}

interface Case {
  readonly name: string;
  readonly outcome:
    | { readonly kind: "passed" }
    | { readonly kind: "skipped"; readonly why: string }
    /** `error`: there was no answer; `failure`: the answer is no. */
    | { readonly kind: "failure" | "error"; readonly findings: readonly Finding[] };
}

/** What a test says where it passes. */
const TITLES: Readonly<Record<Question, string>> = {
  lock: "the lock fits the manifest",
  policy: "the lock keeps to policy and expectations",
  disk: "the disk equals the lock",
  upstream: "the Hub still has what is locked, and nothing newer",
};

/** The suite of what is no single source's; never empty, since a report without a test counts as a broken one. */
const PROJECT = "project";
const READABLE = "manifest and lock can be read";

/** JUnit's XML, within what the schemas of Surefire and Jenkins' xUnit plugin allow: a suite for each source, a case for each question. */
export function junitText(ending: Ending, { warnings }: Surroundings): string {
  const suites = ending.result?.command === "check" ? suitesOf(ending.result) : [failedSuite(ending)];
  const all = suites.flatMap(({ cases }) => cases);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: "tritter", tests: all.length, ...failed(all), time: seconds(ending.tookMs) })}>`,
    ...suites.flatMap((suite, at) => suiteLines(suite, at === 0 ? warnings : [])),
    "</testsuites>",
  ];
  return `${lines.join("\n")}\n`;
}

function suitesOf(result: Check): readonly Suite[] {
  const answer = answersOf(result);
  const caseOf = (question: Question, source: string | undefined): Case => ({
    name: TITLES[question],
    outcome: outcomeOf(answer(question, source)),
  });
  const project = QUESTIONS.filter((question) => answer(question, undefined).kind === "bad");
  const own: Case = { name: READABLE, outcome: { kind: "passed" } };
  return [
    { name: PROJECT, cases: [own, ...project.map((question) => caseOf(question, undefined))] },
    ...result.sources.map((name) => ({
      name,
      cases: QUESTIONS.map((question) => caseOf(question, name)),
    })),
  ];
}

function outcomeOf(answer: Answer): Case["outcome"] {
  switch (answer.kind) {
    case "good":
      return { kind: "passed" };
    case "open":
      return { kind: "skipped", why: answer.why };
    case "bad":
      return { kind: answer.findings.some(isError) ? "error" : "failure", findings: answer.findings };
    default:
      return answer satisfies never;
  }
}

/** Told from a plain "no": then there is nothing to mend in the project, but something in the way of the answer. */
function isError({ code }: Finding): boolean {
  return ERRORS.has(CODES[code]);
}

const ERRORS: ReadonlySet<number> = new Set([
  EXIT.internal,
  EXIT.usage,
  EXIT.access,
  EXIT.network,
  EXIT.space,
  EXIT.disk,
  EXIT.int,
]);

/** A run that ended before it could ask anything. */
function failedSuite({ problems, result, command }: Ending): Suite {
  const findings = findingsOf(problems, result);
  const name = command === "" ? "the command line can be read" : READABLE;
  return { name: PROJECT, cases: [{ name, outcome: outcomeOf({ kind: "bad", findings }) }] };
}

function suiteLines({ name, cases }: Suite, warnings: readonly string[]): readonly string[] {
  const skipped = cases.filter(({ outcome }) => outcome.kind === "skipped").length;
  const counts = { tests: cases.length, ...failed(cases), skipped, time: "0" };
  return [
    `<testsuite${attributes({ name, ...counts })}>`,
    ...cases.flatMap((one) => caseLines(name, one)),
    ...(warnings.length === 0 ? [] : [`<system-err>${xml(warnings.map(safe).join("\n"))}</system-err>`]),
    "</testsuite>",
  ];
}

function failed(cases: readonly Case[]): { failures: number; errors: number } {
  const count = (kind: string) => cases.filter(({ outcome }) => outcome.kind === kind).length;
  return { failures: count("failure"), errors: count("error") };
}

function caseLines(suite: string, { name, outcome }: Case): readonly string[] {
  const opening = `<testcase${attributes({ classname: `tritter.${suite}`, name, time: "0" })}`;
  switch (outcome.kind) {
    case "passed":
      return [`${opening}/>`];
    case "skipped":
      return [`${opening}>`, `<skipped${attributes({ message: outcome.why })}/>`, "</testcase>"];
    default:
      return [`${opening}>`, brokenLine(outcome.kind, outcome.findings), "</testcase>"];
  }
}

/** One element a case, since some readers take only the first. */
function brokenLine(kind: "failure" | "error", findings: readonly Finding[]): string {
  const [worst] = worstFirst(findings);
  const more = findings.length === 1 ? "" : ` (and ${findings.length - 1} more)`;
  const given = { message: `${worst?.message}${more}`, type: worst?.code ?? "" };
  return `<${kind}${attributes(given)}>${xml(findings.map(textOf).join("\n"))}</${kind}>`;
}

function textOf({ code, message, details, hint }: Finding): string {
  const rest = [...details, ...(hint === undefined ? [] : [`hint: ${hint}`])];
  return [`${code}: ${message}`, ...rest.map((line) => `  ${line}`)].join("\n");
}

function seconds(ms: number): string {
  return (Math.max(0, ms) / 1000).toFixed(3);
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${xml(String(value)).replaceAll("\n", "&#10;")}"`)
    .join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** XML 1.0 has no way to write most control characters, halves of a pair, U+FFFE and U+FFFF. */
function xml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");
}
