import { type Answer, type Call, commonOf } from "./command.ts";

export async function add(call: Call): Promise<Answer> {
  const { context, flags, library, names } = call;
  const { type, revision, include = [], exclude = [], path, strip, group = [] } = flags;
  const result = await library.addProject(context, {
    ...commonOf(call),
    spec: names[0] ?? "",
    type,
    revision,
    include,
    exclude,
    path,
    strip,
    groups: group,
    name: flags.as,
    dryRun: flags.dryRun === true,
    pin: flags.lock !== false,
  });
  return { result: { command: "add", dryRun: flags.dryRun === true, ...result }, problems: result.problems };
}
