import type { LockedSource } from "../../schema/lock.ts";

/** A source of a lock laid out as tritter writes it, and where its file lines stand among the lock's bytes. */
export interface Section extends Pick<LockedSource, "name" | "path" | "strip"> {
  /** Offset of the first line, and the one behind the last. */
  readonly from: number;
  readonly to: number;
}

/**
 * Where the files of a lock are, without reading them: for a lock whose every byte was read and judged before, as the
 * digest in a packed receipt says. undefined where it is not laid out in lines, so that files could stand elsewhere.
 */
export function layoutOf(bytes: Buffer): readonly Section[] | undefined {
  const lines: { from: number; to: number }[] = [];
  const rest: string[] = [];
  let at = 0;
  for (let next = bytes.indexOf(FIRST, at); next >= 0; next = bytes.indexOf(FIRST, at)) {
    const from = next + FIRST.length;
    // One character back: a list of no files has no line.
    const end = bytes.indexOf(LAST, from - 1);
    if (end < 0) return undefined;
    lines.push({ from, to: end + 1 });
    rest.push(bytes.toString("utf8", at, from));
    at = end + 1;
  }
  rest.push(bytes.toString("utf8", at));
  const heads = headsOf(rest.join(""));
  if (heads === undefined || heads.length !== lines.length) return undefined;
  return heads.map(([name, { path, strip }], index) => {
    const { from, to } = lines[index] as { from: number; to: number };
    return { name, path, strip: strip ?? "", from, to: Math.max(from, to) };
  });
}

const FIRST = '\n"files": [\n';
const LAST = "\n]}";

type Head = readonly [name: string, { readonly path: string; readonly strip?: string }];

/** Of a lock whose file lines were cut out: a file that is left stood in no line. In the order of the text. */
function headsOf(text: string): readonly Head[] | undefined {
  try {
    const { version, sources } = JSON.parse(text) as { version: unknown; sources: object };
    const heads = Object.entries(sources);
    return version === 1 && heads.every(([, head]) => isHead(head)) ? heads : undefined;
  } catch {
    return undefined;
  }
}

function isHead({ path, strip, files }: Record<string, unknown>): boolean {
  const hasFolders = typeof path === "string" && (strip === undefined || typeof strip === "string");
  return hasFolders && Array.isArray(files) && files.length === 0;
}

/** A file as its line has it. */
export interface FileLine {
  readonly path: string;
  /** bytes */
  readonly size: number;
  readonly algorithm: "sha256" | "git";
  readonly hex: string;
}

/** undefined where it is not exactly as tritter writes it. With or without the comma between two. */
export function parseFileLine(line: string): FileLine | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const [, path = "", size, sha256, git] = match;
  return sha256 === undefined
    ? { path, size: Number(size), algorithm: "git", hex: git as string }
    : { path, size: Number(size), algorithm: "sha256", hex: sha256 };
}

const LINE =
  /^\{"path":"([^"\\]+)","size":(\d{1,15}),(?:"sha256":"([0-9a-f]{64})"|"git":"([0-9a-f]{40})")\},?$/;
