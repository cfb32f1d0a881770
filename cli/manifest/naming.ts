import type { Manifest } from "../../schema/manifest.ts";
import { foldKey, judgeName } from "../../schema/names.ts";

/** Longest name of a source, as the manifest's schema has it. */
const LONGEST = 100;

export function isSourceName(name: string): boolean {
  return name.length <= LONGEST && /^[A-Za-z][A-Za-z0-9._-]*$/.test(name);
}

/** What no further source may be called: sources and groups share one namespace. */
export function takenNames({ sources }: Pick<Manifest, "sources">): ReadonlySet<string> {
  return new Set(sources.flatMap(({ name, groups }) => [name, ...groups]));
}

/** A name for a source of `owner/name`, taken or not: the repository's in lower case, which is its folder too. */
export function nameFor(repo: string): string {
  const last = repo.slice(repo.lastIndexOf("/") + 1);
  return [last, repo.replace("/", "-")].map(plain).find(isFolder) ?? "source";
}

/** The same as keys: names that differ in case only would be one folder on some disks. */
export function takenKeys(manifest: Pick<Manifest, "sources">): Set<string> {
  return new Set([...takenNames(manifest)].map(foldKey));
}

/** The first of `name`, `name-2`, `name-3`, … that is not taken. `keys`: by `takenKeys`. */
export function freeName(name: string, keys: ReadonlySet<string>): string {
  for (let count = 1; ; count++) {
    const tried = count === 1 ? name : `${name.slice(0, LONGEST - 8)}-${count}`;
    if (!keys.has(foldKey(tried))) return tried;
  }
}

function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, LONGEST)
    .replace(/[.-]+$/, "");
}

function isFolder(name: string): boolean {
  return isSourceName(name) && judgeName(name).kind === "ok";
}
