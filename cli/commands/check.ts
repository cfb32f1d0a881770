import { type Answer, type Call, commonOf } from "./command.ts";

export async function check(call: Call): Promise<Answer> {
  const { context, flags, library } = call;
  const deep = flags.deep === true;
  const upstream = flags.upstream === true;
  const result = await library.checkProject(context, { ...commonOf(call), deep, upstream });
  return { result: { command: "check", ...result }, problems: result.problems };
}
