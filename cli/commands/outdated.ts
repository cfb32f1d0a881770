import type { Problem } from "../errors.ts";
import type { OutdatedResult } from "../project/outdated.ts";
import { type Answer, type Call, commonOf } from "./command.ts";

export async function outdated(call: Call): Promise<Answer> {
  const result = await call.library.outdatedProject(call.context, commonOf(call));
  const problems = [...result.problems, ...(call.flags.exitCode === true ? behind(result) : [])];
  return { result: { command: "outdated", ...result }, problems };
}

/** What `--exit-code` makes of sources that update would move. */
function behind({ sources }: OutdatedResult): readonly Problem[] {
  const names = sources.filter(({ state }) => state === "outdated").map(({ name }) => `"${name}"`);
  if (names.length === 0) return [];
  const message = `${names.join(", ")} ${names.length === 1 ? "is" : "are"} outdated`;
  return [{ code: "OUTDATED", message, hint: "run tritter update for what you want to move" }];
}
