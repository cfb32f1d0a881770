import { type Answer, type Call, commonOf } from "./command.ts";

export async function sign(call: Call): Promise<Answer> {
  const { manifest, lock } = commonOf(call);
  const result = await call.library.signProject(call.context, { manifest, lock, key: call.flags.key });
  return { result: { command: "sign", ...result }, problems: [] };
}
