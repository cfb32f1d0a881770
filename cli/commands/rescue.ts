import { type Answer, type Call, commonOf } from "./command.ts";

export async function rescue(call: Call): Promise<Answer> {
  const dryRun = call.flags.dryRun === true;
  const from = [call.flags.from ?? []].flat();
  const result = await call.library.rescueProject(call.context, { ...commonOf(call), from, dryRun });
  return { result: { command: "rescue", dryRun, ...result }, problems: result.problems };
}
