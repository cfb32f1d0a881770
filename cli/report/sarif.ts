import { type ErrorCode, worstFirst } from "../errors.ts";
import { ADVICE } from "./advice.mjs";
import type { Surroundings } from "./documents.ts";
import { type Finding, findingsOf } from "./findings.ts";
import { meaningOf } from "./meanings.ts";
import type { Ending } from "./result.ts";
import { safe } from "./safe.ts";

/** A log of SARIF 2.1.0, as code scanning reads it: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
export function sarifText(ending: Ending, surroundings: Surroundings): string {
  const findings = worstFirst(findingsOf(ending.problems, ending.result));
  const codes = [...new Set(findings.map(({ code }) => code))];
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: { name: "tritter", semanticVersion: surroundings.version, rules: codes.map(ruleOf) },
        },
        invocations: [invocationOf(ending, surroundings)],
        columnKind: "utf16CodeUnits",
        results: numbered(findings).map(({ finding, key }) => ({
          ruleId: finding.code,
          ruleIndex: codes.indexOf(finding.code),
          level: "error",
          message: { text: messageOf(finding) },
          locations: [locationOf(finding, surroundings)],
          partialFingerprints: { "tritter/v1": key },
        })),
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

/** LOCK_STALE → LockStale, as viewers expect of a name. */
function ruleOf(code: ErrorCode): object {
  const name = code.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const markdown = `${ADVICE[code]} See "Errors" in README.md.`;
  return {
    id: code,
    name,
    shortDescription: { text: meaningOf(code) },
    help: { text: markdown.replaceAll("`", ""), markdown },
    defaultConfiguration: { level: "error" },
  };
}

/** A run that could not answer did not succeed as one, whatever it found. */
function invocationOf({ exit, result }: Ending, { warnings }: Surroundings): object {
  return {
    executionSuccessful: result !== undefined,
    exitCode: exit,
    toolExecutionNotifications: warnings.map((text) => ({ level: "warning", message: { text: safe(text) } })),
  };
}

/** Two findings that are about the same are told apart by their number. */
function numbered(findings: readonly Finding[]): readonly { finding: Finding; key: string }[] {
  const seen = new Map<string, number>();
  return findings.map((finding) => {
    const key = keyOf(finding);
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    return { finding, key: before === 0 ? key : `${key}:${before + 1}` };
  });
}

/** What stays the same while lines move and counts change: the code, and what it is about. */
function keyOf({ code, source, path, place }: Finding): string {
  const subject = path ?? source ?? place?.message;
  return subject === undefined ? code : `${code}:${safe(subject)}`;
}

/** Brackets before parentheses would be a link in a message. */
function messageOf({ message, details, hint }: Finding): string {
  const lines = [message, ...details, ...(hint === undefined ? [] : [`hint: ${hint}`])];
  return lines.join("\n").replace(/\[(?=[^\]\n]*\]\()/g, "\\[");
}

/** Code scanning drops results without a place: what has none is put down to the manifest. */
function locationOf({ place }: Finding, { manifest, nameOf }: Surroundings): object {
  const { file, line, column } = place ?? { file: manifest, line: 1, column: 1 };
  return {
    physicalLocation: {
      artifactLocation: uriOf(nameOf(file)),
      region: { startLine: line, startColumn: column },
    },
  };
}

function uriOf(name: string): object {
  const uri = name.split("/").map(encodeURIComponent).join("/");
  if (name.startsWith("/")) return { uri: `file://${uri}` };
  return /^[A-Za-z]:\//.test(name)
    ? { uri: `file:///${uri.replace("%3A", ":")}` }
    : { uri, uriBaseId: "%SRCROOT%" };
}
