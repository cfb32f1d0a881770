import { basename, join, resolve } from "node:path";
import { printable } from "../../schema/names.ts";
import type { Context } from "../context.ts";
import { replaceFile } from "../disk/replace.ts";
import { diskProblem } from "../disk/trouble.ts";
import { systemCode, TritterError } from "../errors.ts";
import { renderTemplate } from "../manifest/template.ts";

export interface InitOptions {
  /** Absolute, or relative to the working directory. */
  readonly dir: string;
  /** Of the manifest; default: the folder's. */
  readonly name?: string;
  /** Replace a manifest that is there. */
  readonly force?: boolean;
}

/** Writes a commented tritter.yaml. Throws USAGE where there is one already. */
export async function initProject({ disk, cwd }: Context, options: InitOptions): Promise<{ file: string }> {
  const folder = resolve(cwd, options.dir);
  const file = join(folder, "tritter.yaml");
  const name = options.name ?? nameOf(folder);
  if (!isName(name)) {
    throw new TritterError({
      code: "USAGE",
      message: `cannot name a manifest "${printable(name)}": should have 1 to ${LONGEST} characters, none of them a control character`,
      hint: "choose another --name",
    });
  }
  const there = disk.lstat(file) !== undefined;
  if (there && options.force !== true) {
    throw new TritterError({
      code: "USAGE",
      message: `cannot write "${file}": it exists`,
      hint: "edit it, or run tritter init --force to replace it",
    });
  }
  try {
    await disk.mkdir(folder);
    await replaceFile(disk, file, Buffer.from(renderTemplate({ name })));
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new TritterError(diskProblem(`write "${file}"`, error), error);
  }
  return { file };
}

/** As the manifest's schema has it. */
const LONGEST = 100;

function isName(name: string): boolean {
  return name !== "" && name.length <= LONGEST && !/[\u0000-\u001f\u007f-\u009f]/.test(name);
}

function nameOf(folder: string): string {
  return (
    basename(folder)
      .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
      .replace(/^[^A-Za-z]+/, "")
      .slice(0, LONGEST) || "corpus"
  );
}
