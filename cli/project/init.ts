import { basename, dirname, extname, join, resolve } from "node:path";
import { printable } from "../../schema/names.ts";
import type { Context } from "../context.ts";
import type { Disk } from "../disk/port.ts";
import { replaceFile } from "../disk/replace.ts";
import { diskProblem } from "../disk/trouble.ts";
import { systemCode, TritterError } from "../errors.ts";
import { renderTemplate, SCHEMA_URL } from "../manifest/template.ts";
import { type GitSetup, requireWorkTree, setUpGit } from "./git-setup.ts";

export interface InitOptions {
  /** Absolute, or relative to the working directory. */
  readonly dir: string;
  /** In that folder; default: tritter.yaml. */
  readonly manifest?: string;
  /** Who owns the files; default: named after the folder, or after a manifest that is not tritter.yaml. */
  readonly name?: string;
  /** Replace a manifest that is there. */
  readonly force?: boolean;
  /** Also let git merge and show the lock by tritter; then a manifest that is there stays. */
  readonly git?: boolean;
}

export interface InitResult {
  /** The manifest; absolute. */
  readonly file: string;
  /** False where it was there, and only git was set up. */
  readonly wrote: boolean;
  readonly git: GitSetup | undefined;
}

/** Writes a commented manifest, and sets up git if asked. Throws USAGE where there is one already, or no git. */
export async function initProject(context: Context, options: InitOptions): Promise<InitResult> {
  const folder = resolve(context.cwd, options.dir);
  const file = resolve(folder, options.manifest ?? MANIFEST);
  const name = options.name ?? ownerNameFor(file);
  if (options.git === true) await requireWorkTree(context, dirname(file));
  const stays = options.git === true && options.name === undefined && options.force !== true;
  const wrote = !(stays && context.disk.lstat(file) !== undefined);
  if (wrote) await writeManifest(context, file, { name, force: options.force === true });
  return { file, wrote, git: options.git === true ? await setUpGit(context, file) : undefined };
}

const MANIFEST = "tritter.yaml";

async function writeManifest(
  { disk }: Context,
  file: string,
  { name, force }: { name: string; force: boolean },
): Promise<void> {
  if (!isName(name)) {
    throw new TritterError({
      code: "USAGE",
      message: `cannot name a manifest "${printable(name)}": should have 1 to ${LONGEST} characters, none of them a control character`,
      hint: "choose another --name",
    });
  }
  if (disk.lstat(file) !== undefined && !force) {
    throw new TritterError({
      code: "USAGE",
      message: `cannot write "${file}": it exists`,
      hint: "edit it, or run tritter init --force to replace it",
    });
  }
  try {
    await disk.mkdir(dirname(file));
    await replaceFile(
      disk,
      file,
      Buffer.from(renderTemplate({ name, schema: schemaFor(disk, dirname(file)) })),
    );
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new TritterError(diskProblem(`write "${file}"`, error), error);
  }
}

/** A file that works without a network, where one is beside the manifest or the package is installed there; else the address. */
export function schemaFor(disk: Disk, folder: string): string {
  const near = ["tritter.schema.json", "node_modules/tritter/schema/manifest.schema.json"];
  const found = near.find((path) => disk.lstat(join(folder, path))?.kind === "file");
  return found === undefined ? SCHEMA_URL : `./${found}`;
}

/** As the manifest's schema has it. */
const LONGEST = 100;

function isName(name: string): boolean {
  return name !== "" && name.length <= LONGEST && !/[\u0000-\u001f\u007f-\u009f]/.test(name);
}

/** Of a manifest that nobody named: after its folder, or after itself where it is not tritter.yaml. */
export function ownerNameFor(file: string): string {
  const named = basename(file) === MANIFEST ? basename(dirname(file)) : basename(file, extname(file));
  return (
    named
      .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
      .replace(/^[^A-Za-z]+/, "")
      .slice(0, LONGEST) || "corpus"
  );
}
