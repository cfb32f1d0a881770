import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Ran } from "./project.ts";
import { execute } from "./shell.ts";

/** OpenSSH's own program, in a folder. */
export interface SshKeygen {
  /** Makes `name` and `name.pub`; returns the public one. */
  make(name: string, type: string, ...more: string[]): Promise<string>;
  run(...args: string[]): Promise<Ran>;
  /** `-Y sign` of a file, into `file.sig`. */
  sign(key: string, file: string, namespace?: string): Promise<Ran>;
}

export function sshKeygen(folder: string): SshKeygen {
  const env = { PATH: process.env.PATH ?? "", HOME: folder, SSH_ASKPASS_REQUIRE: "never" };
  const run = (...args: string[]) => execute("ssh-keygen", args, { cwd: folder, env });
  return {
    run,
    make: async (name, type, ...more) => {
      await run("-q", "-t", type, "-N", "", "-C", name, ...more, "-f", name);
      return readFile(join(folder, `${name}.pub`), "utf8");
    },
    sign: (key, file, namespace = "tritter-lock") => run("-Y", "sign", "-n", namespace, "-f", key, file),
  };
}

/** Without it, there is nobody to agree with. */
export async function hasSshKeygen(): Promise<boolean> {
  // It has no flag that only asks for its version.
  const { stderr } = await execute("ssh-keygen", ["-Y"], { cwd: "/", env: { PATH: process.env.PATH ?? "" } });
  return /usage|option requires an argument/i.test(stderr);
}
