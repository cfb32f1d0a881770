import { type Answer, type Call, commonOf } from "./command.ts";

export async function update(call: Call): Promise<Answer> {
  const dryRun = call.flags.dryRun === true;
  const allowFallback = call.flags.allowFallback === true;
  const result = await call.library.updateProject(call.context, { ...commonOf(call), dryRun, allowFallback });
  return { result: { command: "update", dryRun, ...result }, problems: [] };
}
