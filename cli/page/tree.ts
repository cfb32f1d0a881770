import type { KnownFile } from "./compose.ts";

/** Where the bytes are. What is small is gathered, so that a corpus of any size is a picture of the same. */
export interface Branch {
  readonly name: string;
  /** `rest`: what was too small to be drawn by itself, `name` saying how much. */
  readonly kind: "corpus" | "source" | "folder" | "file" | "rest";
  readonly files: number;
  readonly bytes: number;
  /** The largest first, and `rest` last; empty where it is drawn as one. */
  readonly children: readonly Branch[];
}

/** Leaves drawn, at most, but for a few of each source where there are very many of those. */
export const MOST_LEAVES = 320;
/** Of one folder; the rest is one leaf. */
const MOST_CHILDREN = 48;
/** Fewer would say little of a folder: it stays one leaf then. */
const FEWEST_CHILDREN = 6;

/**
 * The tree of source, folder and file. Sources are opened first, each into its share of `leaves`, then the largest leaf again and
 * again while there is room: detail is where the bytes are. Folders that hold a folder alone are one with it. Pure.
 */
export function treeOf(files: readonly KnownFile[], leaves: number = MOST_LEAVES): Branch {
  const root = grow(files);
  const opened: Opened = new Map([[root, largest(root, MOST_CHILDREN)]]);
  const sources = opened.get(root) ?? [];
  const share = Math.max(FEWEST_CHILDREN, Math.floor(leaves / Math.max(1, sources.length)) - 1);
  const open = [...sources];
  let drawn = sources.length + (sources.length < root.children.size ? 1 : 0);
  while (open.length > 0) {
    const next = open.reduce((a, b) =>
      rankOf(b) > rankOf(a) || (rankOf(b) === rankOf(a) && b.bytes > a.bytes) ? b : a,
    );
    open.splice(open.indexOf(next), 1);
    const room = next.kind === "source" ? share : Math.min(MOST_CHILDREN, leaves - drawn);
    if (next.children.size === 0 || (next.children.size > room && room < FEWEST_CHILDREN)) continue;
    const kept = largest(next, room);
    drawn += kept.length + (kept.length < next.children.size ? 1 : 0) - 1;
    opened.set(next, kept);
    open.push(...kept);
  }
  return branchOf(root, opened);
}

/** Children that are drawn by themselves, the largest first. */
type Opened = Map<Grown, readonly Grown[]>;

function rankOf({ kind }: Grown): number {
  return kind === "source" ? 1 : 0;
}

interface Grown {
  name: string;
  kind: Branch["kind"];
  files: number;
  bytes: number;
  children: Map<string, Grown>;
}

function grow(files: readonly KnownFile[]): Grown {
  const root = sprout("", "corpus");
  for (const { source, shown, size } of files) {
    const names = shown.split("/");
    add(root, size);
    let at = child(root, source, "source");
    add(at, size);
    for (const [index, name] of names.entries()) {
      at = child(at, name, index === names.length - 1 ? "file" : "folder");
      add(at, size);
    }
  }
  for (const source of root.children.values()) for (const one of source.children.values()) join(one);
  return root;
}

function sprout(name: string, kind: Branch["kind"]): Grown {
  return { name, kind, files: 0, bytes: 0, children: new Map() };
}

/** A file and a folder of one name cannot be, but in two sources. */
function child(parent: Grown, name: string, kind: Branch["kind"]): Grown {
  const known = parent.children.get(name);
  if (known !== undefined) return known;
  const made = sprout(name, kind);
  parent.children.set(name, made);
  return made;
}

function add(branch: Grown, size: number): void {
  branch.files += 1;
  branch.bytes += size;
}

/** `a` that holds nothing but the folder `b` is `a/b`. */
function join(branch: Grown): void {
  let only = onlyFolder(branch);
  while (only !== undefined) {
    branch.name = `${branch.name}/${only.name}`;
    branch.children = only.children;
    only = onlyFolder(branch);
  }
  for (const one of branch.children.values()) join(one);
}

function onlyFolder({ children }: Grown): Grown | undefined {
  if (children.size !== 1) return undefined;
  const [only] = children.values();
  return only?.kind === "folder" ? only : undefined;
}

function sorted({ children }: Grown): Grown[] {
  return [...children.values()].sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
}

/** One more than fits is no rest. */
function largest(branch: Grown, most: number): readonly Grown[] {
  const all = sorted(branch);
  return all.length <= most + 1 ? all : all.slice(0, most);
}

function branchOf(branch: Grown, opened: ReadonlyMap<Grown, readonly Grown[]>): Branch {
  const { name, kind, files, bytes } = branch;
  const kept = opened.get(branch);
  if (kept === undefined) return { name, kind, files, bytes, children: [] };
  const children = kept.map((one) => branchOf(one, opened));
  const drawn = new Set(kept);
  const rest = [...branch.children.values()].filter((one) => !drawn.has(one));
  if (rest.length > 0) children.push(restOf(rest));
  return { name, kind, files, bytes, children };
}

function restOf(rest: readonly Grown[]): Branch {
  const kinds = new Set(rest.map(({ kind }) => kind));
  const [only = "file"] = kinds;
  const what = kinds.size === 1 ? `${only}s` : "entries";
  return {
    name: `${rest.length} more ${what}`,
    kind: "rest",
    files: rest.reduce((sum, one) => sum + one.files, 0),
    bytes: rest.reduce((sum, one) => sum + one.bytes, 0),
    children: [],
  };
}
