import { execFile, execFileSync } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Ran } from "./project.ts";
import { temporaryFolder } from "./trees.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

/** Where it is false, tests of git are skipped, and the run says so. */
export const hasGit = (() => {
  try {
    execFileSync("git", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** git as nobody has configured it, and a `tritter` on its PATH. */
export interface GitWorld {
  readonly env: Readonly<Record<string, string>>;
  /** Resolves whatever the status. */
  git(cwd: string, ...args: readonly string[]): Promise<Ran>;
  remove(): Promise<void>;
}

export async function gitWorld(): Promise<GitWorld> {
  const { path, remove } = await temporaryFolder();
  const program = join(path, "tritter");
  await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
  await chmod(program, 0o755);
  const who = { NAME: "a person", EMAIL: "person@example.org", DATE: "2026-11-01T00:00:00Z" };
  const env = {
    PATH: `${path}:${process.env.PATH ?? ""}`,
    HOME: path,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_EDITOR: "true",
    NO_COLOR: "1",
    ...Object.fromEntries(
      Object.entries(who).flatMap(([key, value]) => [
        [`GIT_AUTHOR_${key}`, value],
        [`GIT_COMMITTER_${key}`, value],
      ]),
    ),
  };
  return { env, git: (cwd, ...args) => runGit(cwd, { env, args }), remove };
}

function runGit(
  cwd: string,
  { env, args }: { env: Readonly<Record<string, string>>; args: readonly string[] },
): Promise<Ran> {
  return new Promise((resolve) => {
    execFile("git", args, { cwd, env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const status = typeof error?.code === "number" ? error.code : error === null ? 0 : -1;
      resolve({ status, stdout, stderr });
    });
  });
}
