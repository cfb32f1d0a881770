import type { Answer, Call } from "./command.ts";

export async function gitTextconv({ context, library, names }: Call): Promise<Answer> {
  const read = await library.readForGit(context, { file: names[0] ?? "" });
  return { result: { command: "git-textconv", read }, problems: [] };
}
