import { type Answer, type Call, commonOf } from "./command.ts";

export async function list(call: Call): Promise<Answer> {
  const result = await call.library.listProject(call.context, commonOf(call));
  return { result: { command: "list", ...result }, problems: [] };
}
