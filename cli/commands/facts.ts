import { type Answer, type Call, commonOf } from "./command.ts";

export async function facts(call: Call): Promise<Answer> {
  const result = await call.library.factsProject(call.context, commonOf(call));
  return { result: { command: "facts", ...result }, problems: [] };
}
