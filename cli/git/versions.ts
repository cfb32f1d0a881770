import { basename } from "node:path";
import { type Git, runGit } from "./run.ts";

export interface Stages {
  /** undefined: it was not there before both added it. */
  readonly base: string | undefined;
  readonly ours: string;
  readonly theirs: string;
}

/** Both sides of a merge that is not finished, as the index has them; undefined where there is none, or one side has no such file. */
export async function stagesOf(git: Git, file: string): Promise<Stages | undefined> {
  const [base, ours, theirs] = await Promise.all([":1", ":2", ":3"].map((stage) => readAt(git, stage, file)));
  return ours === undefined || theirs === undefined ? undefined : { base, ours, theirs };
}

/**
 * A file as git has it, those most likely wanted first, each content once: the sides and the base of a merge that is
 * not finished, what is being merged, picked, rebased or reverted, then the last commit and its parents. Nothing where
 * there is no git.
 */
export async function* versionsOf(git: Git, file: string): AsyncGenerator<string> {
  const seen = new Set<string>();
  for (const place of PLACES) {
    const id = await idAt(git, place, file);
    if (id === undefined || seen.has(id)) continue;
    seen.add(id);
    const text = await blob(git, id);
    if (text !== undefined) yield text;
  }
}

/** gitrevisions(7), before the colon; the first three are stages of the index: `:2:./tritter.lock`. */
const PLACES = [
  ":2",
  ":3",
  ":1",
  "HEAD",
  "MERGE_HEAD",
  "CHERRY_PICK_HEAD",
  "REBASE_HEAD",
  "REVERT_HEAD",
  "HEAD^1",
  "HEAD^2",
  "ORIG_HEAD",
];

async function readAt(git: Git, place: string, file: string): Promise<string | undefined> {
  const id = await idAt(git, place, file);
  return id === undefined ? undefined : blob(git, id);
}

async function idAt(git: Git, place: string, file: string): Promise<string | undefined> {
  const { status, stdout } = await runGit(git, [
    "rev-parse",
    "--verify",
    "--quiet",
    `${place}:./${basename(file)}`,
  ]);
  return status === 0 ? stdout.toString("utf8").trim() : undefined;
}

/** Its very bytes: `git show` would pass them through a textconv. */
async function blob(git: Git, id: string): Promise<string | undefined> {
  const { status, stdout } = await runGit(git, ["cat-file", "blob", id]);
  return status === 0 ? stdout.toString("utf8") : undefined;
}
