import { DEFAULT_JOBS } from "../project/quick.ts";
import type { SyncLimits } from "../project/sync.ts";
import { inCI } from "../report/terminal.ts";
import { type Answer, type Call, commonOf, trustOf } from "./command.ts";

export async function sync(call: Call): Promise<Answer> {
  const { context, flags, library } = call;
  const dryRun = flags.dryRun === true;
  const result = await library.syncProject(context, {
    ...commonOf(call),
    dryRun,
    locked: flags.locked === true || inCI(context.env),
    fallback: flags.fallback !== false,
    from: [flags.from ?? []].flat(),
    adopt: flags.adopt !== false,
    hardLinks: flags.hardLinks === true,
    deep: flags.deep === true,
    force: flags.force === true,
    prune: flags.prune === true,
    jobs: flags.jobs ?? DEFAULT_JOBS,
    limits: limitsOf(call),
    signature: trustOf(call),
  });
  return { result: { command: "sync", dryRun, ...result }, problems: result.problems };
}

function limitsOf({ context, flags: { limitRate = [], maxBytes, deadline } }: Call): SyncLimits {
  return {
    rate: limitRate.findLast(({ name }) => name === undefined)?.rate,
    rates: limitRate.flatMap(({ name, rate }) => (name === undefined ? [] : [{ name, rate }])),
    maxBytes,
    deadline: deadline?.kind === "after" ? context.clock.now() + deadline.ms : deadline?.time,
  };
}
