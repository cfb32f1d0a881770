import { worstFirst } from "../errors.ts";
import type { SourceChange } from "../resolve/changes.ts";
import { type Answer, answersOf, type Check, QUESTIONS } from "./answers.ts";
import { changeText } from "./changes.ts";
import { dataTexts } from "./data.ts";
import type { Surroundings } from "./documents.ts";
import { type Finding, findingsOf } from "./findings.ts";
import { formatCount, formatNumber } from "./format.ts";
import { moveLines } from "./moves.ts";
import { isIdle, PLAIN, planLines, planTotals } from "./plan-lines.ts";
import type { Ending, Result } from "./result.ts";
import { safe } from "./safe.ts";
import { staleLines } from "./stale.ts";
import { textLines } from "./text.ts";

type Lines = readonly string[];

/** A comment on a pull request, or a job's summary: what a reader must know first, and the rest folded away. */
export async function markdownText(ending: Ending, surroundings: Surroundings): Promise<string> {
  const { command, result, problems, exit } = ending;
  const findings = worstFirst(findingsOf(problems, result));
  const count = formatCount(findings.length, "error");
  const verdict = exit === 0 ? await verdictOf(ending) : `${count}, exit status ${exit}`;
  const lines = [
    `### ${command === "" ? "tritter" : `tritter ${command}`}: ${md(verdict)}`,
    ...(result?.command === "check" ? checkTable(result, findings) : []),
    ...(await changeLines(result)),
    ...folded(count, findings.length === 0 ? [] : findingLines(findings, surroundings)),
    ...surroundings.warnings.flatMap((warning) => ["", `> **warning:** ${md(safe(warning))}`]),
  ];
  return `${lines.join("\n")}\n`;
}

async function verdictOf(ending: Ending): Promise<string> {
  const { result } = ending;
  switch (result?.command) {
    case "lock":
    case "update":
      return changesText(result.locked.resolution.changes.length);
    case "diff":
      if (result.locks !== undefined) return changesText(result.changes.length);
      return result.stale.length === 0 && (result.plan === undefined || isIdle(result.plan))
        ? "no differences"
        : "differences";
    default:
      return (await textLines(ending, PLAIN)).at(-1) ?? "done";
  }
}

function changesText(count: number): string {
  if (count === 0) return "nothing changes";
  return `${formatCount(count, "source")} ${count === 1 ? "changes" : "change"}`;
}

const MOST_ROWS = 50;

/** Sources with something wrong, and by question what; a question that was not asked has no column. */
function checkTable(result: Check, findings: readonly Finding[]): Lines {
  const asked = QUESTIONS.filter((question) => result.answers[question] !== undefined);
  const answer = answersOf(result);
  const names = [...new Set(findings.map(({ source }) => source))].sort((a = "", b = "") => (a < b ? -1 : 1));
  if (names.length === 0) return [];
  const rows = names.slice(0, MOST_ROWS).map((name) => {
    const cells = asked.map((question) => cellOf(answer(question, name)));
    return [name === undefined ? "(project)" : md(safe(name)), ...cells];
  });
  return [...table(["source", ...asked], rows), ...more(names.length - MOST_ROWS, "source")];
}

function cellOf(answer: Answer): string {
  if (answer.kind !== "bad") return answer.kind === "good" ? "ok" : "?";
  return [...new Set(answer.findings.map(({ code }) => `\`${code}\``))].join(", ");
}

function table(head: Lines, rows: readonly Lines[]): Lines {
  const line = (cells: Lines) => `| ${cells.join(" | ")} |`;
  return ["", line(head), line(head.map(() => "---")), ...rows.map(line)];
}

function more(count: number, noun: string): Lines {
  return count > 0 ? ["", `and ${formatCount(count, `more ${noun}`)}`] : [];
}

const MOST_FINDINGS = 50;

function findingLines(findings: readonly Finding[], { nameOf }: Surroundings): Lines {
  const lines = findings.slice(0, MOST_FINDINGS).flatMap(({ code, message, details, hint, place }) => {
    const where = place === undefined ? "" : ` (${md(safe(nameOf(place.file)))}:${place.line})`;
    const next = hint === undefined ? "" : ` (*${md(hint)}*)`;
    return [
      `- \`${code}\`${where} ${md(message)}${next}`,
      ...fenced(details, "text").map((line) => `  ${line}`),
    ];
  });
  return [...lines, ...more(findings.length - MOST_FINDINGS, "error")];
}

/** What lock, update and diff have to tell. */
async function changeLines(result: Result | undefined): Promise<Lines> {
  switch (result?.command) {
    case "lock":
    case "update":
      return changeTable(result.locked.resolution.changes);
    case "diff":
      return result.locks === undefined ? diffLines(result) : changeTable(result.changes);
    default:
      return [];
  }
}

async function changeTable(changes: readonly SourceChange[]): Promise<Lines> {
  if (changes.length === 0) return [];
  const { patchLines } = await import("./patch.ts");
  const rows = changes.map((change) => [md(safe(change.source)), changeCell(change)]);
  const [moved, others] = [true, false].map((moves) =>
    changes.filter(({ history }) => (history !== undefined) === moves),
  );
  const moves = (moved ?? []).flatMap((change) => [safe(change.source), ...moveLines(change, PLAIN)]);
  const patches = (others ?? []).flatMap((change) => patchLines(change, PLAIN.paint));
  return [
    ...table(["source", "change"], rows),
    ...folded("commits and files", fenced(moves, "text")),
    ...folded("files", fenced(patches, "diff")),
  ];
}

function changeCell(change: SourceChange): string {
  const data = change.data === undefined ? [] : dataTexts(change.data, PLAIN);
  return [changeText(change, PLAIN.paint), ...data].map(md).join("<br>");
}

function diffLines({ stale, plan }: Extract<Result, { readonly command: "diff" }>): Lines {
  const manifest = staleLines(stale, PLAIN.paint).flatMap((line) => [`- ${md(line)}`]);
  const disk = plan === undefined ? [] : planLines(plan, PLAIN);
  return [
    ...(manifest.length === 0 ? [] : ["", ...manifest]),
    ...(disk.length === 0 || plan === undefined ? [] : folded(planTotals(plan), fenced(disk, "text"))),
  ];
}

function folded(summary: string, lines: Lines): Lines {
  if (lines.length === 0) return [];
  return ["", `<details><summary>${md(summary)}</summary>`, "", ...lines, "", "</details>"];
}

const MOST_LINES = 200;

/** A fence longer than any run of its own sign within. */
function fenced(lines: Lines, language: string): Lines {
  if (lines.length === 0) return [];
  const rest = lines.length - MOST_LINES;
  const shown = rest > 0 ? [...lines.slice(0, MOST_LINES), `and ${formatNumber(rest)} more lines`] : lines;
  const longest = Math.max(2, ...shown.flatMap((line) => line.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return [`${fence}${language}`, ...shown, fence];
}

/**
 * Text that means nothing to Markdown or HTML, and that calls nobody: an invisible sign keeps GitHub from reading
 * names (`@owner`) and numbers (`#1`) as references.
 */
function md(text: string): string {
  return text
    .replace(/[\\`*_[\]<>&|~$!]/g, (sign) => ENTITIES[sign] ?? `\\${sign}`)
    .replace(/[@#](?=[\w-])/g, "$&\u200b");
}

const ENTITIES: Readonly<Record<string, string>> = { "<": "&lt;", ">": "&gt;", "&": "&amp;" };
