import { join } from "node:path";
import { algorithmOf, type Digest, type Stamp, type TreePath } from "../../schema/ids.ts";
import type { Clock } from "../clock.ts";
import type { Disk } from "../disk/port.ts";
import { systemCode } from "../errors.ts";
import type { Want } from "../lock/wants.ts";
import type { Placement } from "../receipt/placement.ts";
import { type Hashers, openHashers } from "../store/hashers.ts";
import { looker, type Sight } from "../tree/look.ts";
import { isRacy, stampOf } from "../tree/stamp.ts";
import type { Standings } from "./metrics.ts";

/** What may be served of a file: `stamp` is that of the bytes known to be right. */
export type Standing =
  | { readonly kind: "right"; readonly stamp: Stamp }
  | { readonly kind: "missing" | "changed" };

/** What is known of the tree's files. A stamp stands for what was found under it; a new one is a question. */
export interface Ledger {
  /** From now on it is about this tree; what was read of the same root stays known. */
  turnTo(tree: Tree): void;
  /** Reads a file that no stamp vouches for, once, however many ask. Throws the system's own errors. */
  standing(want: Want): Promise<Standing>;
  /** Looks at all, and reads none. */
  survey(): Promise<Standings>;
  close(): Promise<void>;
}

export interface Tree {
  /** Absolute, the root's own symlink resolved. */
  readonly root: string;
  readonly wants: readonly Want[];
  readonly placements: ReadonlyMap<TreePath, Placement>;
}

interface World {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

type Sighting = Standing | { readonly kind: "open"; readonly stamp: Stamp };

export function openLedger({ disk, clock, signal }: World): Ledger {
  let tree: Tree = { root: "", wants: [], placements: new Map() };
  const read = new Map<TreePath, { stamp: Stamp; digest: Digest; right: boolean }>();
  const reading = new Map<string, Promise<Standing>>();
  let hashers: Hashers | undefined;

  const judge = (want: Want, sight: Sight): Sighting => {
    if (sight.kind !== "file") return { kind: sight.kind === "nothing" ? "missing" : "changed" };
    if (sight.stat.size !== want.size) return { kind: "changed" };
    const stamp = stampOf(sight.stat);
    if (isPlaced(tree.placements.get(want.path), stamp, want.digest)) return { kind: "right", stamp };
    const known = read.get(want.path);
    if (known?.stamp !== stamp || known.digest !== want.digest) return { kind: "open", stamp };
    return known.right ? { kind: "right", stamp } : { kind: "changed" };
  };

  const readOne = async ({ path, size, digest }: Want, before: Stamp): Promise<Standing> => {
    hashers ??= openHashers(disk, { files: 1, bytes: Number.POSITIVE_INFINITY, signal });
    const lookedAt = clock.now();
    const algorithms = new Set([algorithmOf(digest)]);
    try {
      const found = await hashers.hash({ path: join(tree.root, path), size, algorithms });
      const stamp = stampOf(found.stat);
      if (stamp !== before) return { kind: "changed" };
      const right = found.digests?.includes(digest) ?? false;
      if (!isRacy(stamp, lookedAt)) read.set(path, { stamp, digest, right });
      return right ? { kind: "right", stamp } : { kind: "changed" };
    } catch (error) {
      // Gone since it was looked at.
      if (systemCode(error) === "ENOENT") return { kind: "missing" };
      throw error;
    }
  };

  return {
    turnTo(next) {
      if (next.root !== tree.root) read.clear();
      tree = next;
    },
    async standing(want) {
      const found = judge(want, looker(disk, tree.root).look(want.path));
      if (found.kind !== "open") return found;
      const key = `${found.stamp} ${want.digest} ${want.path}`;
      const asked = reading.get(key) ?? readOne(want, found.stamp);
      reading.set(key, asked);
      return asked.finally(() => reading.delete(key));
    },
    async survey() {
      const look = looker(disk, tree.root);
      const counts = { right: 0, open: 0, missing: 0, changed: 0 };
      for (const [index, want] of tree.wants.entries()) {
        if (index % STEP === 0) await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
        counts[lookedAt(() => judge(want, look.look(want.path)))] += 1;
      }
      return { right: counts.right, unproved: counts.open, missing: counts.missing, changed: counts.changed };
    },
    close: async () => hashers?.close(),
  };
}

/** What cannot be looked at cannot be served: to those who ask it is missing. */
function lookedAt(look: () => Sighting): Sighting["kind"] {
  try {
    return look().kind;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return "missing";
  }
}

/** Files looked at before a request may have its turn. */
const STEP = 1_024;

function isPlaced(placement: Placement | undefined, stamp: Stamp, digest: Digest): boolean {
  if (placement === undefined || placement.doubt !== undefined || placement.intents.length > 0) return false;
  return placement.stamp === stamp && placement.digests.includes(digest);
}
