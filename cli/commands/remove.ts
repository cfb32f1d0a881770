import { type Answer, type Call, commonOf } from "./command.ts";

export async function remove(call: Call): Promise<Answer> {
  const dryRun = call.flags.dryRun === true;
  const result = await call.library.removeProject(call.context, { ...commonOf(call), dryRun });
  return { result: { command: "remove", dryRun, ...result }, problems: result.problems };
}
