import { nodeDisk } from "../../cli/disk/node.ts";
import { run, systemClock } from "../../cli/start.ts";
import type { Project, Ran } from "./project.ts";
import { fakeTerminal } from "./world.ts";

/**
 * The same project, of which `run` and `runWith` call the program as a function, in this process: a twentieth of the
 * time that a process takes to start. For tests of what it does; how it starts, stops and is shipped is for others.
 */
export function called(project: Project): Project {
  const runWith: Project["runWith"] = (env, ...args) =>
    call(args, { cwd: project.folder, env: { ...project.env, ...env } });
  return { ...project, runWith, run: (...args) => runWith({}, ...args) };
}

let calls = 0;

async function call(
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Ran> {
  calls += 1;
  const [stdout, stderr] = [fakeTerminal(), fakeTerminal()];
  const status = await run(args, {
    env,
    cwd,
    stdout,
    stderr,
    signal: new AbortController().signal,
    clock: systemClock,
    disk: nodeDisk(),
    version: "0.0.0",
    // Of no process: what a run leaves, the next may take over.
    pid: 2 ** 22 + calls,
  });
  return { status, stdout: stdout.text(), stderr: stderr.text() };
}
