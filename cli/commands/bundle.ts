import { TritterError } from "../errors.ts";
import { DEFAULT_JOBS } from "../project/quick.ts";
import { type Answer, type Call, commonOf, type Streams, trustOf } from "./command.ts";

export async function bundle(call: Call): Promise<Answer> {
  const [action, place = "", ...names] = call.names;
  return action === "apply" ? apply(call, place, names) : create(call, place, names);
}

async function create(call: Call, place: string, names: readonly string[]): Promise<Answer> {
  const { context, library, flags } = call;
  if (flags.force === true) throw misplaced("--force", "apply");
  if (trustOf(call) !== undefined) throw misplaced("--require-signature", "apply");
  const to = place === PIPE ? outputOf(call.streams) : place;
  const options = { ...commonOf(call), names, to, since: flags.since };
  const result = await library.createBundle(context, options);
  return { result: { command: "bundle", action: "create", ...result }, problems: result.problems };
}

async function apply(call: Call, place: string, names: readonly string[]): Promise<Answer> {
  const { context, library, flags } = call;
  if (flags.since !== undefined) throw misplaced("--since", "create");
  const from = place === PIPE ? inputOf(call.streams) : place;
  const { manifest, lock } = commonOf(call);
  const force = flags.force === true;
  const options = { manifest, lock, names, from, force, jobs: DEFAULT_JOBS, signature: trustOf(call) };
  const result = await library.applyBundle(context, options);
  return { result: { command: "bundle", action: "apply", ...result }, problems: result.problems };
}

/** Stands for standard input and standard output. */
const PIPE = "-";

function outputOf(streams: Streams | undefined) {
  if (streams !== undefined && !streams.showsOutput) return streams.output;
  throw new TritterError({
    code: "USAGE",
    message: "cannot write a bundle to a terminal: it is a tar",
    hint: "give a file or a folder, or send it on: tritter bundle create - | ssh …",
  });
}

function inputOf(streams: Streams | undefined): AsyncIterable<Uint8Array> {
  if (streams !== undefined) return streams.input();
  throw new TritterError({
    code: "USAGE",
    message: "cannot read a bundle from here",
    hint: "give a file or a folder",
  });
}

function misplaced(option: string, action: string): TritterError {
  return new TritterError({
    code: "USAGE",
    message: `read command line: "${option}" is an option of tritter bundle ${action}`,
    hint: "see tritter bundle --help",
  });
}
