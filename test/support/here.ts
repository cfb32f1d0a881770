import { Readable } from "node:stream";
import { systemClock } from "../../cli/clock.ts";
import { nodeDisk } from "../../cli/disk/node.ts";
import { run } from "../../cli/run.ts";
import type { Project, Ran } from "./project.ts";
import { fakeTerminal } from "./world.ts";

const DAY = 86_400_000;

export interface Here {
  readonly env?: Readonly<Record<string, string>>;
  /** ms since the epoch; default: a day from now, so that no stamp is too young to be believed. */
  readonly now?: number;
  /** What comes through standard input. */
  readonly input?: Uint8Array;
}

/** The whole program on a project's real files and real sockets, in this process: quicker than one of its own. */
export async function runHere(
  project: Project,
  args: readonly string[],
  { env = {}, now = Date.now() + DAY, input = new Uint8Array(0) }: Here = {},
): Promise<Ran & { readonly output: Buffer }> {
  const started = Date.now();
  const output: Uint8Array[] = [];
  const stdout = fakeTerminal();
  const stderr = fakeTerminal();
  const status = await run(args, {
    env: { ...project.env, ...env },
    cwd: project.folder,
    stdout,
    stderr,
    signal: new AbortController().signal,
    clock: { ...systemClock, now: () => Date.now() + now - started },
    disk: nodeDisk(),
    version: "0.0.0",
    pid: process.pid,
    streams: {
      input: () => Readable.from(pieces(input)),
      output: async (bytes) => void output.push(Buffer.from(bytes)),
      showsOutput: false,
    },
  });
  return { output: Buffer.concat(output), status, stdout: stdout.text(), stderr: stderr.text() };
}

/** As a pipe hands them on: in lengths that are nobody's. */
function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 60_001) yield bytes.subarray(at, at + 60_001);
}
