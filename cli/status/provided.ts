import type { TreePath } from "../../schema/ids.ts";
import type { Context } from "../context.ts";
import type { PackedHead } from "../receipt/packed.ts";
import { readProvided } from "../receipt/provided.ts";
import { looker } from "../tree/look.ts";
import { stampOf } from "../tree/stamp.ts";

/** Files looked at before a signal to stop has its turn. */
const STEP = 1_024;

/** Do the Hub's own clients still find all that was recorded of these sources, in the cache that the environment names now? */
export async function areProvided(
  { disk, env, cwd, signal }: Context,
  { provided: digest, owner }: PackedHead,
  { root, state, sources }: { root: string; state: string; sources: ReadonlySet<string> },
): Promise<boolean> {
  if (digest === undefined) return true;
  const read = await readProvided(disk, state, owner);
  if (read?.digest !== digest) return false;
  const { cache, asked, rows, ...named } = read.record;
  if (cache !== null && asked !== null) {
    if (Object.entries(named.env).some(([name, value]) => (env[name] ?? null) !== value)) return false;
    if (named.cwd !== null && named.cwd !== cwd) return false;
    if ((await disk.realpath(asked)) !== cache) return false;
  }
  const looks = { tree: looker(disk, root), cache: looker(disk, cache ?? root) };
  for (const [index, [where, source, path, stamp]] of rows.entries()) {
    if (index % STEP === 0) await breath();
    signal.throwIfAborted();
    if (!sources.has(source)) continue;
    const sight = looks[where].look(path as TreePath);
    if (sight.kind === "nothing" || sight.kind === "blocked" || stampOf(sight.stat) !== stamp) return false;
  }
  return true;
}

function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
