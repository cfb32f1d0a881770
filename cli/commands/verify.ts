import { type Answer, type Call, commonOf } from "./command.ts";

export async function verify(call: Call): Promise<Answer> {
  const { manifest, lock } = commonOf(call);
  const { key, allowedSigners, signer } = call.flags;
  const options = { manifest, lock, key, allowedSigners, signer };
  const result = await call.library.verifyProject(call.context, options);
  return { result: { command: "verify", ...result }, problems: [] };
}
