import { type Answer, type Call, commonOf } from "./command.ts";

export async function lock(call: Call): Promise<Answer> {
  const fallback = call.flags.fallback !== false;
  const result = await call.library.lockProject(call.context, { ...commonOf(call), fallback });
  return { result: { command: "lock", dryRun: false, ...result }, problems: [] };
}
