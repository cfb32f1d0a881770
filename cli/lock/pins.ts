/** Repository and commit. */
export interface Pin {
  readonly repo: string;
  readonly commit: string;
}

/**
 * The pins of a lock of another day, by source, without judging its files: it is only told about. undefined where the text is no
 * lock, as where a merge left it in pieces.
 */
export function pinsIn(text: string): ReadonlyMap<string, Pin> | undefined {
  const sources = membersOf(membersOf(parsed(withoutFiles(text)) ?? parsed(text))?.sources);
  if (sources === undefined) return undefined;
  const pins = new Map<string, Pin>();
  for (const [name, entry] of Object.entries(sources)) {
    const { repo, commit } = membersOf(entry) ?? {};
    if (typeof repo !== "string" || typeof commit !== "string") return undefined;
    pins.set(name, { repo, commit });
  }
  return pins;
}

/** Nearly all of a lock are lines of its files, each by itself. */
function withoutFiles(text: string): string {
  return text.replace(/^\{"path":.*\n/gm, "");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
