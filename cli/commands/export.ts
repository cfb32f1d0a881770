import { TritterError } from "../errors.ts";
import { EXPORTS } from "../export/formats.ts";
import { type Answer, type Call, commonOf } from "./command.ts";

export async function exportLock(call: Call): Promise<Answer> {
  const { context, library, flags, streams } = call;
  const { document: format, output } = flags;
  if (format === undefined) {
    throw new TritterError({
      code: "USAGE",
      message: "cannot export: no --format says which document",
      hint: `give one of ${EXPORTS.join(", ")}`,
    });
  }
  const to = (output ?? "-") === "-" ? streams?.output : output;
  if (to === undefined) {
    throw new TritterError({
      code: "USAGE",
      message: "cannot write a document: there is no standard output",
      hint: "give a file with --output",
    });
  }
  const result = await library.exportProject(context, { ...commonOf(call), format, to });
  return { result: { command: "export", ...result }, problems: [] };
}
