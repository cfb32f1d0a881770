import { type Answer, type Call, commonOf } from "./command.ts";

export async function why(call: Call): Promise<Answer> {
  const [path = ""] = call.names;
  const result = await call.library.whyProject(call.context, { ...commonOf(call), names: [], path });
  return { result: { command: "why", ...result }, problems: [] };
}
