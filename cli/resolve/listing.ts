import type { Commit } from "../../schema/ids.ts";
import type { LockedSource } from "../../schema/lock.ts";
import type { Carrier } from "../../schema/manifest.ts";
import type { Listed, RepoRef } from "../hub/port.ts";
import { requestDigest } from "../lock/digests.ts";
import type { Resolving } from "./input.ts";
import { askedIdentity } from "./stale.ts";
import { joined, shapeOf, type Walked, walkChanged } from "./subtrees.ts";

export interface Listing {
  readonly files: readonly Listed[];
  /** False: files that the source does not select may be missing. */
  readonly complete: boolean;
}

/** As every Hub has it. */
const PAGE = 1_000;

interface Wish {
  readonly commit: Commit;
  readonly source: string;
}

/** The complete listing of a commit, or of a folder of it, asked for once a run. */
export function listOnce(
  resolving: Resolving,
  repo: RepoRef,
  { folder = "", ...wish }: Wish & { readonly folder?: string },
): Promise<readonly Listed[]> {
  return once(resolving.listings, [repo.type, repo.repo, wish.commit, folder], () =>
    listAll(resolving, repo, { ...wish, folder }),
  );
}

/**
 * What a source selects from at a commit. Where its entry shows what the same patterns selected at another, only folders that
 * changed since are listed, as far as that saves requests.
 */
export async function listFor(
  resolving: Resolving,
  repo: RepoRef,
  { carrier, from, ...wish }: Wish & { readonly carrier: Carrier; readonly from: LockedSource | undefined },
): Promise<Listing> {
  const isKnown = from !== undefined && selectsTheSame(resolving, carrier, { repo, from });
  if (!isKnown) return { files: await listOnce(resolving, repo, wish), complete: true };
  const walked = await walkOnce(resolving, repo, { ...wish, from: from.commit });
  return { files: joined(walked, from.files), complete: walked.unchanged.size === 0 };
}

/** Whether an entry's files are what the carrier's patterns select at the commit it is pinned to. */
function selectsTheSame(
  { manifest }: Resolving,
  { include, exclude }: Carrier,
  { repo, from }: { repo: RepoRef; from: LockedSource },
): boolean {
  if (from.type !== repo.type || from.repo !== repo.repo) return false;
  return from.request === requestDigest({ ...askedIdentity(from), include, exclude, deny: manifest.deny });
}

/** Shared by all sources that are pinned to one commit: together they know the most of its folders. */
function walkOnce(
  resolving: Resolving,
  repo: RepoRef,
  { from, ...wish }: Wish & { readonly from: Commit },
): Promise<Walked> {
  const { hub, previous, signal, walks } = resolving;
  return once(walks, [repo.type, repo.repo, from, wish.commit], () => {
    const entries = (previous?.sources ?? []).filter(
      (entry) => entry.type === repo.type && entry.repo === repo.repo && entry.commit === from,
    );
    const shape = shapeOf(new Set(entries.flatMap(({ files }) => files.map(({ path }) => path))));
    const list = (folder: string) => listOnce(resolving, repo, { ...wish, folder });
    return walkChanged({ hub, repo, from, to: wish.commit, shape, page: PAGE, signal, listAll: list });
  });
}

async function listAll(
  { hub, emit, signal }: Resolving,
  repo: RepoRef,
  { commit, source, folder }: Wish & { readonly folder: string },
): Promise<readonly Listed[]> {
  const files: Listed[] = [];
  for await (const page of hub.list(repo, commit, folder)) {
    signal.throwIfAborted();
    for (const file of page) files.push(file);
    emit({ kind: "listing", source, files: files.length });
  }
  return files;
}

function once<Value>(
  known: Map<string, Promise<Value>>,
  parts: readonly string[],
  make: () => Promise<Value>,
): Promise<Value> {
  const key = JSON.stringify(parts);
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
