import type { Digest, TreePath } from "../schema/ids.ts";
import type { Lock } from "../schema/lock.ts";
import type { Manifest } from "../schema/manifest.ts";
import type { Context } from "./context.ts";
import { type GeneratedWant, type Want, wantsOf } from "./lock/wants.ts";
import { type Plan, plan } from "./plan.ts";
import type { Placement } from "./receipt/placement.ts";
import { placementsOf, placementsOfOthers, type Receipt, readReceipt } from "./receipt/receipt.ts";
import { type Inventory, type Proof, scan } from "./scan.ts";
import { resolveRoot, stateFolder } from "./status/root.ts";
import { partialBytes, type StoreView, viewStore } from "./store/store.ts";
import { parentOf } from "./tree/look.ts";

export interface SurveyInput {
  readonly manifest: Manifest;
  readonly lock: Lock;
  /** What describes it, as `describe` makes it. */
  readonly described: readonly GeneratedWant[];
  /** Sources; undefined: all, and what sources that are gone left behind. */
  readonly scope: ReadonlySet<string> | undefined;
  /** As it was just read; undefined: it is still to be read. */
  readonly receipt?: Receipt;
  readonly deep: boolean;
  readonly proof?: Proof | undefined;
  /** Files that cannot be looked at or read are left out of the plan: `unread` tells of them. Unset: the first one is thrown. */
  readonly tolerant?: boolean;
  readonly force: boolean;
  readonly prune: boolean;
}

/** How the disk stands to the lock, and what sync would do about it. Making one writes nothing. */
export interface Survey {
  /** Absolute, the root's own symlink resolved. */
  readonly root: string;
  /** `<root>/.tritter` */
  readonly state: string;
  /** Those of the lock in its order, then what describes it. */
  readonly wants: readonly Want[];
  readonly receipt: Receipt;
  readonly store: StoreView;
  readonly inventory: Inventory;
  readonly plan: Plan;
  /** ms */
  readonly scannedAt: number;
  digestsAt(path: TreePath): readonly Digest[];
}

export async function survey(context: Context, input: SurveyInput): Promise<Survey> {
  const { disk, clock, signal, emit } = context;
  const { manifest, scope } = input;
  const root = await resolveRoot(context, manifest.root);
  const state = stateFolder(context, root);
  const receipt = input.receipt ?? (await readReceipt(disk, state));
  const store = await viewStore(disk, { state, owner: manifest.owner, signal });
  const wants = [...wantsOf(input.lock), ...input.described];
  const placements = placementsOf(receipt, manifest.owner);
  const scannedAt = clock.now();
  const inScope = scope === undefined ? wants : wants.filter((want) => scope.has(want.source));
  const inventory = await scan({
    disk,
    root,
    wants: inScope,
    placements,
    scope,
    deep: input.deep,
    proof: input.proof,
    tolerant: input.tolerant,
    signal,
    emit,
    now: clock.now,
  });
  const known =
    inventory.unread.size === 0 ? { wants, mine: placements } : without(inventory, wants, placements);
  return {
    root,
    state,
    wants,
    receipt,
    store,
    inventory,
    scannedAt,
    plan: plan({
      ...known,
      scope,
      others: placementsOfOthers(receipt, manifest.owner),
      inventory,
      ready: new Set(store.ready.keys()),
      partial: partialBytes(store),
      force: input.force,
      prune: input.prune,
    }),
    digestsAt: (path) => {
      const found = inventory.found.get(path);
      return found?.kind === "file" ? found.digests : [];
    },
  };
}

/** Nothing is decided about what could not be read, or that has it in the way: neither that it differs, nor that it does not. */
function without(
  { found, unread }: Inventory,
  wants: readonly Want[],
  placements: ReadonlyMap<TreePath, Placement>,
): { wants: readonly Want[]; mine: ReadonlyMap<TreePath, Placement> } {
  const above = new Set<string>();
  for (const path of unread.keys())
    for (let folder = parentOf(path); folder !== "" && !above.has(folder); folder = parentOf(folder))
      above.add(folder);
  const isOpen = (path: TreePath): boolean => {
    const at = found.get(path);
    return unread.has(path) || above.has(path) || (at?.kind === "blocked" && unread.has(at.at));
  };
  return {
    wants: wants.filter(({ path }) => !isOpen(path)),
    mine: new Map([...placements].filter(([path]) => !unread.has(path))),
  };
}
