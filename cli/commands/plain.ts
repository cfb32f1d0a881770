import type { Flags } from "./command.ts";

export interface PlainLine {
  readonly command: "sync" | "check";
  readonly names: readonly string[];
  readonly flags: Flags;
}

/**
 * The lines that most runs are called by, as `parseArgs` reads them, since loading what reads all lines takes longer
 * than to see that there is nothing to do. undefined for every other line, and for any that is wrong.
 */
export function plainLine([command, ...words]: readonly string[]): PlainLine | undefined {
  if (command !== "sync" && command !== "check") return undefined;
  const flags: Record<string, boolean> = { ...DEFAULTS[command] };
  const names: string[] = [];
  for (const word of words) {
    const member = MEMBERS[command].get(word);
    if (member !== undefined) flags[member] = true;
    else if (NAME.test(word)) names.push(word);
    else return undefined;
  }
  return flags.quiet && flags.verbose ? undefined : { command, names, flags };
}

const DEFAULTS = { sync: { fallback: true, adopt: true }, check: { disk: true } } as const;

const BOTH = [
  ["-q", "quiet"],
  ["--quiet", "quiet"],
  ["-v", "verbose"],
  ["--verbose", "verbose"],
  ["--json", "json"],
  ["--deep", "deep"],
] as const;

const MEMBERS = {
  sync: new Map<string, keyof Flags>([...BOTH, ["--locked", "locked"], ["--dry-run", "dryRun"]]),
  check: new Map<string, keyof Flags>(BOTH),
};

/** Of a source or a group, and no command's. */
const NAME = /^(?!help$)[A-Za-z][\w.-]*$/;
