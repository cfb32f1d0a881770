import type { Answer, Call } from "./command.ts";

export async function init({ context, library, names, flags }: Call): Promise<Answer> {
  const { name, force, manifest, git } = flags;
  const result = await library.initProject(context, { dir: names[0] ?? ".", name, force, manifest, git });
  return { result: { command: "init", ...result }, problems: [] };
}
