import { type Answer, type Call, commonOf } from "./command.ts";

export async function update(call: Call): Promise<Answer> {
  const { dryRun = false, allowFallback = false, to } = call.flags;
  const options = { ...commonOf(call), dryRun, allowFallback, to };
  const result = await call.library.updateProject(call.context, options);
  return { result: { command: "update", dryRun, ...result }, problems: result.locked.problems };
}
