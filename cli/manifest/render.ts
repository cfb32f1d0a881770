import type { Issue } from "../../schema/issues.ts";

/** Lines for a person, in the order of the file: `tritter.yaml:12:5: error: …`, the frame, the hint. */
export function renderIssues(file: string, issues: readonly Issue[]): string[] {
  const sorted = [...issues].sort(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
  return sorted.flatMap((issue) => renderIssue(file, issue));
}

function renderIssue(file: string, { severity, message, line, column, frame, hint }: Issue): string[] {
  const where = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  const lines = [`${where}: ${severity}: ${message}`, ...(frame ?? []).map((one) => `  ${one}`)];
  return hint === undefined ? lines : [...lines, `  ${hint}`];
}
