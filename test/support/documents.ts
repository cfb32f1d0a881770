import { requestDigest } from "../../cli/lock/digests.ts";
import type { Commit, Digest, TreePath } from "../../schema/ids.ts";
import type { Lock, LockedFile, LockedSource } from "../../schema/lock.ts";
import type { Carrier, Manifest, Source } from "../../schema/manifest.ts";

// Manifests and locks as values, every default filled in.

export function carrierOf(repo: string, parts: Partial<Carrier> = {}): Carrier {
  return {
    repo,
    type: "dataset",
    revision: "main",
    asOf: undefined,
    minAge: undefined,
    include: [],
    exclude: [],
    strip: "",
    names: "portable",
    expect: {},
    facts: undefined,
    license: undefined,
    follow: undefined,
    ...parts,
  };
}

/** Its repository is `o/NAME`, its folder NAME. */
export function sourceOf(name: string, parts: Partial<Source> = {}): Source {
  return {
    ...carrierOf(`o/${name}`),
    name,
    path: name,
    groups: [],
    hubCache: undefined,
    localDir: undefined,
    fallbacks: [],
    ...parts,
  };
}

export function manifestOf(...sources: readonly Source[]): Manifest {
  return {
    file: "/project/tritter.yaml",
    owner: "test",
    root: "/project/data",
    endpoint: undefined,
    reports: undefined,
    mirrors: [],
    licenses: {},
    deny: [],
    sources,
  };
}

/** 40 times one hex digit. */
export function commitOf(digit: string): Commit {
  return digit.repeat(40) as Commit;
}

/** `git:` and 40 times, or `sha256:` and 64 times, one hex digit. */
export function digestOf(digit: string, algorithm: "git" | "sha256" = "sha256"): Digest {
  return `${algorithm}:${digit.repeat(algorithm === "git" ? 40 : 64)}` as Digest;
}

export function fileOf(path: string, parts: Partial<LockedFile> = {}): LockedFile {
  return { path: path as TreePath, size: 1, digest: digestOf("a"), extra: {}, ...parts };
}

/** What locking `source` at `commit` makes of these files. */
export function entryOf(
  source: Source,
  files: readonly LockedFile[],
  parts: Partial<LockedSource> = {},
): LockedSource {
  const { name, repo, type, revision, asOf, minAge, path, strip } = source;
  return {
    name,
    request: requestDigest({ ...source, deny: [] }),
    repo,
    asked: undefined,
    id: undefined,
    type,
    revision,
    asOf,
    minAge,
    commit: commitOf("1"),
    path,
    strip,
    licenses: [],
    gated: undefined,
    private: undefined,
    card: undefined,
    gate: undefined,
    carrier: undefined,
    rescued: undefined,
    files,
    extra: {},
    ...parts,
  };
}

export function lockOf(...sources: readonly LockedSource[]): Lock {
  return { version: 1, sources, extra: {} };
}
