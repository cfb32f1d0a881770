import type { Answer, Call } from "./command.ts";

export async function init({ context, library, names, flags }: Call): Promise<Answer> {
  const { name, force } = flags;
  const result = await library.initProject(context, { dir: names[0] ?? ".", name, force });
  return { result: { command: "init", ...result }, problems: [] };
}
