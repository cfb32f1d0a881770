import { basename, join, sep } from "node:path";
import { type Digest, digestOf } from "../../schema/ids.ts";
import type { DirEntry, Disk, FileStat } from "../disk/port.ts";
import { systemCode } from "../errors.ts";

// Folders of this machine that may hold what is wanted: a Hub cache, a git-lfs store, another tree. They are only read.

/** A file of a size that is wanted. */
export interface Candidate {
  /** Absolute; no link at its last segment. */
  readonly file: string;
  /** bytes, when it was looked at */
  readonly size: number;
  /** Digests that its name, or that of a link to it, spells: a claim, never a proof. */
  readonly claims: readonly Digest[];
}

export interface WalkInput {
  /** Absolute; may be a link itself. */
  readonly folder: string;
  readonly sizes: ReadonlySet<number>;
  /** bytes of what is wanted */
  readonly sizeOf: (digest: Digest) => number | undefined;
  /** Links that are named like a digest are followed, to files of the same folder. */
  readonly links: boolean;
  /** Of paths below the folder, with `/` between segments: is it left out, and all below it? */
  readonly skip: (path: string) => boolean;
  /** Entries that are looked at. */
  readonly most: number;
  readonly signal: AbortSignal;
}

export interface Walked {
  /** By size; those of one size sorted by name. */
  readonly candidates: ReadonlyMap<number, readonly Candidate[]>;
  /** The first file that is named like a wanted digest and has another size. */
  readonly odd: Odd | undefined;
  /** There were more entries than were to be looked at. */
  readonly cut: boolean;
}

export interface Odd {
  readonly file: string;
  readonly digest: Digest;
}

/** Looks once at what is there, and reads no file. What cannot be looked at is as good as not there. */
export async function walk(disk: Disk, input: WalkInput): Promise<Walked> {
  const { folder, most, signal } = input;
  const root = await orNothing(() => disk.realpath(folder));
  const found = new Map<string, Found>();
  const odd: Odd[] = [];
  const walked = (cut: boolean): Walked => ({ candidates: bySize(found), odd: odd[0], cut });
  const open = root === undefined ? [] : [""];
  let seen = 0;
  while (open.length > 0) {
    const path = open.pop() as string;
    const entries = (await orNothing(() => disk.readdir(join(root as string, path)))) ?? [];
    for (const entry of entries) {
      if (seen === most) return walked(true);
      if (seen % STEP === 0) await breath(signal);
      seen += 1;
      const below = path === "" ? entry.name : `${path}/${entry.name}`;
      if (input.skip(below)) continue;
      if (entry.kind === "folder") open.push(below);
      else await look(disk, input, { root: root as string, path: below, entry, found, odd });
    }
  }
  return walked(false);
}

interface Found {
  readonly size: number;
  readonly claims: Set<Digest>;
}

/** Entries looked at before others get a turn. */
const STEP = 512;

async function breath(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal.throwIfAborted();
}

async function look(
  disk: Disk,
  { sizes, sizeOf, links }: WalkInput,
  at: {
    readonly root: string;
    readonly path: string;
    readonly entry: DirEntry;
    readonly found: Map<string, Found>;
    readonly odd: Odd[];
  },
): Promise<void> {
  const { root, path, entry, found, odd } = at;
  const claims = claimsOf(entry.name);
  const named = join(root, path);
  const file = entry.kind === "file" ? named : await linked();
  const stat = file === undefined ? undefined : await orNothing<FileStat | undefined>(() => disk.lstat(file));
  if (file === undefined || stat?.kind !== "file") return;
  const digest = claims.find((claim) => (sizeOf(claim) ?? stat.size) !== stat.size);
  if (digest !== undefined) odd.push({ file, digest });
  if (!sizes.has(stat.size)) return;
  const known = found.get(file);
  if (known === undefined) found.set(file, { size: stat.size, claims: new Set(claims) });
  else for (const claim of claims) known.claims.add(claim);

  async function linked(): Promise<string | undefined> {
    if (!links || entry.kind !== "symlink" || claims.length === 0) return undefined;
    const real = await orNothing(() => disk.realpath(named));
    return real?.startsWith(root.endsWith(sep) ? root : root + sep) ? real : undefined;
  }
}

/**
 * Names that spell digests: blobs of a Hub cache, a git-lfs store and tritter's own.
 *
 *     blobs/9f86d0…          sha256 of 64 digits, or git of 40
 *     9f/86/9f86d0…
 *     ready/1f0c…/9f86d0….e69de2…
 */
export function claimsOf(name: string): readonly Digest[] {
  const [first = "", second, rest] = name.split(".");
  if (rest !== undefined) return [];
  const sha256 = digestOf("sha256", first);
  const git = digestOf("git", sha256 === undefined ? first : (second ?? ""));
  if (second !== undefined && (sha256 === undefined || git === undefined)) return [];
  return [sha256, git].filter((digest) => digest !== undefined);
}

function bySize(found: ReadonlyMap<string, Found>): Map<number, Candidate[]> {
  const sizes = new Map<number, Candidate[]>();
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [file, { size, claims }] of sorted) {
    const group = sizes.get(size);
    const candidate = { file, size, claims: [...claims] };
    if (group === undefined) sizes.set(size, [candidate]);
    else group.push(candidate);
  }
  return sizes;
}

export function nameOf({ file }: Candidate): string {
  return basename(file);
}

async function orNothing<T>(look: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
