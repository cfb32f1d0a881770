import { basename } from "node:path";
import { type Git, runGit } from "./run.ts";

/** One state of a file, and the commit that made it. */
export interface FileVersion<Told> {
  readonly commit: string;
  /** ISO 8601: when it was committed. */
  readonly date: string;
  /** First line of its message. */
  readonly subject: string;
  /** What was made of its text. */
  readonly told: Told;
}

export type FileHistory<Told> =
  | { readonly kind: "none"; readonly why: "no-git" | "no-repository" | "untracked" }
  /** The oldest first. `more`: there are older ones. */
  | { readonly kind: "known"; readonly versions: readonly FileVersion<Told>[]; readonly more: boolean };

export interface Reading<Told> {
  readonly most: { readonly versions: number; readonly bytes: number };
  /** No more than one text is held at once; undefined: that commit removed the file. */
  readonly tell: (text: string | undefined) => Told;
}

/**
 * What a file was on the line of first parents, so that a merge counts as one step. The newest come first, and reading ends
 * after `most.versions` of them or `most.bytes`.
 */
export async function historyOf<Told>(
  git: Git,
  file: string,
  { most, tell }: Reading<Told>,
): Promise<FileHistory<Told>> {
  const inside = await runGit(git, ["rev-parse", "--is-inside-work-tree"]);
  if (inside.status !== 0)
    return { kind: "none", why: inside.status === undefined ? "no-git" : "no-repository" };
  const name = basename(file);
  // A signature is no matter here, and to look at one is to run another program.
  const flags = [
    "--first-parent",
    "--no-show-signature",
    "--format=%H%x09%cI%x09%s",
    `-n${most.versions + 1}`,
  ];
  const { stdout } = await runGit(git, ["--literal-pathspecs", "log", ...flags, "--", name]);
  const lines = stdout
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
  if (lines.length === 0) return { kind: "none", why: "untracked" };
  const versions: FileVersion<Told>[] = [];
  let bytes = 0;
  for (const line of lines.slice(0, most.versions)) {
    const [commit = "", date = "", ...subject] = line.split("\t");
    const blob = await runGit(git, ["cat-file", "blob", `${commit}:./${name}`]);
    const text = blob.status === 0 ? blob.stdout.toString("utf8") : undefined;
    bytes += blob.stdout.length;
    if (bytes > most.bytes && versions.length > 0) break;
    versions.push({ commit, date, subject: subject.join("\t"), told: tell(text) });
  }
  return { kind: "known", versions: versions.reverse(), more: versions.length < lines.length };
}
