import type { Context } from "../context.ts";
import { thisWriter } from "../disk/writer.ts";
import type { Count } from "../plan.ts";
import { holdRoot } from "../receipt/hold.ts";
import { resolveRoot, stateFolder } from "../status/root.ts";
import { sweepStore, viewStore } from "../store/store.ts";
import { emptyTrash, listTrash, type TrashedEntry } from "../tree/trash.ts";
import { loadProject, type Project, type ProjectOptions } from "./load.ts";

export interface CleanOptions extends ProjectOptions {
  readonly dryRun: boolean;
}

export interface CleanResult {
  readonly project: Project;
  readonly root: string;
  readonly trash: Count;
  readonly trashed: readonly TrashedEntry[];
  /** What interrupted runs of this manifest left: fetched in part, or verified and not placed. */
  readonly partials: Count;
  readonly removed: boolean;
}

/** Empties the trash, of all manifests of the root, and this manifest's leftovers of interrupted runs. */
export async function cleanProject(context: Context, options: CleanOptions): Promise<CleanResult> {
  const { disk, clock, signal } = context;
  const project = await loadProject(context, { ...options, names: [] });
  const root = await resolveRoot(context, project.manifest.root);
  const state = stateFolder(context, root);
  const trashed = await listTrash(disk, state);
  const store = await viewStore(disk, { state, owner: project.manifest.owner, signal });
  const ready = [...new Set([...store.ready.values()])].map((blob) => ({ size: blob.size }));
  const left = [...store.partials.map((partial) => ({ size: partial.have })), ...ready];
  const result = { project, root, trash: countOf(trashed), trashed, partials: countOf(left) };
  if (options.dryRun || disk.lstat(state) === undefined) return { ...result, removed: false };
  const writer = await thisWriter(disk, context.pid);
  const release = await holdRoot(disk, state, { writer, now: clock.now });
  try {
    await emptyTrash(disk, state);
    await sweepStore(disk, store, { writer, now: clock.now });
  } finally {
    await release();
  }
  return { ...result, removed: true };
}

function countOf(list: readonly { readonly size: number }[]): Count {
  return { files: list.length, bytes: list.reduce((sum, one) => sum + one.size, 0) };
}
