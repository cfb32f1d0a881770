import { basename, join, resolve } from "node:path";
import type { Context } from "../context.ts";
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
    const text = renderTemplate({ name: options.name ?? nameOf(folder) });
    const beside = `${file}.new`;
    const handle = await disk.open(beside, "wx");
    await handle.append(Buffer.from(text)).finally(() => handle.close());
    await disk.rename(beside, file);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new TritterError(diskProblem(`write "${file}"`, error), error);
  }
  return { file };
}

function nameOf(folder: string): string {
  return (
    basename(folder)
      .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
      .replace(/^[^A-Za-z]+/, "") || "corpus"
  );
}
