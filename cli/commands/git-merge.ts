import type { Answer, Call } from "./command.ts";

/** Git asks by a status of its own: 0 for a clean merge, 1 for one with conflicts. What git prints elsewhere is a program's to read. */
export async function gitMerge({ context, library, names }: Call): Promise<Answer> {
  const [base = "", ours = "", theirs = "", path = "the lock"] = names;
  const { clean, notes } = await library.mergeForGit(context, { base, ours, theirs, path });
  for (const message of notes) context.emit({ kind: "note", message });
  return { result: { command: "git-merge", clean }, problems: [], exit: clean ? 0 : 1 };
}
