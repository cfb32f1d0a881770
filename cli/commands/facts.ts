import { type Answer, type Call, commonOf } from "./command.ts";

export async function facts(call: Call): Promise<Answer> {
  const { context, library, flags } = call;
  if (flags.count === true) {
    const { problems, ...counted } = await library.countFacts(context, commonOf(call));
    return { result: { command: "facts", ...counted }, problems };
  }
  const result = await library.factsProject(context, commonOf(call));
  return { result: { command: "facts", ...result }, problems: [] };
}
