import { TritterError } from "../errors.ts";
import { type Git, runGit } from "./run.ts";

/** Absolute; where the files of the work tree begin. Throws USAGE where there is none, or no git. */
export async function workTreeOf(git: Git): Promise<string> {
  const { status, stdout } = await runGit(git, ["rev-parse", "--show-toplevel"]);
  if (status === 0) return stdout.toString("utf8").replace(/\n$/, "");
  throw new TritterError({
    code: "USAGE",
    message: `cannot set up git for "${git.cwd}": ${status === undefined ? "there is no git to run" : "it is in no work tree of git"}`,
    hint: status === undefined ? "install git, or add its folder to PATH" : "run git init first",
  });
}

/** Sets what is not set so already, for this clone and its work trees. Answers with the commands it ran. */
export async function configure(
  git: Git,
  settings: readonly (readonly [key: string, value: string])[],
): Promise<readonly string[]> {
  const ran: string[] = [];
  for (const [key, value] of settings) {
    const now = await runGit(git, ["config", "--local", "--get-all", key]);
    if (now.status === 0 && now.stdout.toString("utf8") === `${value}\n`) continue;
    const { status, stderr } = await runGit(git, ["config", "--local", "--replace-all", key, value]);
    if (status !== 0) {
      throw new TritterError({
        code: "DISK_REFUSED",
        message: `cannot set ${key} in git's configuration: ${stderr || "git failed"}`,
        hint: "mend what git says, then run tritter init --git again",
      });
    }
    ran.push(`git config --local ${key} ${/^[\w.-]+$/.test(value) ? value : `"${value}"`}`);
  }
  return ran;
}

/** What gitattributes(5) say of a file, by name: `unspecified`, `set`, `unset` or a value. */
export async function attributesOf(
  git: Git,
  path: string,
  names: readonly string[],
): Promise<readonly string[]> {
  const { stdout } = await runGit(git, ["check-attr", "-z", ...names, "--", path]);
  // path NUL name NUL value NUL …
  const cells = stdout.toString("utf8").split("\0");
  return names.map((_, index) => cells[index * 3 + 2] ?? "unspecified");
}

/** Whether nothing below a folder would be added to a commit: it is ignored, or some of it is there already. */
export async function isSettled(git: Git, folder: string): Promise<boolean> {
  // What stands in a folder is ignored with it, whether or not the folder is there yet.
  const ignored = await runGit(git, ["check-ignore", "--quiet", "--", `${folder}/file`]);
  if (ignored.status === 0) return true;
  const tracked = await runGit(git, ["ls-files", "--", folder]);
  return tracked.stdout.length > 0;
}
