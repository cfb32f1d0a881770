import type { Digest } from "../../schema/ids.ts";
import type { Lock, LockedFile, LockedSource } from "../../schema/lock.ts";
import type { DataChange } from "../facts/compare.ts";
import { sameEntry } from "../lock/same.ts";
import { compareBytes } from "../lock/write.ts";
import type { History } from "./history.ts";
import { sameIdentity } from "./stale.ts";
import { type Transfer, transfersOf } from "./transfer.ts";

/** What became of one source between two locks; at least one of the two is set. */
export interface SourceChange {
  readonly source: string;
  /**
   * `moved`: the pin; `reselected`: other files of the same commit; `replaced`: another repository, revision or time;
   * `placed`: path, strip or recorded terms only.
   */
  readonly kind: "added" | "removed" | "moved" | "reselected" | "replaced" | "placed" | "renamed";
  readonly before: LockedSource | undefined;
  readonly after: LockedSource | undefined;
  /** The name it had before; set only if `renamed`. */
  readonly from: string | undefined;
  readonly files: FileChanges;
  readonly transfer: Transfer;
  /** Set only if it was asked for: where the pin of one repository moved. */
  readonly history: History | undefined;
  /** Set only where facts are kept of the source, and they changed. */
  readonly data?: DataChange;
}

export interface FileChanges {
  readonly added: readonly LockedFile[];
  readonly removed: readonly LockedFile[];
  readonly changed: readonly { readonly before: LockedFile; readonly after: LockedFile }[];
  /** Same digest under another path. */
  readonly renamed: readonly { readonly before: LockedFile; readonly after: LockedFile }[];
}

/** Sources whose entry differs, sorted by name. Pure. */
export function changesBetween(before: Lock, after: Lock): readonly SourceChange[] {
  const olds = new Map(before.sources.map((source) => [source.name, source]));
  const news = new Map(after.sources.map((source) => [source.name, source]));
  const dropped = new Map<string, LockedSource[]>();
  // Taken from the end, so the first of a pin stands there.
  for (const source of before.sources.toReversed())
    if (!news.has(source.name)) listAt(dropped, pinOf(source)).push(source);
  const changes: Change[] = [];
  for (const source of after.sources) {
    const old = olds.get(source.name) ?? dropped.get(pinOf(source))?.pop();
    if (old === undefined || !sameEntry(old, source)) changes.push(changeOf(old, source));
  }
  const removed = [...dropped.values()].flat().map((source) => changeOf(source, undefined));
  const all = [...changes, ...removed].sort((a, b) =>
    a.source < b.source ? -1 : a.source > b.source ? 1 : 0,
  );
  const transfers = transfersOf(all, before, after);
  return all.map((change, index) => ({
    ...change,
    transfer: transfers[index] as Transfer,
    history: undefined,
  }));
}

/** The pin of one repository moved, by an update or by another revision: there are commits between. */
export function movesPin({ before, after }: Pick<SourceChange, "before" | "after">): boolean {
  if (before === undefined || after === undefined) return false;
  return before.repo === after.repo && before.type === after.type && before.commit !== after.commit;
}

type Change = Omit<SourceChange, "transfer" | "history">;

/** Of two lists of one source, by path and by digest. */
export function fileChanges(before: readonly LockedFile[], after: readonly LockedFile[]): FileChanges {
  if (before.length === 0) return { added: after, removed: [], changed: [], renamed: [] };
  const olds = new Map(before.map((file) => [file.path, file]));
  const news = new Map(after.map((file) => [file.path, file]));
  const gone = new Map<Digest, LockedFile[]>();
  for (const file of before.toReversed()) if (!news.has(file.path)) listAt(gone, file.digest).push(file);
  const added: LockedFile[] = [];
  const renamed: { before: LockedFile; after: LockedFile }[] = [];
  const changed: { before: LockedFile; after: LockedFile }[] = [];
  for (const file of after) {
    const old = olds.get(file.path);
    if (old === undefined) {
      const from = gone.get(file.digest)?.pop();
      if (from === undefined) added.push(file);
      else renamed.push({ before: from, after: file });
    } else if (old.digest !== file.digest || old.size !== file.size)
      changed.push({ before: old, after: file });
  }
  const removed = [...gone.values()].flat().sort((a, b) => compareBytes(a.path, b.path));
  return { added, removed, changed, renamed };
}

function listAt<Key, Value>(lists: Map<Key, Value[]>, key: Key): Value[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

function changeOf(before: LockedSource | undefined, after: LockedSource | undefined): Change {
  const source = (after ?? before)?.name ?? "";
  const from =
    before !== undefined && after !== undefined && before.name !== after.name ? before.name : undefined;
  return {
    source,
    kind: kindOf(before, after),
    before,
    after,
    from,
    files: fileChanges(before?.files ?? [], after?.files ?? []),
  };
}

function kindOf(before: LockedSource | undefined, after: LockedSource | undefined): SourceChange["kind"] {
  if (before === undefined) return "added";
  if (after === undefined) return "removed";
  if (before.name !== after.name) return "renamed";
  if (!sameIdentity(before, after)) return "replaced";
  if (before.commit !== after.commit) return "moved";
  return before.request === after.request ? "placed" : "reselected";
}

/** A source that is gone and a new one with its pin are one source renamed. */
function pinOf({ type, repo, revision, commit }: LockedSource): string {
  return `${type} ${repo} ${revision} ${commit}`;
}
