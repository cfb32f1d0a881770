import { type Answer, type Call, commonOf } from "./command.ts";

export async function adopt(call: Call): Promise<Answer> {
  const { context, flags, library, names } = call;
  const [folder = "", ...sources] = names;
  const plan = flags.plan === true;
  const options = { ...commonOf(call), names: sources, folder, plan, hardLinks: flags.hardLinks === true };
  const result = await library.adoptProject(context, options);
  return { result: { command: "adopt", dryRun: plan, ...result }, problems: result.problems };
}
