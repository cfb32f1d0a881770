import type { Answer, Call } from "./command.ts";

/** Named `importScript`, since `import` is a word of the language. */
export async function importScript({ context, library, names, flags }: Call): Promise<Answer> {
  const { to, endpoint } = flags;
  const dryRun = flags.dryRun === true;
  const result = await library.importProject(context, {
    from: names[0] ?? "",
    to,
    endpoint,
    offline: flags.offline === true,
    dryRun,
    force: flags.force === true,
  });
  return { result: { command: "import", dryRun, ...result }, problems: result.problems };
}
