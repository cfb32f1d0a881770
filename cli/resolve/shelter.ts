import type { Digest } from "../../schema/ids.ts";
import type { LockedFile, Refuge, Whereabouts } from "../../schema/lock.ts";
import { judgeName } from "../../schema/names.ts";
import type { Listed } from "../hub/port.ts";

/** Which of some wanted files a commit holds, told by their digests. */
export interface Find {
  readonly refuge: Refuge;
  /** Path in the refuge of the same bytes; undefined: it does not have them. */
  pathOf(file: LockedFile): LockedFile["path"] | undefined;
}

/** The same files, each with where it is to be had now. */
export interface Shelter {
  /** Those that hold any, most files first. */
  readonly refuges: readonly { readonly refuge: Refuge; readonly files: number; readonly bytes: number }[];
  readonly files: readonly LockedFile[];
  /** In none of them. */
  readonly missing: readonly LockedFile[];
}

/** Looks for files in a listing. `digestFor` tells what a masked entry is, where that can be told. Pure. */
export function findIn(
  refuge: Refuge,
  listing: readonly Listed[],
  { files, digestFor }: { files: readonly LockedFile[]; digestFor: (file: Listed) => Digest | undefined },
): Find {
  const sizes = new Map(files.map(({ digest, size }) => [digest, size]));
  const at = new Map<string, Digest>();
  const paths = new Map<Digest, LockedFile["path"]>();
  for (const listed of listing) {
    const digest = listed.digest ?? digestFor(listed);
    if (digest === undefined || sizes.get(digest) !== listed.size) continue;
    const judged = judgeName(listed.path);
    if (judged.kind === "hostile") continue;
    at.set(judged.path, digest);
    const known = paths.get(digest);
    if (known === undefined || judged.path < known) paths.set(digest, judged.path);
  }
  return {
    refuge,
    pathOf: ({ path, digest }) => (at.get(path) === digest ? path : paths.get(digest)),
  };
}

export function hasAll({ pathOf }: Find, files: readonly LockedFile[]): boolean {
  return files.every((file) => pathOf(file) !== undefined);
}

/** One refuge for all where there is one; else each file is taken from the first that has it. Pure. */
export function shelterIn(files: readonly LockedFile[], finds: readonly Find[]): Shelter {
  const whole = finds.find((find) => hasAll(find, files));
  const asked = whole === undefined ? finds : [whole];
  const homes = files.map((file) => asked.find(({ pathOf }) => pathOf(file) !== undefined));
  const refuges = asked
    .map((find) => ({ find, held: files.filter((_, index) => homes[index] === find) }))
    .filter(({ held }) => held.length > 0)
    .sort((a, b) => b.held.length - a.held.length);
  const numbers = new Map(refuges.map(({ find }, index) => [find, index + 1]));
  return {
    refuges: refuges.map(({ find, held }) => ({
      refuge: find.refuge,
      files: held.length,
      bytes: held.reduce((sum, { size }) => sum + size, 0),
    })),
    files: files.map((file, index) => withFrom(file, homes[index], numbers)),
    missing: files.filter((_, index) => homes[index] === undefined),
  };
}

function withFrom(
  { from: _, ...file }: LockedFile,
  home: Find | undefined,
  numbers: ReadonlyMap<Find, number>,
): LockedFile {
  const refuge = home === undefined ? 0 : (numbers.get(home) ?? 0);
  const path = home?.pathOf(file);
  const from: Whereabouts = {
    ...(refuge !== 1 && { refuge }),
    ...(path !== undefined && path !== file.path && { path }),
  };
  return Object.keys(from).length === 0 ? file : { ...file, from };
}
