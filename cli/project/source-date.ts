import type { Env } from "../context.ts";
import { TritterError } from "../errors.ts";

/** The time that SOURCE_DATE_EPOCH fixes; undefined: it is unset. https://reproducible-builds.org/specs/source-date-epoch/ Throws USAGE. */
export function sourceDate(env: Env): string | undefined {
  const text = env.SOURCE_DATE_EPOCH;
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,11}$/.test(text)) return new Date(Number(text) * 1_000).toISOString().replace(".000Z", "Z");
  throw new TritterError({
    code: "USAGE",
    message: `cannot use SOURCE_DATE_EPOCH: it is ${JSON.stringify(text)}, and should be seconds since 1970`,
    hint: "unset it, or export SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)",
  });
}
