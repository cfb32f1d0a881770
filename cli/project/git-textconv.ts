import { resolve } from "node:path";
import type { Lock } from "../../schema/lock.ts";
import type { Context } from "../context.ts";
import { TritterError } from "../errors.ts";
import { parseLock, readLockText } from "../lock/read.ts";

export type ReadForGit =
  | { readonly kind: "lock"; readonly lock: Lock }
  /** It is no whole lock, as in a merge that is not finished. */
  | { readonly kind: "text"; readonly text: string };

/** A lock that git asks to see, whatever state it is in. */
export async function readForGit({ cwd, disk }: Context, { file }: { file: string }): Promise<ReadForGit> {
  const text = await readLockText({ file: resolve(cwd, file), disk });
  if (text === undefined) {
    throw new TritterError({
      code: "USAGE",
      message: `cannot read "${file}": there is no such file`,
      hint: "name a lock, as git does",
    });
  }
  try {
    return { kind: "lock", lock: parseLock(text, file).lock };
  } catch (error) {
    if (!(error instanceof TritterError)) throw error;
    return { kind: "text", text };
  }
}
