import { worstFirst } from "../errors.ts";
import type { Surroundings } from "./documents.ts";
import { type Finding, findingsOf } from "./findings.ts";
import { formatCount } from "./format.ts";
import { PLAIN } from "./plan-lines.ts";
import type { Ending } from "./result.ts";
import { safe } from "./safe.ts";
import { textLines } from "./text.ts";

/**
 * Workflow commands, which GitHub turns into annotations: the worst first, since it shows ten of a kind a step.
 *   ::error file=tritter.yaml,line=12,col=5,title=LICENSE_REFUSED::source "code": …%0Ahint: …
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export async function githubText(ending: Ending, { warnings, nameOf }: Surroundings): Promise<string> {
  const findings = worstFirst(findingsOf(ending.problems, ending.result));
  const lines = [
    ...findings.map((finding) => errorCommand(finding, nameOf)),
    ...warnings.map((message) => command("warning", { title: "tritter" }, safe(message))),
    await lastLine(ending, `${formatCount(findings.length, "error")}, exit status ${ending.exit}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** Numbers alone, and nothing from outside: the runner looks for commands in plain lines too. */
async function lastLine({ command: name, ...ending }: Ending, errors: string): Promise<string> {
  const answer = ending.exit === 0 ? (await textLines({ command: name, ...ending }, PLAIN)).at(-1) : errors;
  return `${name === "" ? "tritter" : `tritter ${name}`}: ${answer}`;
}

function errorCommand(finding: Finding, nameOf: (file: string) => string): string {
  const { code, message, details, hint, place } = finding;
  const at = place && { file: safe(nameOf(place.file)), line: place.line, col: place.column };
  const lines = [message, ...details, ...(hint === undefined ? [] : [`hint: ${hint}`])];
  return command("error", { ...at, title: code }, lines.join("\n"));
}

function command(name: string, properties: Readonly<Record<string, string | number>>, data: string): string {
  const written = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(String(value))}`);
  return `::${name} ${written.join(",")}::${escapeData(data)}`;
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
