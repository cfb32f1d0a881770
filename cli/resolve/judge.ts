import type { Lock, LockedSource } from "../../schema/lock.ts";
import type { Carrier, LicenseRules, Manifest, Source } from "../../schema/manifest.ts";
import { findCollisions, printable } from "../../schema/names.ts";
import type { Problem } from "../errors.ts";
import { besidePaths, finalPath, indexPath } from "../lock/wants.ts";
import { refusedNames } from "./names.ts";
import { carrierOf } from "./stale.ts";

/** Expectations, licences and final paths, judged on the lock: at every lock, sync and check. Pure. */
export function judge(
  manifest: Manifest,
  lock: Lock,
  scope: ReadonlySet<string> | undefined,
): readonly Problem[] {
  const sources = new Map(manifest.sources.map((source) => [source.name, source]));
  const judged = lock.sources.filter(({ name }) => sources.has(name) && (scope?.has(name) ?? true));
  const each = judged.flatMap((locked) => judgeSource(manifest, sources.get(locked.name) as Source, locked));
  return [...each, ...collisions(manifest, { sources, lock })];
}

function judgeSource(manifest: Manifest, source: Source, locked: LockedSource): Problem[] {
  const carrier = judgedBy(source, locked);
  return [
    ...names(manifest, carrier, locked),
    ...expectations(carrier, locked),
    ...licenses(manifest.licenses, carrier, locked),
  ];
}

/** What stands in for the source, with its own expectations and licence; the source itself where the lock is stale. */
export function judgedBy(source: Source, locked: LockedSource): Carrier {
  return carrierOf(source, locked)?.carrier ?? source;
}

/** Where files go, judged whole: their folder and `names` may be other ones than when they were selected. */
function names({ reports }: Manifest, carrier: Carrier, locked: LockedSource): Problem[] {
  const paths = locked.files.map((file) => finalPath(locked, file.path));
  const beside = reports === undefined ? [] : Object.values(besidePaths(locked));
  return refusedNames(locked.name, carrier, [...paths, ...beside]);
}

function expectations({ expect }: Carrier, { name, files }: LockedSource): Problem[] {
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const broken = [
    expect.files !== undefined &&
      files.length !== expect.files &&
      `expect.files: it has ${files.length} files, should be ${expect.files}`,
    expect.minFiles !== undefined &&
      files.length < expect.minFiles &&
      `expect.minFiles: it has ${files.length} files, should be at least ${expect.minFiles}`,
    expect.maxBytes !== undefined &&
      bytes > expect.maxBytes &&
      `expect.maxBytes: it has ${bytes} bytes, should be at most ${expect.maxBytes}`,
  ].filter((line) => line !== false);
  return broken.map((line) => ({
    code: "EXPECTATION",
    source: name,
    message: `source "${name}" breaks ${line}`,
    hint: "look at what changed with tritter list, then mend include or the expectation",
  }));
}

/** Stands for "the repository names none" where a licence is accepted. */
const UNKNOWN = "unknown";

function licenses(
  rules: LicenseRules,
  carrier: Carrier,
  { name, repo, licenses: named }: LockedSource,
): Problem[] {
  const found = named.length === 0 ? [UNKNOWN] : named;
  const accepted = [carrier.license?.accept ?? []].flat();
  const refusable = found.filter((license) => isRefused(rules, license));
  const refused = refusable.filter((license) => !accepted.some((one) => same(one, license)));
  const [only = ""] = refusable;
  const accept = printable(JSON.stringify(refusable.length === 1 ? only : refusable));
  return refused.map((license) => ({
    code: "LICENSE_REFUSED",
    source: name,
    message: `source "${name}": ${license === UNKNOWN ? `${repo} names no licence` : `${repo} has the licence "${printable(license)}"`}, which policy.licenses does not allow`,
    hint: `once you have read its terms, add to the source: license: { accept: ${accept}, reason: "…" }`,
  }));
}

function isRefused({ allow, deny }: LicenseRules, license: string): boolean {
  if (deny?.some((one) => same(one, license))) return true;
  return allow !== undefined && !allow.some((one) => same(one, license));
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

const MOST_SHOWN = 10;

/** Final paths of all sources together: two that are one file somewhere would overwrite each other. */
function collisions(
  manifest: Manifest,
  { sources, lock }: { readonly sources: ReadonlyMap<string, Source>; readonly lock: Lock },
): Problem[] {
  const posix = new Set(
    lock.sources
      .filter((one) => isPosix(sources.get(one.name), one))
      .flatMap(({ name }) => [name, reportOf(name)]),
  );
  const found = findCollisions([...finalPaths(lock), ...reportPaths(manifest, lock)]).filter(
    ({ kind, sources: pair }) => {
      const onlyFolded = kind === "folded" || kind === "folded-parent";
      return !(onlyFolded && pair.every((name) => posix.has(name)));
    },
  );
  if (found.length === 0) return [];
  const lines = found
    .slice(0, MOST_SHOWN)
    .map(
      ({ kind, paths: [a, b], sources: [s, t] }) =>
        `"${printable(a)}" (${s}) ${RELATION[kind]} "${printable(b)}" (${t})`,
    );
  const more = found.length > MOST_SHOWN ? [`and ${found.length - MOST_SHOWN} more`] : [];
  return [
    {
      code: "PATH_COLLISION",
      message:
        found.length === 1
          ? "two files would have one place on disk"
          : `${found.length} pairs of files would have one place on disk`,
      details: [...lines, ...more],
      hint: 'give the sources another "path" or narrow their patterns; names that differ only in case need names: posix on every source of the pair',
    },
  ];
}

const RELATION = {
  equal: "is also",
  folded: "differs only in case or normalisation from",
  parent: "is a folder above",
  "folded-parent": "is, but for case or normalisation, a folder above",
} as const;

function isPosix(source: Source | undefined, locked: LockedSource): boolean {
  return source !== undefined && judgedBy(source, locked).names === "posix";
}

/** No name of a source has a blank in it. */
function reportOf(name: string): string {
  return `the report of ${name}`;
}

function* reportPaths({ reports, owner }: Manifest, lock: Lock): Generator<{ path: string; source: string }> {
  if (reports === undefined) return;
  for (const source of lock.sources)
    for (const path of Object.values(besidePaths(source))) yield { path, source: reportOf(source.name) };
  yield { path: indexPath(owner), source: "the index of the reports" };
}

function* finalPaths(lock: Lock): Generator<{ path: string; source: string }> {
  for (const source of lock.sources) {
    for (const file of source.files) yield { path: finalPath(source, file.path), source: source.name };
  }
}
