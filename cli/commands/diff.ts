import { type Answer, type Call, commonOf } from "./command.ts";

export async function diff(call: Call): Promise<Answer> {
  const { context, flags, library } = call;
  const result = await library.diffProject(context, { ...commonOf(call), from: [flags.from].flat()[0] });
  return { result: { command: "diff", patch: flags.patch === true, ...result }, problems: [] };
}
