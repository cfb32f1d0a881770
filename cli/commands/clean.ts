import { cleanLine } from "../report/outcome.ts";
import { type Answer, type Call, commonOf } from "./command.ts";

/** Looks first and says what it found, so that an interrupted or regretted clean was announced. */
export async function clean(call: Call): Promise<Answer> {
  const { context, flags, library } = call;
  const dryRun = flags.dryRun === true;
  const found = await library.cleanProject(context, { ...commonOf(call), dryRun: true });
  const idle = found.trash.files + found.partials.files === 0;
  if (dryRun || idle) return { result: { command: "clean", dryRun, ...found }, problems: [] };
  context.emit({ kind: "note", message: cleanLine(found, "removing") });
  const result = await library.cleanProject(context, { ...commonOf(call), dryRun: false });
  return { result: { command: "clean", dryRun, ...result }, problems: [] };
}
