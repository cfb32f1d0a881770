import type { Issue } from "../../schema/issues.ts";
import { codeFrame } from "./frame.ts";

/** Where a merge was left to a person: of such a text YAML complains many times, and never of what is wrong. */
export function conflictsIn(text: string): readonly Issue[] {
  return text.split(/\r?\n/).flatMap((whole, index): Issue[] => {
    const marker = /^<{7,}(?= |$)/.exec(whole)?.[0];
    if (marker === undefined) return [];
    const at = { line: index + 1, column: 1 };
    return [
      {
        severity: "error",
        message: "conflict markers of a merge: should be the lines of one side, or of both",
        ...at,
        frame: codeFrame(whole, at, marker.length),
      },
    ];
  });
}
