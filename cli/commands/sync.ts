import { inCI } from "../report/terminal.ts";
import { type Answer, type Call, commonOf } from "./command.ts";

export const DEFAULT_JOBS = 16;

export async function sync(call: Call): Promise<Answer> {
  const { context, flags, library } = call;
  const dryRun = flags.dryRun === true;
  const result = await library.syncProject(context, {
    ...commonOf(call),
    dryRun,
    locked: flags.locked === true || inCI(context.env),
    fallback: flags.fallback !== false,
    force: flags.force === true,
    prune: flags.prune === true,
    jobs: flags.jobs ?? DEFAULT_JOBS,
  });
  return { result: { command: "sync", dryRun, ...result }, problems: result.problems };
}
