import { execFile } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Ran } from "./project.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

export interface Where {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs a program; never throws for its status. */
export function execute(file: string, args: readonly string[], { cwd, env }: Where): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(file, args, { cwd, env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      const status = typeof error?.code === "number" ? error.code : error === null ? 0 : -1;
      resolve({ status, stdout, stderr });
    });
  });
}

/** As GitHub's runner runs `shell: bash`. */
export function bash(script: string, where: Where): Promise<Ran> {
  return execute("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], where);
}

/** Why a program cannot be used here; undefined: it can. */
export async function lacks(program: string): Promise<string | undefined> {
  const { status } = await execute(program, ["--version"], {
    cwd: "/",
    env: { PATH: process.env.PATH ?? "" },
  });
  return status === 0 ? undefined : `needs ${program}`;
}

export async function writeScript(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  await chmod(file, 0o755);
}

/** A command of that name which is the program as it is shipped. */
export function writeTritter(file: string): Promise<void> {
  return writeScript(file, `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
}

/** A git repository with these files committed, tagged `v0.1.0`. Paths that end in `!` may be run. */
export async function makeRepository(
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<(...args: string[]) => Promise<Ran>> {
  await mkdir(folder, { recursive: true });
  const identity = { GIT_AUTHOR_NAME: "t", GIT_AUTHOR_EMAIL: "t@localhost" };
  const env = {
    ...identity,
    GIT_COMMITTER_NAME: "t",
    GIT_COMMITTER_EMAIL: "t@localhost",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_SYSTEM: "/dev/null",
    HOME: folder,
    PATH: process.env.PATH ?? "",
  };
  const git = async (...args: string[]) => {
    const ran = await execute("git", args, { cwd: folder, env });
    if (ran.status !== 0) throw new Error(`git ${args.join(" ")}: ${ran.stderr}`);
    return ran;
  };
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path.replace(/!$/, ""));
    if (path.endsWith("!")) await writeScript(file, text);
    else {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  }
  await git("init", "--quiet", "--initial-branch", "main");
  await git("add", "--all", "--force");
  await git("commit", "--quiet", "--message", "first");
  await git("tag", "v0.1.0");
  return git;
}
