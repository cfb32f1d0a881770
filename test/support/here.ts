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
}

/** The whole program on a project's real files and real sockets, in this process: quicker than one of its own. */
export async function runHere(
  project: Project,
  args: readonly string[],
  { env = {}, now = Date.now() + DAY }: Here = {},
): Promise<Ran> {
  const started = Date.now();
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
  });
  return { status, stdout: stdout.text(), stderr: stderr.text() };
}
