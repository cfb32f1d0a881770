import { TritterError } from "../errors.ts";
import type { PageOutput } from "../project/report.ts";
import { type Answer, type Call, commonOf, type Streams } from "./command.ts";

export async function report(call: Call): Promise<Answer> {
  const { context, flags, library } = call;
  const terminal = flags.terminal === true;
  const result = await library.reportProject(context, {
    ...commonOf(call),
    disk: flags.disk !== false,
    upstream: flags.upstream === true,
    note: flags.note,
    output: outputOf(call),
  });
  return { result: { command: "report", terminal, ...result }, problems: [] };
}

/** Bars and the object are answers in themselves: with them a page is made only where it is said where. */
function outputOf({ flags, streams }: Call): PageOutput | undefined {
  const { output: file, terminal, json } = flags;
  if (file === undefined) return terminal === true || json === true ? undefined : { kind: "beside" };
  return file === "-" ? { kind: "stream", write: piped(streams) } : { kind: "file", file };
}

function piped(streams: Streams | undefined): Streams["output"] {
  if (streams !== undefined && !streams.showsOutput) return streams.output;
  throw new TritterError({
    code: "USAGE",
    message: "cannot write the report to a terminal: it is a page for a browser",
    hint: "name a file with --output, send it on, or draw it here with tritter report --terminal",
  });
}
