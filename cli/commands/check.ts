import { type Answer, type Call, commonOf, trustOf } from "./command.ts";

export async function check(call: Call): Promise<Answer> {
  const { context, flags, library } = call;
  const result = await library.checkProject(context, {
    ...commonOf(call),
    disk: flags.disk !== false,
    deep: flags.deep === true,
    upstream: flags.upstream === true,
    signature: trustOf(call),
  });
  return { result: { command: "check", ...result }, problems: result.problems };
}
