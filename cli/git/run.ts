import { execFile } from "node:child_process";

/** Where git runs, and with what. */
export interface Git {
  /** The folder it is told to be in. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

export interface Ran {
  /** undefined: there is no git to run. */
  readonly status: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs git with these very arguments: no shell looks at them. Nothing git does or fails to do is thrown. */
export function runGit({ cwd, env, signal }: Git, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env, encoding: "buffer" as const, maxBuffer: LARGEST, windowsHide: true };
    const child = execFile("git", args, { ...options, signal }, (error, stdout, stderr) => {
      if (signal.aborted) return reject(signal.reason);
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : undefined;
      resolve({ status, stdout, stderr: stderr.toString("utf8").trim() });
    });
    child.stdin?.end();
  });
}

/** bytes: more than the largest lock. */
const LARGEST = 512 * 1024 * 1024;
