import { isAbsolute, relative, resolve, sep } from "node:path";
import type { Digest, TreePath } from "../../schema/ids.ts";
import type { LockedSource, Refuge } from "../../schema/lock.ts";
import type { Carrier, Manifest } from "../../schema/manifest.ts";
import { compilePattern } from "../../schema/patterns.ts";
import type { Context } from "../context.ts";
import { finalPath, isGenerated, type LockedWant, type Want } from "../lock/wants.ts";
import { holds } from "../plan/presence.ts";
import type { Origin } from "../receipt/placement.ts";
import { placementsOf, placementsOfOthers } from "../receipt/receipt.ts";
import { judgedBy } from "../resolve/judge.ts";
import { resolveRoot } from "../status/root.ts";
import { type Survey, survey } from "../status.ts";
import { describedBy } from "./described.ts";
import { loadProject, type Project, type ProjectOptions, requireLock } from "./load.ts";

export interface WhyOptions extends ProjectOptions {
  /** Below the root, or a path of the file system relative to the working directory. */
  readonly path: string;
}

export interface WhyResult {
  readonly project: Project;
  /** Below the root. */
  readonly path: string;
  /** Absolute. */
  readonly file: string;
  /** undefined: no source of the lock wants this path. */
  readonly wanted: WantedPath | undefined;
  /** Set only if it says what lock and facts hold, and is written from them. */
  readonly generated: GeneratedPath | undefined;
  /** What the receipt says; undefined: nothing. */
  readonly placed:
    | { readonly source: string; readonly origin: Origin; readonly digests: readonly Digest[] }
    | undefined;
  /** Other manifests that placed it. */
  readonly others: readonly string[];
  readonly disk: "same" | "differs" | "missing" | "not-a-file";
}

export interface GeneratedPath {
  /** What it tells of; undefined: all sources. */
  readonly source: string | undefined;
  /** bytes */
  readonly size: number;
  readonly digest: Digest;
}

export interface WantedPath {
  readonly source: string;
  readonly repo: string;
  readonly type: string;
  readonly revision: string;
  readonly commit: string;
  /** In the repository. */
  readonly remote: string;
  /** Where it is to be had; set only if the commit is gone and its files were found elsewhere. */
  readonly refuge: (Refuge & { readonly path: string }) | undefined;
  /** bytes */
  readonly size: number;
  readonly digest: Digest;
  /** The include pattern that selected it; undefined: everything is included. */
  readonly pattern: string | undefined;
  /** Set only if a fallback carries the source. */
  readonly fallback: number | undefined;
}

/** Tells of one path: who wants it and why, who placed it, and what is there. */
export async function whyProject(context: Context, options: WhyOptions): Promise<WhyResult> {
  const project = await loadProject(context, { ...options, names: [] });
  const lock = requireLock(project);
  const { manifest } = project;
  const root = await resolveRoot(context, manifest.root);
  const { wants: described } = await describedBy(context, project, { lock });
  const seen = await survey(context, {
    manifest,
    lock,
    described,
    scope: undefined,
    deep: false,
    force: false,
    prune: false,
  });
  const path = belowRoot(context.cwd, root, { manifest, asked: options.path, seen });
  const want = seen.wants.find((one) => one.path === path);
  const placement = placementsOf(seen.receipt, manifest.owner).get(path);
  const source = lock.sources.find((one) => one.name === want?.source);
  return {
    project,
    path,
    file: resolve(root, path),
    wanted:
      want === undefined || source === undefined || isGenerated(want)
        ? undefined
        : wantedPath(manifest, source, want),
    generated:
      want !== undefined && isGenerated(want)
        ? { source: want.source || undefined, size: want.size, digest: want.digest }
        : undefined,
    placed: placement && { source: placement.source, origin: placement.origin, digests: placement.digests },
    others: (placementsOfOthers(seen.receipt, manifest.owner).get(path) ?? []).map((other) => other.owner),
    disk: diskState(context, seen, { path, want }),
  };
}

/** A path below the root as the lock writes it wins over one of the file system. */
function belowRoot(
  cwd: string,
  root: string,
  { manifest, asked, seen }: { manifest: Manifest; asked: string; seen: Survey },
): TreePath {
  const plain = asked.replace(/^\.\//, "").replace(/\/+$/, "");
  if (seen.wants.some((want) => want.path === plain)) return plain as TreePath;
  const bases = [root, manifest.root];
  for (const base of bases) {
    const below = relative(base, resolve(cwd, asked));
    if (below !== "" && below !== ".." && !below.startsWith(`..${sep}`) && !isAbsolute(below))
      return below.split(sep).join("/") as TreePath;
  }
  return plain as TreePath;
}

function wantedPath(manifest: Manifest, locked: LockedSource, want: LockedWant): WantedPath {
  const source = manifest.sources.find((one) => one.name === locked.name);
  const file = locked.files.find(({ path }) => finalPath(locked, path) === want.path);
  const { repo, commit, path } = want.remote;
  const remote = file?.path ?? path;
  return {
    source: locked.name,
    repo: locked.repo,
    type: locked.type,
    revision: locked.revision,
    commit: locked.commit,
    remote,
    refuge: commit === locked.commit ? undefined : { ...repo, commit, path },
    size: want.size,
    digest: want.digest,
    pattern: source && patternFor(judgedBy(source, locked), remote),
    fallback: locked.carrier?.fallback,
  };
}

function patternFor(carrier: Carrier, path: string): string | undefined {
  return carrier.include.find((pattern) => {
    const compiled = compilePattern(pattern);
    return compiled.kind === "ok" && compiled.matches(path);
  });
}

function diskState(
  { disk }: Context,
  { root, inventory }: Survey,
  { path, want }: { path: TreePath; want: Want | undefined },
): WhyResult["disk"] {
  const found = inventory.found.get(path);
  if (found === undefined) {
    const stat = disk.lstat(resolve(root, path));
    return stat === undefined ? "missing" : stat.kind === "file" ? "differs" : "not-a-file";
  }
  if (found.kind === "nothing") return "missing";
  if (found.kind !== "file") return "not-a-file";
  return want !== undefined && holds(found, want.digest) ? "same" : "differs";
}
