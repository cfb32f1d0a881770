import { TritterError } from "../errors.ts";
import { type Answer, type Call, commonOf } from "./command.ts";

export async function lock(call: Call): Promise<Answer> {
  const { context, library, flags } = call;
  if (flags.resolve !== undefined) return mend(call, flags.resolve);
  const fallback = flags.fallback !== false;
  const result = await library.lockProject(context, { ...commonOf(call), fallback });
  return { result: { command: "lock", dryRun: false, ...result }, problems: result.locked.problems };
}

async function mend(call: Call, side: NonNullable<Call["flags"]["resolve"]>): Promise<Answer> {
  const { names, ...common } = commonOf(call);
  if (names.length > 0) {
    throw new TritterError({
      code: "USAGE",
      message: "cannot resolve some sources only: --resolve takes no names",
      hint: `to mix the sides, take out the lines you do not want by hand, then run tritter lock --resolve ${side}`,
    });
  }
  const result = await call.library.mendLock(call.context, { ...common, side });
  return { result: { command: "resolve", ...result }, problems: [] };
}
