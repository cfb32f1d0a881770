import { type Git, runGit } from "./run.ts";

/** Merges as git merges any text, with its markers, into `ours`; false where that could not be done and nothing was written. */
export async function mergeText(
  git: Git,
  { base, ours, theirs }: { base: string; ours: string; theirs: string },
): Promise<boolean> {
  const labels = ["ours", "base", "theirs"].flatMap((label) => ["-L", label]);
  const { status } = await runGit(git, ["merge-file", ...labels, "--", ours, base, theirs]);
  // The number of conflicts, cut at 127; above that it failed.
  return status !== undefined && status < 128;
}
