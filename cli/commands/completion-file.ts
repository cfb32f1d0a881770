import { dirname, join, resolve } from "node:path";
import type { Env } from "../context.ts";
import type { Disk } from "../disk/port.ts";
import { writeDocument } from "../disk/replace.ts";
import { onDisk } from "../disk/trouble.ts";
import { TritterError } from "../errors.ts";
import { safe } from "../report/safe.ts";
import { completionScript } from "./completion.ts";

interface Surroundings {
  readonly env: Env;
  readonly cwd: string;
  readonly disk: Disk;
}

/**
 * Writes the script where the shell looks for a user's own completions, and resolves to what is to be said of it. Equal bytes are left as
 * they are. Throws USAGE where there is no home, DISK_REFUSED, NO_SPACE.
 */
export async function installCompletion(shell: string, { env, cwd, disk }: Surroundings): Promise<string> {
  const { file, next } = placeOf(shell, env, cwd);
  await onDisk(`make the folder "${dirname(file)}"`, () => disk.mkdir(dirname(file)));
  const done = await writeDocument(disk, file, completionScript(shell));
  const what = done === "written" ? `wrote ${safe(file)}` : `${safe(file)} is right already`;
  return `${what}\nnext: ${safe(next)}\n`;
}

/** Where each looks: bash-completion(7) and its README, zshcompsys(1), fish(1) "Where to put completions". */
function placeOf(shell: string, env: Env, cwd: string): { readonly file: string; readonly next: string } {
  const own = (folder: string | undefined, ...fallback: string[]) =>
    set(folder) ?? join(homeOf(env), ...fallback);
  const next = "start a new shell, and press TAB after tritter";
  switch (shell) {
    case "bash": {
      // Newer ones take several, of which the first counts first.
      const [first] = (set(env.BASH_COMPLETION_USER_DIR) ?? "").split(":");
      const folder = set(first) ?? join(own(env.XDG_DATA_HOME, ".local", "share"), "bash-completion");
      return {
        file: resolve(cwd, folder, "completions", "tritter"),
        next: `${next} (it takes the package bash-completion, which reads that folder)`,
      };
    }
    case "zsh": {
      const folder = join(set(env.ZDOTDIR) ?? homeOf(env), ".zfunc");
      return {
        file: resolve(cwd, folder, "_tritter"),
        next: `let .zshrc have fpath+=(${folder}) before compinit, then ${next}`,
      };
    }
    case "fish":
      return {
        file: resolve(cwd, own(env.XDG_CONFIG_HOME, ".config"), "fish", "completions", "tritter.fish"),
        next,
      };
    default:
      throw new Error(`no place for "${shell}"`);
  }
}

function homeOf(env: Env): string {
  const home = set(env.HOME) ?? set(env.USERPROFILE);
  if (home !== undefined) return home;
  throw new TritterError({
    code: "USAGE",
    message: "cannot tell where the shell looks for completions: HOME is not set",
    hint: "set HOME, or print the script without --install and put it there",
  });
}

/** An empty variable counts as unset. */
function set(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}
