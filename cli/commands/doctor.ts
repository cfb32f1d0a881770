import { inCI } from "../report/terminal.ts";
import { type Answer, type Call, commonOf } from "./command.ts";

export async function doctor(call: Call): Promise<Answer> {
  const { context, library } = call;
  const result = await library.doctorProject(context, { ...commonOf(call), locked: inCI(context.env) });
  return { result: { command: "doctor", ...result }, problems: result.problems };
}
