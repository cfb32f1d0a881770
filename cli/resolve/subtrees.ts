import type { Commit } from "../../schema/ids.ts";
import { TritterError } from "../errors.ts";
import type { Entry, Hub, Listed, RepoRef } from "../hub/port.ts";
import { pool } from "../pool.ts";

// A folder's git id stands for all that is in it. Where it is the same at two commits, what was selected from it at the
// one is what would be selected at the other, and nothing of it needs to be listed.

/** What differs between two commits, as far as it pays to ask. */
export interface Walked {
  /** All files outside the unchanged folders. */
  readonly files: readonly Listed[];
  /** Folders with the same content at both commits; none of them is in another. Empty: `files` is a complete listing. */
  readonly unchanged: ReadonlySet<string>;
}

export interface Walk {
  readonly hub: Hub;
  readonly repo: RepoRef;
  readonly from: Commit;
  readonly to: Commit;
  /** Of the files known at `from`. */
  readonly shape: Shape;
  /** Entries a page of the Hub holds. */
  readonly page: number;
  readonly signal: AbortSignal;
  /** Every file at `to`, or below a folder of it. */
  readonly listAll: (folder: string) => Promise<readonly Listed[]>;
}

/** Levels and folders asked for at once. */
const WIDTH = 4;

/** Compares level by level, and lists whole what is small, or has changed so much that asking level by level saves nothing. */
export function walkChanged(walk: Walk): Promise<Walked> {
  return walkFolder(walk, "", 0);
}

/** `spent`: requests that looking at the folders above took. */
async function walkFolder(walk: Walk, folder: string, spent: number): Promise<Walked> {
  const whole = async () => ({ files: await walk.listAll(folder), unchanged: new Set<string>() });
  if (!mayPay(walk, folder, spent)) return whole();
  const [before, after] = await Promise.all([
    // Nothing but savings depends on the old commit, which may be gone.
    level(walk, walk.from, folder).catch(unlessStopped(walk.signal)),
    level(walk, walk.to, folder),
  ]);
  if (before === undefined || after === undefined) return whole();
  const { files, unchanged, changed } = compareLevels(before, after);
  const spentBelow = spent + costOfLook(walk, folder);
  const left = changed.reduce((sum, path) => sum + leastBelow(walk, path, spentBelow), 0);
  if (left >= pagesBelow(walk, folder)) return whole();
  const inside: Walked[] = [];
  await pool(changed, { width: WIDTH, signal: walk.signal }, async (path) => {
    inside.push(await walkFolder(walk, path, spentBelow));
  });
  return {
    files: [...files, ...inside.flatMap((one) => one.files)],
    unchanged: new Set([...unchanged, ...inside.flatMap((one) => [...one.unchanged])]),
  };
}

/** What is directly in a folder; undefined where it is so much that listing all would be cheaper, or no folder at all. */
async function level(walk: Walk, commit: Commit, folder: string): Promise<readonly Entry[] | undefined> {
  const { hub, repo, signal } = walk;
  const most = pagesBelow(walk, folder) / 4;
  const entries: Entry[] = [];
  let pages = 0;
  for await (const page of hub.entries(repo, commit, folder)) {
    signal.throwIfAborted();
    pages += 1;
    if (pages > most || !page.every((entry) => isDirectly(folder, entry))) return undefined;
    for (const entry of page) entries.push(entry);
  }
  return entries;
}

/** What was walked and what was known, as one listing: all of it but what nobody selects from unchanged folders. Pure. */
export function joined({ files, unchanged }: Walked, known: readonly Listed[]): readonly Listed[] {
  return unchanged.size === 0 ? files : [...files, ...known.filter(({ path }) => isInside(unchanged, path))];
}

/** Whether a path is below one of the folders, at any depth. */
function isInside(folders: ReadonlySet<string>, path: string): boolean {
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1))
    if (folders.has(path.slice(0, at))) return true;
  return false;
}

/** A Hub that lists more than it was asked for would have files counted twice. */
function isDirectly(folder: string, entry: Entry): boolean {
  const path = entry.kind === "file" ? entry.file.path : entry.path;
  const lead = folder === "" ? 0 : folder.length + 1;
  return (folder === "" || path.startsWith(`${folder}/`)) && !path.slice(lead).includes("/");
}

function unlessStopped(signal: AbortSignal): (error: unknown) => undefined {
  return (error) => {
    signal.throwIfAborted();
    if (!(error instanceof TritterError)) throw error;
    return undefined;
  };
}

/** The files of a level at the later commit, and its folders by whether all in them is the same. Pure. */
export function compareLevels(
  before: readonly Entry[],
  after: readonly Entry[],
): {
  readonly files: readonly Listed[];
  readonly unchanged: readonly string[];
  readonly changed: readonly string[];
} {
  const known = new Map(
    before.flatMap((entry) => (entry.kind === "folder" ? [[entry.path, entry.oid]] : [])),
  );
  const files: Listed[] = [];
  const unchanged: string[] = [];
  const changed: string[] = [];
  for (const entry of after) {
    if (entry.kind === "file") files.push(entry.file);
    else if (entry.oid !== undefined && known.get(entry.path) === entry.oid) unchanged.push(entry.path);
    else changed.push(entry.path);
  }
  return { files, unchanged, changed };
}

/** Entries below each folder, "" being the root: `all` of them, and how many stand `directly` in it. */
export type Shape = ReadonlyMap<string, { readonly all: number; readonly directly: number }>;

/** Pure, and linear in the paths but for their depth. */
export function shapeOf(paths: Iterable<string>): Shape {
  const shape = new Map<string, { all: number; directly: number }>();
  /** Counts an entry where it stands, and in all folders above, which are counted where they are first met. */
  const count = (path: string) => {
    for (let at = path.lastIndexOf("/"), first = true; ; at = path.lastIndexOf("/", at - 1), first = false) {
      const folder = at < 0 ? "" : path.slice(0, at);
      const known = shape.get(folder);
      const here = known ?? { all: 0, directly: 0 };
      here.all += 1;
      if (first) here.directly += 1;
      if (known === undefined) {
        shape.set(folder, here);
        if (folder !== "") count(folder);
      }
      if (at < 0) return;
    }
  };
  for (const path of paths) count(path);
  return shape;
}

type Known = Pick<Walk, "shape" | "page">;

/** Requests that listing a folder whole would take; at least, since only what is selected is known. */
function pagesBelow({ shape, page }: Known, folder: string): number {
  return Math.max(1, Math.ceil((shape.get(folder)?.all ?? 0) / page));
}

/** Requests that it takes to compare what is directly in a folder: a listing of it at each commit. */
function costOfLook({ shape, page }: Known, folder: string): number {
  return 2 * Math.max(1, Math.ceil((shape.get(folder)?.directly ?? 0) / page));
}

/** Where everything turns out to have changed, looking must not have cost more than half of what listing takes. */
function mayPay(known: Known, folder: string, spent: number): boolean {
  return spent + costOfLook(known, folder) <= pagesBelow(known, folder) / 2;
}

/** The fewest requests that a changed folder can take: a look and one changed folder in it, where looking may pay. */
function leastBelow(known: Known, folder: string, spent: number): number {
  return mayPay(known, folder, spent) ? costOfLook(known, folder) + 1 : pagesBelow(known, folder);
}
